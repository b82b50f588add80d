// SPDX-License-Identifier: GPL-3.0-or-later

// Package nas is a network storage server with the interfaces of FreeNAS and TrueNAS, as the version that it is told to
// be has them: the API over HTTPS in up to three dialects, and iSCSI. What it is and does is in package model.
package nas

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync"

	"livelab.dev/twin/nas/installer"
	"livelab.dev/twin/nas/model"
	"livelab.dev/twin/nas/versions"
)

// GiB is 2^30 bytes.
const GiB = model.GiB

// Disk is a physical disk of the NAS.
type Disk = model.Disk

// Config says what a NAS is to be.
type Config struct {
	Dir     string // where its state and its zvols are kept; made when missing, without commas in its path
	RunDir  string // for sockets; made when empty, away from Dir when that path is too long for a socket
	Version string // "9.3.0" to "26.0"; default versions.Default
	Listen  string // host:port of the API
	// Portals are host:port addresses on which the NAS may serve iSCSI. Their hosts and Listen's are its own addresses,
	// each on an adapter of its own; the portals themselves are made by the API.
	Portals  []string
	DHCP     bool   // those addresses come from DHCP and are not configured yet
	Username string // default "root"
	Password string
	APIKey   string // the first API key, "1-…"; empty for none
	OTP      string // a secret in base32: logging in takes two factors
	Hostname string // default "freenas.local" or "truenas.local"
	Disks    []Disk // default: one of 32 GiB for the system and two for pools
	TLS      *tls.Config
	// Installer is a host:port: unless the NAS was installed there already, it is a machine with the installer running on
	// that port, and nothing else. Username and Password are then those that the installation chooses. Empty: installed.
	Installer string
	Logf      func(format string, args ...any) // default: nowhere
}

// Server is a NAS.
type Server struct {
	cfg     Config
	version *versions.Version

	mu        sync.Mutex // guards what follows: an installation replaces it
	nas       *model.NAS // nil while nothing is installed
	door      *door
	installer *installer.Installer
	closed    bool
}

// New prepares a NAS from what Dir holds, or a newly installed one. It opens no port; Start does.
func New(cfg Config) (*Server, error) {
	version, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, version: version}
	system := installation{Username: cfg.Username, Password: model.HashPassword(cfg.Password)}
	if system.Listen, system.Ports, err = cfg.ports(version); err != nil {
		return nil, err
	}
	if cfg.Installer != "" {
		if version.Installer == "" {
			return nil, fmt.Errorf("nas: the installer of version %s cannot be used over the network; that of 24.10 and later can", version.Name)
		}
		if found, err := system.load(cfg.Dir); err != nil || !found {
			return s, err
		}
	}
	return s, s.prepare(system)
}

// prepare makes the NAS that was installed.
func (s *Server) prepare(system installation) error {
	door := &door{port: system.Listen.Port(), tls: s.cfg.TLS, logf: s.cfg.Logf}
	nas, err := model.New(model.Config{
		Dir: s.cfg.Dir, RunDir: s.cfg.RunDir, Version: s.version, Username: system.Username, Password: system.Password, APIKey: s.cfg.APIKey,
		OTP: s.cfg.OTP, Hostname: s.cfg.Hostname, Disks: system.disks(s.cfg.Disks), Ports: system.Ports, Moved: door.move, Logf: s.cfg.Logf,
	})
	if err != nil {
		return err
	}
	door.handler = handler(s.version, nas, s.cfg.Logf)
	s.nas, s.door = nas, door
	return nil
}

// complete fills in the defaults.
func (cfg *Config) complete() (*versions.Version, error) {
	if cfg.Logf == nil {
		cfg.Logf = func(string, ...any) {}
	}
	if cfg.Version == "" {
		cfg.Version = versions.Default
	}
	version, err := versions.Lookup(cfg.Version)
	if err != nil {
		return nil, fmt.Errorf("nas: %w", err)
	}
	if cfg.Username == "" {
		cfg.Username = "root"
	}
	if cfg.Hostname == "" {
		cfg.Hostname = "freenas.local"
		if version.Linux {
			cfg.Hostname = "truenas.local"
		}
	}
	if cfg.Disks == nil {
		for i := range 3 {
			cfg.Disks = append(cfg.Disks, Disk{Size: 32 * GiB, System: i == 0})
		}
	}
	cfg.Disks = nameDisks(version, cfg.Disks)
	if cfg.Password == "" || cfg.TLS == nil {
		return nil, errors.New("nas: a password and a TLS configuration are required")
	}
	cfg.Dir, err = filepath.Abs(cfg.Dir)
	return version, err
}

// nameDisks gives names and serial numbers to the disks that have none: da0 on FreeBSD, sda on Linux.
func nameDisks(v *versions.Version, disks []Disk) []Disk {
	named := make([]Disk, len(disks))
	for i, d := range disks {
		if d.Name == "" {
			d.Name = fmt.Sprintf("da%d", i)
			if v.Linux {
				d.Name = "sd" + string(rune('a'+i))
			}
		}
		if d.Serial == "" {
			d.Serial = fmt.Sprintf("LAB%05d", i)
		}
		named[i] = d
	}
	return named
}

// adapters are the names of the network adapters, in their order.
func adapters(v *versions.Version, i int) string {
	if v.Linux {
		return fmt.Sprintf("ens%d", 33+i)
	}
	return fmt.Sprintf("em%d", i)
}

// prefixLen is the length of the lab's networks.
const prefixLen = 24

// ports are the NAS's network adapters: one for each of its addresses.
func (cfg *Config) ports(v *versions.Version) (netip.AddrPort, []model.Port, error) {
	var listen netip.AddrPort
	var ports []model.Port
	seen := map[netip.Addr]bool{}
	for i, address := range append([]string{cfg.Listen}, cfg.Portals...) {
		a, err := netip.ParseAddrPort(address)
		if err != nil {
			return listen, nil, fmt.Errorf("nas: address %q is not an IP address and a port: %w", address, err)
		}
		if i == 0 {
			listen = a
		}
		if !seen[a.Addr()] {
			ports = append(ports, model.Port{Name: adapters(v, len(ports)), Address: netip.PrefixFrom(a.Addr(), prefixLen), DHCP: cfg.DHCP})
			seen[a.Addr()] = true
		}
	}
	return listen, ports, nil
}

// Start opens the API and, where its service is set to start automatically, iSCSI; or the installer where nothing is
// installed. The NAS runs until Close or until ctx ends.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := s.start
	if s.nas == nil {
		start = s.startInstaller
	}
	if err := start(); err != nil {
		return errors.Join(err, s.close())
	}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return nil
}

func (s *Server) start() error {
	if err := s.door.move(s.nas.Addresses()); err != nil {
		return fmt.Errorf("nas: API: %w", err)
	}
	return s.nas.StartServices()
}

// Close ends the API, iSCSI and tgtd. The state stays on disk. Closing twice does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return s.close()
}

func (s *Server) close() error {
	var err error
	if s.installer != nil {
		err = s.installer.Close()
	}
	if s.nas != nil {
		err = errors.Join(err, s.door.close())
		s.nas.Close()
	}
	return err
}

// Installed says whether there is a NAS, or an installer that waits.
func (s *Server) Installed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nas != nil
}

// Version is what the NAS says it is.
func (s *Server) Version() string { return s.version.Full }
