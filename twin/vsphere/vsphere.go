// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"

	"livelab.dev/twin/vsphere/api"
	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/vcenter"
	"livelab.dev/twin/vsphere/view"
)

// Config says which data centre to serve.
type Config struct {
	// Dir holds the state: "esxi<number>/" for each host, "vcenter/" and "datastores/". Made when missing, mode 0700.
	Dir string
	// Hosts are the ESXi hosts, at least one.
	Hosts []host.Config
	// VCenter is the vCenter.
	VCenter vcenter.Config
	// TLS returns the server certificate for an address. Required.
	TLS func(netip.Addr) (*tls.Config, error)
	// Storage is how the hosts' software iSCSI adapters and VMFS reach the wire. Default: [RealStorage].
	Storage host.Storage
	// Backing runs the virtual machines. Without one they only exist in the inventory, as the simulator has them.
	Backing hypervisor.Backing
	// GuestAddress is the IPv4 address that a virtual adapter uses; false while it is not known. Default: never known.
	GuestAddress func(mac string) (ip string, ok bool)
	// GuestSocket is the unix socket of the network behind a port group; empty for one that leads nowhere. Default: all lead nowhere.
	GuestSocket func(portgroup string) string
	// BootTime is how long a host is away when it reboots. Default: 2 s.
	BootTime time.Duration
	// Logf logs one line. Default: no log.
	Logf func(format string, args ...any)
}

// HostConfig is one ESXi host as it left the installer.
type HostConfig = host.Config

// VCenterConfig is the vCenter.
type VCenterConfig = vcenter.Config

// Server is the running data centre. Make one with [New].
type Server struct {
	cfg     Config
	hosts   []*host.Host
	own     []*registry.Registry // the hosts', in the order of hosts
	vcenter *vcenter.VCenter
	manager *api.Machines // nil without a backing

	mu      sync.Mutex
	started bool
	unwatch context.CancelFunc
}

// New makes the data centre from its configuration and from what Dir holds of an earlier run. It does not listen yet.
func New(cfg Config) (*Server, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg}
	env := host.Env{
		Dir: cfg.Dir, Storage: cfg.Storage, GuestSocket: cfg.GuestSocket, BootTime: cfg.BootTime, Logf: cfg.Logf,
		Rescanned: func() { s.vcenter.RestoreMachines() },
	}
	for _, hc := range cfg.Hosts {
		h, err := host.New(hc, env)
		if err != nil {
			return nil, fmt.Errorf("host %d: %w", hc.Number, err)
		}
		s.hosts = append(s.hosts, h)
		s.serveHost(h, hc.Password)
	}
	if err := s.makeMachines(); err != nil {
		return nil, err
	}
	if err := s.makeVCenter(); err != nil {
		return nil, fmt.Errorf("vCenter: %w", err)
	}
	return s, nil
}

// serveHost makes a host's own endpoint.
func (s *Server) serveHost(h *host.Host, password string) {
	v := view.NewESX(h, api.HostObjects(nil))
	e := registry.NewEndpoint(h.Label(), v.Reg, "root", password, s.cfg.TLS)
	h.SetDoor(e)
	api.ServeHost(v, e, s.Hosts)
	v.Reg.Count(func(string) {})
	s.own = append(s.own, v.Reg)
}

// makeMachines makes the manager of the machines, when there is something that runs them, and has it serve the hosts' own endpoints.
func (s *Server) makeMachines() (err error) {
	if s.cfg.Backing == nil {
		return nil
	}
	s.manager, err = api.NewMachines(machines.Config{
		Backing: s.cfg.Backing, Dir: filepath.Join(s.cfg.Dir, "machines"), GuestAddress: s.cfg.GuestAddress, Logf: s.cfg.Logf,
	})
	if err != nil {
		return err
	}
	for i, reg := range s.own {
		s.manager.Serve(reg, func(ref types.ManagedObjectReference) machines.Host {
			if ref == esx.HostSystem.Self {
				return s.hosts[i]
			}
			return nil
		})
	}
	return nil
}

// makeVCenter makes the vCenter with the inventory that was saved.
func (s *Server) makeVCenter() error {
	vc := vcenter.New(s.cfg.VCenter, vcenter.Env{
		Dir: s.cfg.Dir, Hosts: s.hosts, TLS: s.cfg.TLS, Logf: s.cfg.Logf,
		Introduce: func(ref types.ManagedObjectReference) {
			// Who runs the machines gets to know one by the first call that is about it.
			_, _ = s.vcenter.Registry.Handler(s.vcenter.Registry.Context(), &simulator.Method{Name: "PowerOnVM_Task", This: ref})
		},
	})
	s.vcenter = vc
	vc.AnswerWith(api.HostObjects(vc))
	api.ServeVCenter(vc, s.Hosts)
	if s.manager != nil {
		s.manager.Serve(vc.Registry, func(ref types.ManagedObjectReference) machines.Host {
			if h := vc.HostAt(ref); h != nil {
				return h
			}
			return nil
		})
	}
	vc.Registry.Count(vc.SaveAfter)
	return vc.Restore()
}

// defaults fills what was left out and checks the rest.
func (c *Config) defaults() error {
	if len(c.Hosts) == 0 {
		return errors.New("vsphere: no hosts configured")
	}
	if c.TLS == nil {
		return errors.New("vsphere: no certificates: Config.TLS is nil")
	}
	if c.Dir == "" {
		return errors.New("vsphere: no state directory: Config.Dir is empty")
	}
	if err := os.MkdirAll(filepath.Join(c.Dir, "datastores"), 0o700); err != nil {
		return err
	}
	if c.Logf == nil {
		c.Logf = func(string, ...any) {}
	}
	if c.Storage == nil {
		c.Storage = host.RealStorage{}
	}
	if c.GuestSocket == nil {
		c.GuestSocket = func(string) string { return "" }
	}
	if c.BootTime == 0 {
		c.BootTime = 2 * time.Second
	}
	seen := map[int]bool{}
	for i := range c.Hosts {
		if err := c.Hosts[i].Defaults(); err != nil {
			return err
		}
		if seen[c.Hosts[i].Number] {
			return fmt.Errorf("vsphere: two hosts have the number %d", c.Hosts[i].Number)
		}
		seen[c.Hosts[i].Number] = true
	}
	return c.VCenter.Defaults()
}

// Start listens on every endpoint and connects the hosts to their storage again. It returns when all answer; ctx only limits
// the start. After an error nothing listens.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		return errors.New("vsphere: already started")
	}
	for _, h := range s.hosts {
		if err := h.Start(ctx); err != nil {
			return errors.Join(fmt.Errorf("host %d: %w", h.Cfg.Number, err), s.stop())
		}
	}
	if err := s.vcenter.Start(ctx); err != nil {
		return errors.Join(fmt.Errorf("vCenter: %w", err), s.stop())
	}
	watching, unwatch := context.WithCancel(context.Background())
	s.unwatch = unwatch
	go s.watchFreeSpace(watching)
	s.started = true
	return nil
}

// Close ends the virtual machines and stops listening. The state stays in Dir.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		s.unwatch()
		s.vcenter.Close()
	}
	s.started = false
	return s.stop()
}

func (s *Server) stop() error {
	var err error
	if s.manager != nil {
		err = s.manager.Close()
	}
	err = errors.Join(err, s.vcenter.Endpoint.Close())
	for _, h := range s.hosts {
		err = errors.Join(err, h.Close())
	}
	return err
}

// Hosts are the ESXi hosts in the order of the configuration.
func (s *Server) Hosts() []*host.Host { return s.hosts }

// Machines are the virtual machines that the backing runs.
func (s *Server) Machines() []machines.Machine {
	if s.manager == nil {
		return nil
	}
	return s.manager.Machines()
}

// VCenterAddr is where vCenter's SDK listens; valid after Start.
func (s *Server) VCenterAddr() netip.AddrPort { return s.vcenter.Endpoint.Addr() }

// Calls counts API calls since New, by endpoint ("esxi1", …, "vcenter") and method.
func (s *Server) Calls() map[string]map[string]int64 {
	calls := map[string]map[string]int64{"vcenter": s.vcenter.Registry.Calls.Snapshot()}
	for i, h := range s.hosts {
		calls[h.Label()] = s.own[i].Calls.Snapshot()
	}
	return calls
}
