// SPDX-License-Identifier: GPL-3.0-or-later

// Package host is an ESXi host: its own state and its rules, for network, storage, iSCSI and services. It knows the data objects of
// the vSphere API, of which its state is made, and nothing of its methods or of SOAP.
//
// A change is made on a copy of the state; only when the whole change is valid does the copy take the state's place, is written to
// disk and shown. So a refused change leaves no trace, and whoever reads sees either the old state or the new one.
package host

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/store"
)

// Host is one ESXi host: its configuration, what it sees of its storage, and who shows it.
//
// Readers take the current state and volumes without waiting. Changes are made one at a time.
type Host struct {
	Cfg   Config
	Env   Env
	About types.AboutInfo
	door  door

	current atomic.Pointer[State]
	Storage atomic.Pointer[StorageState]

	Mu    sync.Mutex // held by whoever changes the host
	logMu sync.Mutex // held by whoever reads or writes its log
	views atomic.Pointer[[]viewer]
}

// Env is what hosts have around them.
type Env struct {
	// Dir holds the state: "esxi<number>/" for each host, and "datastores/".
	Dir string
	// Storage is how the software iSCSI adapter and VMFS reach the wire.
	Storage Storage
	// GuestSocket is the unix socket of the network behind a port group; empty for one that leads nowhere.
	GuestSocket func(portgroup string) string
	// BootTime is how long a host is away when it reboots.
	BootTime time.Duration
	// Rescanned is called when a host has looked at its storage again.
	Rescanned func()
	// Logf logs one line.
	Logf func(format string, args ...any)
}

// door is where a host's SDK answers.
type door interface {
	Listen(ctx context.Context, at netip.AddrPort) error
	Close() error
	Addr() netip.AddrPort
	// Thumbprint is the SHA-1 of the certificate; empty before the door listens.
	Thumbprint() string
	// CertificatePEM is the certificate itself; nil before the door listens.
	CertificatePEM() []byte
}

// viewer shows a host's state somewhere.
type viewer interface {
	// Show brings what is shown up to date. The caller holds the host's lock.
	Show()
	// InVCenter tells vCenter from the host's own endpoint.
	InVCenter() bool
	// HostName is the host's name there.
	HostName() string
	Connected() bool
	// Lost and found tell vCenter that the host does not answer, and that it does again.
	Lost()
	Found()
}

// New makes a host of its configuration and of what an earlier run left of it. It has no door yet.
func New(hc Config, env Env) (*Host, error) {
	h := &Host{Cfg: hc, Env: env, About: hostAbout(hc.Version)}
	h.views.Store(&[]viewer{})
	st := freshState(hc)
	if _, err := store.Load(h.stateFile(), st); err != nil {
		return nil, err
	}
	st.boot()
	st.refresh()
	h.current.Store(st)
	h.Storage.Store(look(st, nil, []Mounted{st.localVolume()}))
	return h, nil
}

// SetDoor says where the host's SDK answers.
func (h *Host) SetDoor(d door) { h.door = d }

// AddView has the host shown by someone more. The caller holds the host's lock, or has not started it.
func (h *Host) AddView(v viewer) {
	views := append(slices.Clone(*h.views.Load()), v)
	h.views.Store(&views)
}

// DropView ends that. The caller holds the host's lock.
func (h *Host) DropView(v viewer) {
	views := slices.DeleteFunc(slices.Clone(*h.views.Load()), func(other viewer) bool { return other == v })
	h.views.Store(&views)
}

// ShownBy is who shows the host.
func (h *Host) ShownBy() []viewer { return *h.views.Load() }

// vcenterView is vCenter's, nil while it has none.
func (h *Host) vcenterView() viewer {
	for _, v := range h.ShownBy() {
		if v.InVCenter() {
			return v
		}
	}
	return nil
}

func (h *Host) Logf(format string, args ...any) { h.Env.Logf(format, args...) }

// Thumbprint is the SHA-1 of the certificate of the host's SDK; empty before it answers.
func (h *Host) Thumbprint() string {
	if h.door == nil {
		return ""
	}
	return h.door.Thumbprint()
}

// CertificatePEM is the certificate of the host's SDK; nil before it answers.
func (h *Host) CertificatePEM() []byte {
	if h.door == nil {
		return nil
	}
	return h.door.CertificatePEM()
}

func (h *Host) Label() string     { return fmt.Sprintf("esxi%d", h.Cfg.Number) }
func (h *Host) dir() string       { return filepath.Join(h.Env.Dir, h.Label()) }
func (h *Host) stateFile() string { return filepath.Join(h.dir(), "host.json") }

// Uuid is the BIOS UUID, the same whenever the host is made again.
func (h *Host) Uuid() string {
	return uuid.NewSHA1(uuid.NameSpaceDNS, fmt.Appendf(nil, "esxi%d.twin.livelab.dev", h.Cfg.Number)).String()
}

// Start brings the host up: the SDK answers on vmk0's address, and the storage is looked for again.
func (h *Host) Start(ctx context.Context) error {
	if err := h.door.Listen(ctx, h.sdkAddr(h.State())); err != nil {
		return err
	}
	if f := h.Rescan(ctx, ScanAll); f != nil {
		return f
	}
	return nil
}

// Close stops the SDK.
func (h *Host) Close() error { return h.door.Close() }

// sdkAddr is where the SDK listens: on the configured address until vmk0 got another.
func (h *Host) sdkAddr(s *State) netip.AddrPort {
	if nic := s.Vnic("vmk0"); nic != nil && nic.Spec.Ip != nil {
		if addr, err := netip.ParseAddr(nic.Spec.Ip.IpAddress); err == nil {
			return netip.AddrPortFrom(addr, h.SdkPort())
		}
	}
	return h.Cfg.Addr
}

// SdkPort is the configured port, or the one that was free when that is 0.
func (h *Host) SdkPort() uint16 {
	if bound := h.door.Addr(); bound.IsValid() {
		return bound.Port()
	}
	return h.Cfg.Addr.Port()
}

func (h *Host) State() *State { return h.current.Load() }

// Change makes a change to the host's configuration: on a copy, which takes the state's place when edit accepts it.
func (h *Host) Change(edit func(*State) *fault.Failure) *fault.Failure {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	return h.ChangeLocked(edit)
}

func (h *Host) ChangeLocked(edit func(*State) *fault.Failure) *fault.Failure {
	old := h.State()
	next := old.clone()
	if f := edit(next); f != nil {
		return f
	}
	if f := next.fitsMTU(old); f != nil {
		return f
	}
	if f := h.follow(old, next); f != nil {
		return f
	}
	if err := store.Save(h.stateFile(), next); err != nil {
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
func (h *Host) relabel(s *State) {
	storage := h.Storage.Load()
	volumes := slices.Clone(storage.Volumes)
	for i := range volumes {
		if volumes[i].Local {
			volumes[i] = s.localVolume()
		}
	}
	h.Storage.Store(look(s, storage.luns, volumes))
}

// follow moves the SDK to vmk0's new address, before anything else is done: an address that cannot be had would cut the host off.
func (h *Host) follow(old, next *State) *fault.Failure {
	from, to := h.sdkAddr(old), h.sdkAddr(next)
	if from == to || !h.door.Addr().IsValid() {
		return nil
	}
	if err := h.door.Listen(context.Background(), to); err != nil {
		return fault.HostConfig("vmk0 cannot have the address %s: %v", to.Addr(), err)
	}
	return nil
}

// publish shows the current state in every registry that knows the host.
func (h *Host) publish() {
	for _, v := range h.ShownBy() {
		v.Show()
	}
}

// Name is the host's name in vCenter, or its management address while it is in none.
func (h *Host) Name() string {
	if v := h.vcenterView(); v != nil {
		return v.HostName()
	}
	return h.sdkAddr(h.State()).Addr().String()
}

// Number is the host's number in the configuration.
func (h *Host) Number() int { return h.Cfg.Number }

// Addr is where the host's SDK listens; valid after Start.
func (h *Host) Addr() netip.AddrPort { return h.door.Addr() }

// HasPortGroup tells whether the host has a port group of that name.
func (h *Host) HasPortGroup(name string) bool { return h.State().portgroup(name) != nil }

// VMotionAddress is the address of the VMkernel adapter that carries vMotion; false when none does.
func (h *Host) VMotionAddress() (netip.Addr, bool) {
	s := h.State()
	for _, device := range s.Carriers(NicVMotion) {
		if nic := s.Vnic(device); nic != nil && nic.Spec.Ip != nil {
			if addr, err := netip.ParseAddr(nic.Spec.Ip.IpAddress); err == nil {
				return addr, true
			}
		}
	}
	return netip.Addr{}, false
}

// InMaintenance tells whether the host is in maintenance mode.
func (h *Host) InMaintenance() bool { return h.State().Maintenance }

// Connected tells whether vCenter has a connection to the host; false for a host that is in no vCenter.
func (h *Host) Connected() bool {
	v := h.vcenterView()
	return v != nil && v.Connected()
}

// MemoryMB is the host's memory in MiB.
func (h *Host) MemoryMB() int64 { return h.Cfg.MemoryMB }

// CPUMhz is the host's processing power: clock times cores, in MHz.
func (h *Host) CPUMhz() int { return h.Cfg.MHz * h.Cfg.CPUs }

// NetworkSocket is the unix socket of the network behind a port group; empty for one that leads nowhere.
func (h *Host) NetworkSocket(portgroup string) string { return h.Env.GuestSocket(portgroup) }
