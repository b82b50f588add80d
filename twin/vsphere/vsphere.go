// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"livelab.dev/twin/hypervisor"
	"livelab.dev/twin/vsphere/machines"
)

// Config says which data centre to serve.
type Config struct {
	// Dir holds the state: "esxi<number>/" for each host, "vcenter/" and "datastores/". Made when missing, mode 0700.
	Dir string
	// Hosts are the ESXi hosts, at least one.
	Hosts []HostConfig
	// VCenter is the vCenter.
	VCenter VCenterConfig
	// TLS returns the server certificate for an address. Required.
	TLS func(netip.Addr) (*tls.Config, error)
	// Storage is how the hosts' software iSCSI adapters and VMFS reach the wire. Default: [RealStorage].
	Storage Storage
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
type HostConfig struct {
	// Number tells hosts apart (1, 2, …); it is in their MAC addresses, IQN and UUID.
	Number int
	// Name is the host name, with or without a domain. Default: "localhost.localdomain", as on a fresh installation.
	Name string
	// Addr is where the SDK listens; its address is vmk0's. Port 0 takes a free one (tests).
	Addr netip.AddrPort
	// Netmask of vmk0. Default: 255.255.255.0.
	Netmask string
	// Gateway is the default gateway. Default: the first address of the network.
	Gateway string
	// Password is root's. Required.
	Password string
	// Version is the ESXi version, such as "6.0.0". Default: [DefaultVersion].
	Version string
	// MemoryMB is the memory in MiB. Default: 8192.
	MemoryMB int64
	// CPUs is the number of cores, one a package. Default: 2.
	CPUs int
	// MHz is the clock of a core. Default: 2400.
	MHz int
	// NICs is the number of physical adapters, vmnic0 upwards. Default: 2.
	NICs int
}

// VCenterConfig is the vCenter.
type VCenterConfig struct {
	// Addr is where the SDK listens. Port 0 takes a free one (tests).
	Addr netip.AddrPort
	// User may log in. Default: administrator@vsphere.local.
	User string
	// Password is the user's. Required.
	Password string
	// Version is the vCenter version. Default: [DefaultVersion].
	Version string
}

// DefaultVersion is the product version of hosts and vCenter when the configuration names none.
const DefaultVersion = "8.0.3"

// Server is the running data centre. Make one with [New].
type Server struct {
	cfg     Config
	hosts   []*Host
	vcenter *vcenter
	manager *machines.Manager // nil without a backing

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
	for _, hc := range cfg.Hosts {
		h, err := newHost(s, hc)
		if err != nil {
			return nil, fmt.Errorf("host %d: %w", hc.Number, err)
		}
		s.hosts = append(s.hosts, h)
	}
	if cfg.Backing != nil {
		manager, err := machines.New(machines.Config{
			Backing: cfg.Backing, Dir: filepath.Join(cfg.Dir, "machines"), GuestAddress: cfg.GuestAddress, Logf: cfg.Logf,
		})
		if err != nil {
			return nil, err
		}
		s.manager = manager
	}
	vc, err := newVCenter(s, cfg.VCenter)
	if err != nil {
		return nil, fmt.Errorf("vCenter: %w", err)
	}
	s.vcenter = vc
	if err := vc.restore(); err != nil {
		return nil, fmt.Errorf("vCenter: %w", err)
	}
	return s, nil
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
		c.Storage = RealStorage{}
	}
	if c.GuestSocket == nil {
		c.GuestSocket = func(string) string { return "" }
	}
	if c.BootTime == 0 {
		c.BootTime = 2 * time.Second
	}
	seen := map[int]bool{}
	for i := range c.Hosts {
		if err := c.Hosts[i].defaults(); err != nil {
			return err
		}
		if seen[c.Hosts[i].Number] {
			return fmt.Errorf("vsphere: two hosts have the number %d", c.Hosts[i].Number)
		}
		seen[c.Hosts[i].Number] = true
	}
	return c.VCenter.defaults()
}

func (c *HostConfig) defaults() error {
	if c.Password == "" {
		return fmt.Errorf("vsphere: host %d has no password", c.Number)
	}
	if !c.Addr.Addr().Is4() {
		return fmt.Errorf("vsphere: host %d: %s is not an IPv4 address and port", c.Number, c.Addr)
	}
	c.Name = cmp.Or(c.Name, "localhost.localdomain")
	c.Netmask = cmp.Or(c.Netmask, "255.255.255.0")
	if c.Gateway == "" {
		ip := c.Addr.Addr().As4()
		ip[3] = 1
		c.Gateway = netip.AddrFrom4(ip).String()
	}
	c.Version = cmp.Or(c.Version, DefaultVersion)
	c.MemoryMB = cmp.Or(c.MemoryMB, 8192)
	c.CPUs = cmp.Or(c.CPUs, 2)
	c.MHz = cmp.Or(c.MHz, 2400)
	c.NICs = cmp.Or(c.NICs, 2)
	return nil
}

func (c *VCenterConfig) defaults() error {
	if c.Password == "" {
		return errors.New("vsphere: vCenter has no password")
	}
	c.User = cmp.Or(c.User, "administrator@vsphere.local")
	c.Version = cmp.Or(c.Version, DefaultVersion)
	return nil
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
		if err := h.start(ctx); err != nil {
			s.stop()
			return fmt.Errorf("host %d: %w", h.cfg.Number, err)
		}
	}
	if err := s.vcenter.start(ctx); err != nil {
		s.stop()
		return fmt.Errorf("vCenter: %w", err)
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
		s.vcenter.close()
	}
	s.started = false
	return s.stop()
}

func (s *Server) stop() error {
	var err error
	if s.manager != nil {
		err = s.manager.Close()
	}
	err = errors.Join(err, s.vcenter.endpoint.close())
	for _, h := range s.hosts {
		err = errors.Join(err, h.endpoint.close())
	}
	return err
}

// Hosts are the ESXi hosts in the order of the configuration.
func (s *Server) Hosts() []*Host { return s.hosts }

// Machines are the virtual machines that the backing runs.
func (s *Server) Machines() []machines.Machine {
	if s.manager == nil {
		return nil
	}
	return s.manager.Machines()
}

// VCenterAddr is where vCenter's SDK listens; valid after Start.
func (s *Server) VCenterAddr() netip.AddrPort { return s.vcenter.endpoint.addr() }

// Calls counts API calls since New, by endpoint ("esxi1", …, "vcenter") and method.
func (s *Server) Calls() map[string]map[string]int64 {
	calls := map[string]map[string]int64{"vcenter": s.vcenter.registry.calls.snapshot()}
	for _, h := range s.hosts {
		calls[h.label()] = h.registry.calls.snapshot()
	}
	return calls
}

func (s *Server) logf(format string, args ...any) { s.cfg.Logf(format, args...) }
