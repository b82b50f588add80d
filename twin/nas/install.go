// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"livelab.dev/twin/nas/installer"
	"livelab.dev/twin/nas/model"
)

// installation is what an installation leaves: who may log in, where the system is, and how the adapters come up.
type installation struct {
	Username string         `json:"username"`
	Password model.Password `json:"password"`
	Disks    []string       `json:"disks"` // that the system is on; nil where the configuration says it
	Wiped    []string       `json:"wiped"`
	Ports    []model.Port   `json:"ports"`
	Listen   netip.AddrPort `json:"-"`
}

func (i *installation) path(dir string) string { return filepath.Join(dir, "installed.json") }

// load reads what was installed, and says whether anything was.
func (i *installation) load(dir string) (bool, error) {
	data, err := os.ReadFile(i.path(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, i)
	}
	if err != nil {
		return false, fmt.Errorf("nas: installation in %s: %w", i.path(dir), err)
	}
	return true, nil
}

// save keeps what was installed. It holds a password's digest: owner only.
func (i *installation) save(dir string) error {
	data, err := json.MarshalIndent(i, "", "  ")
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(i.path(dir), data, 0o600)
}

// disks are the machine's, with the system where it was installed and without the pools that this has wiped.
func (i *installation) disks(all []Disk) []Disk {
	if i.Disks == nil {
		return all
	}
	disks := slices.Clone(all)
	for n, d := range disks {
		disks[n].System = slices.Contains(i.Disks, d.Name)
		if disks[n].System || slices.Contains(i.Wiped, d.Name) {
			disks[n].ExportedPool = ""
		}
	}
	return disks
}

// startInstaller opens the installer.
func (s *Server) startInstaller() error {
	_, ports, err := s.cfg.ports(s.version)
	if err != nil {
		return err
	}
	s.installer, err = installer.Start(installer.Config{
		Version: s.version, Listen: s.cfg.Installer, Disks: s.cfg.Disks, Ports: ports, Rebooted: s.rebooted, Logf: s.cfg.Logf,
	})
	if err != nil {
		return fmt.Errorf("nas: installer: %w", err)
	}
	return nil
}

// rebooted brings up what was installed.
func (s *Server) rebooted(r installer.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.installer = nil
	listen, err := netip.ParseAddrPort(s.cfg.Listen)
	system := installation{Username: r.Username, Password: model.HashPassword(r.Password), Disks: r.Disks, Wiped: r.Wiped, Ports: r.Ports, Listen: listen}
	if err == nil {
		err = system.save(s.cfg.Dir)
	}
	if err == nil {
		err = s.prepare(system)
	}
	if err == nil {
		err = s.start()
	}
	if err != nil {
		s.cfg.Logf("nas: after the installation: %v", err)
	}
}
