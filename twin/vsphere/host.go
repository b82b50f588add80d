// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// Host is one ESXi host: its configuration, what it sees of its storage, and the registries it is shown in.
//
// Readers take the current state and volumes without waiting. Changes are made one at a time.
type Host struct {
	server   *Server
	cfg      HostConfig
	about    types.AboutInfo
	registry *registry
	endpoint *endpoint

	current atomic.Pointer[state]
	storage atomic.Pointer[storageState]

	mu    sync.Mutex // held by whoever changes the host
	views []*view
}

func newHost(s *Server, hc HostConfig) (*Host, error) {
	h := &Host{server: s, cfg: hc, about: hostAbout(hc.Version)}
	st := freshState(hc)
	if _, err := load(h.stateFile(), st); err != nil {
		return nil, err
	}
	st.boot()
	st.refresh()
	h.current.Store(st)
	h.storage.Store(look(st, nil, []mounted{st.localVolume()}))
	h.registry = newESXRegistry(h)
	h.endpoint = newEndpoint(h.label(), h.registry, rootUser, hc.Password, &s.cfg)
	h.registry.seal(func(string) {})
	return h, nil
}

const rootUser = "root"

func (h *Host) label() string     { return fmt.Sprintf("esxi%d", h.cfg.Number) }
func (h *Host) dir() string       { return filepath.Join(h.server.cfg.Dir, h.label()) }
func (h *Host) stateFile() string { return filepath.Join(h.dir(), "host.json") }

// uuid is the BIOS UUID, the same whenever the host is made again.
func (h *Host) uuid() string {
	return uuid.NewSHA1(uuid.NameSpaceDNS, fmt.Appendf(nil, "esxi%d.twin.livelab.dev", h.cfg.Number)).String()
}

// start brings the host up: the SDK answers on vmk0's address, and the storage is looked for again.
func (h *Host) start(ctx context.Context) error {
	if err := h.endpoint.listen(ctx, h.sdkAddr(h.state())); err != nil {
		return err
	}
	if f := h.rescan(ctx, scanAll); f != nil {
		return f
	}
	return nil
}

// sdkAddr is where the SDK listens: on the configured address until vmk0 got another.
func (h *Host) sdkAddr(s *state) netip.AddrPort {
	if nic := s.vnic("vmk0"); nic != nil && nic.Spec.Ip != nil {
		if addr, err := netip.ParseAddr(nic.Spec.Ip.IpAddress); err == nil {
			return netip.AddrPortFrom(addr, h.sdkPort())
		}
	}
	return h.cfg.Addr
}

// sdkPort is the configured port, or the one that was free when that is 0.
func (h *Host) sdkPort() uint16 {
	if bound := h.endpoint.addr(); bound.IsValid() {
		return bound.Port()
	}
	return h.cfg.Addr.Port()
}

func (h *Host) state() *state { return h.current.Load() }

// change makes a change to the host's configuration: on a copy, which takes the state's place when edit accepts it.
func (h *Host) change(edit func(*state) *fault.Failure) *fault.Failure {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changeLocked(edit)
}

func (h *Host) changeLocked(edit func(*state) *fault.Failure) *fault.Failure {
	old := h.state()
	next := old.clone()
	if f := edit(next); f != nil {
		return f
	}
	if f := h.follow(old, next); f != nil {
		return f
	}
	if err := save(h.stateFile(), next); err != nil {
		return fault.HostConfig("The configuration cannot be saved: %v", err)
	}
	h.current.Store(next)
	if next.Local != old.Local {
		h.relabel(next)
	}
	h.publish()
	return nil
}

// relabel shows the local volume by its new name.
func (h *Host) relabel(s *state) {
	storage := h.storage.Load()
	volumes := slices.Clone(storage.volumes)
	for i := range volumes {
		if volumes[i].local {
			volumes[i] = s.localVolume()
		}
	}
	h.storage.Store(look(s, storage.luns, volumes))
}

// follow moves the SDK to vmk0's new address, before anything else is done: an address that cannot be had would cut the host off.
func (h *Host) follow(old, next *state) *fault.Failure {
	from, to := h.sdkAddr(old), h.sdkAddr(next)
	if from == to || !h.endpoint.addr().IsValid() {
		return nil
	}
	if err := h.endpoint.listen(context.Background(), to); err != nil {
		return fault.HostConfig("vmk0 cannot have the address %s: %v", to.Addr(), err)
	}
	return nil
}

// publish shows the current state in every registry that knows the host.
func (h *Host) publish() {
	for _, v := range h.views {
		v.show()
	}
}

// viewsNow are the views that there are at the moment.
func (h *Host) viewsNow() []*view {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.views)
}

// Name is the host's name in vCenter, or its management address while it is in none.
func (h *Host) Name() string {
	if v := h.server.vcenter.viewOf(h); v != nil {
		return v.name
	}
	return h.sdkAddr(h.state()).Addr().String()
}

// Number is the host's number in the configuration.
func (h *Host) Number() int { return h.cfg.Number }

// Addr is where the host's SDK listens; valid after Start.
func (h *Host) Addr() netip.AddrPort { return h.endpoint.addr() }

// HasPortGroup tells whether the host has a port group of that name.
func (h *Host) HasPortGroup(name string) bool { return h.state().portgroup(name) != nil }

// VMotionAddress is the address of the VMkernel adapter that carries vMotion; false when none does.
func (h *Host) VMotionAddress() (netip.Addr, bool) {
	s := h.state()
	for _, device := range s.selected(nicVMotion) {
		if nic := s.vnic(device); nic != nil && nic.Spec.Ip != nil {
			if addr, err := netip.ParseAddr(nic.Spec.Ip.IpAddress); err == nil {
				return addr, true
			}
		}
	}
	return netip.Addr{}, false
}

// InMaintenance tells whether the host is in maintenance mode.
func (h *Host) InMaintenance() bool { return h.state().Maintenance }

// Connected tells whether vCenter has a connection to the host; false for a host that is in no vCenter.
func (h *Host) Connected() bool {
	v := h.server.vcenter.viewOf(h)
	return v != nil && v.connected()
}

// MemoryMB is the host's memory in MiB.
func (h *Host) MemoryMB() int64 { return h.cfg.MemoryMB }

// CPUMhz is the host's processing power: clock times cores, in MHz.
func (h *Host) CPUMhz() int { return h.cfg.MHz * h.cfg.CPUs }

// NetworkSocket is the unix socket of the network behind a port group; empty for one that leads nowhere.
func (h *Host) NetworkSocket(portgroup string) string { return h.server.cfg.GuestSocket(portgroup) }
