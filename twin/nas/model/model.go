// SPDX-License-Identifier: GPL-3.0-or-later

// Package model is the NAS itself, whatever dialect it is asked in: what it remembers, the rules for it, and iSCSI.
// Pools and datasets are kept as accounts only; zvols are sparse files, served by a real tgtd.
//
// A rule that refuses something names the field as the state has it ("listen.0.ip"); each dialect has its own words for it.
package model

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/tgt"
	"livelab.dev/twin/nas/versions"
)

// GiB is 2^30 bytes.
const GiB = int64(1) << 30

// Disk is a physical disk of the NAS. Nothing is stored on it: it is the room that pools are made of.
type Disk struct {
	Name   string // as the system names it, "da1" or "sdb"
	Size   int64  // bytes
	Serial string // default "LAB" and its number
	System bool   // holds the operating system; pools cannot have it
	// ExportedPool is the name of a pool that the disk belongs to and that is not imported here.
	ExportedPool string
}

// Port is a network adapter and the address with which it was installed.
type Port struct {
	Name    string
	Address netip.Prefix
	// DHCP says that the address comes from DHCP, and was not configured.
	DHCP bool
}

// Config says what a NAS is to be.
type Config struct {
	Dir      string // where its state and its zvols are kept; made when missing, without commas in its path
	RunDir   string // for sockets; made when empty, away from Dir when that path is too long for a socket
	Version  *versions.Version
	Username string
	// Password is the user's, as an account takes it: HashPassword's answer.
	Password Password
	APIKey   string // the first API key, "1-…"; empty for none
	OTP      string // a secret in base32: the user's login takes two factors; empty for one
	Hostname string
	Disks    []Disk
	Ports    []Port
	// Moved is called with the NAS's own addresses when they change. When it fails they stay.
	Moved func([]netip.Addr) error
	Logf  func(format string, args ...any)
}

// NAS is a NAS.
type NAS struct {
	Version *versions.Version
	Started time.Time

	cfg     Config
	mu      sync.RWMutex // guards state, addresses and trial
	state   *State
	service *service
	// addresses are those in effect.
	addresses []netip.Addr
	trial     *trial
	tokens    tokens
}

// New prepares a NAS from what Dir holds, or a newly installed one.
func New(cfg Config) (*NAS, error) {
	if err := tgt.Check("nas: directory", cfg.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	n := &NAS{cfg: cfg, Version: cfg.Version, Started: time.Now()}
	var err error
	if n.state, err = loadState(n.statePath()); err != nil {
		return nil, err
	}
	n.install()
	n.addresses = n.state.addresses(cfg.Ports)
	n.service = newService(n)
	return n, nil
}

// install gives a new NAS what an installation leaves, and an older state what it lacks. Network settings that were on
// trial when the NAS ended are taken back.
func (n *NAS) install() {
	s := n.state
	if s.Original != nil {
		s.Interfaces, s.Original = *s.Original, nil
	}
	if s.Interfaces == nil {
		s.Interfaces = installedInterfaces(n.cfg.Ports)
	}
	for key, value := range n.generalDefaults() {
		if _, ok := s.General[key]; !ok {
			s.General[key] = value
		}
	}
	for key, value := range n.networkDefaults() {
		if _, ok := s.Network[key]; !ok {
			s.Network[key] = value
		}
	}
	if s.Global.ListenPort == 0 {
		s.Global.ListenPort = 3260
	}
	if n.cfg.APIKey != "" && s.NextID["api_key"] == 0 {
		s.APIKeys = append(s.APIKeys, APIKey{ID: s.id("api_key"), Name: "lab", Hash: hash(n.cfg.APIKey), Created: n.Started.UnixMilli()})
	}
}

// StartServices starts what is set to start with the NAS.
func (n *NAS) StartServices() error {
	if n.state.Service.Enable {
		if err := n.service.start(n.state); err != nil {
			return fmt.Errorf("nas: iSCSI: %w", err)
		}
	}
	return nil
}

// Close ends iSCSI and tgtd. The state stays on disk.
func (n *NAS) Close() {
	n.endTrial()
	n.service.close()
}

// Logf logs one line.
func (n *NAS) Logf(format string, args ...any) { n.cfg.Logf(format, args...) }

// TargetPID is tgtd's process id, or 0 when iSCSI is not running.
func (n *NAS) TargetPID() int { return n.service.pid() }

// Addresses are the NAS's own, those in effect.
func (n *NAS) Addresses() []netip.Addr {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.addresses
}

// Disks are all disks there are.
func (n *NAS) Disks() []Disk { return n.cfg.Disks }

// change does something to a copy of the state and, when it is valid, writes it to disk and brings iSCSI in line. When
// iSCSI cannot follow (an address that cannot be bound, say), everything goes back to where it was.
func (n *NAS) change(do func(next *State) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changeLocked(do)
}

func (n *NAS) changeLocked(do func(next *State) error) error {
	old, next := n.state, n.state.clone()
	if err := do(next); err != nil {
		return err
	}
	if err := next.save(n.statePath()); err != nil {
		return fmt.Errorf("saving the configuration: %w", err)
	}
	n.state = next
	if err := n.service.apply(next); err != nil {
		n.state = old
		err = fault.Refuse(fault.EINVAL, "iscsitarget: %v", err)
		return errors.Join(err, old.save(n.statePath()), n.service.apply(old))
	}
	return nil
}

// View looks at the state.
func View[T any](n *NAS, look func(*State) T) T {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return look(n.state)
}

func (n *NAS) statePath() string { return filepath.Join(n.cfg.Dir, "state.json") }
