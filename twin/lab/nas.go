// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"encoding/base32"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"livelab.dev/twin/nas"
	"livelab.dev/twin/nas/versions"
)

// NASConfig is the network storage.
type NASConfig struct {
	// Address of the API. Default: control network, 131.
	Address string `yaml:"address"`
	// Portal is the address and port where iSCSI may be served. Default: data network, 129, port 3260.
	Portal string `yaml:"portal"`
	// Version of FreeNAS or TrueNAS whose API it has: 9.3.0, 9.3.1, 11.3, 13.0, 22.12, 24.10, 25.04, 25.10 or 26.0.
	Version string `yaml:"version"`
	// User may log in. Default: root.
	User string `yaml:"user"`
	// TwoFactor is a secret in base32: logging in with the password takes a one-time password made from it, too.
	TwoFactor string `yaml:"two_factor"`
	// Installed false makes it a machine on which TrueNAS is still to be installed, over the network. Default: true.
	Installed *bool `yaml:"installed"`
	// InstallerPort is where the installer listens, on the NAS's address. Default: 8080.
	InstallerPort uint16 `yaml:"installer_port"`
	// DHCP says that the addresses come from DHCP and are still to be configured. Default: they are configured.
	DHCP bool `yaml:"dhcp"`
	// Disks of the NAS. Default: one for the system and two for pools, 32 GiB each.
	Disks []NASDisk `yaml:"disks"`
}

// NASDisk is a disk of the network storage.
type NASDisk struct {
	// Name as the system has it. Default: da0, da1, … on FreeBSD, sda, sdb, … on Linux.
	Name string `yaml:"name"`
	// SizeGB is its size in GiB. Default: 32.
	SizeGB int64 `yaml:"size_gb"`
	// Serial number. Default: one of its own.
	Serial string `yaml:"serial"`
	// System says that the operating system is on it. Default: so of the first where no disk says so.
	System bool `yaml:"system"`
	// ExportedPool is the name of a pool that is on it and not imported.
	ExportedPool string `yaml:"exported_pool"`
}

func (c *NASConfig) defaults(lab *Config) {
	setDefault(&c.Address, lab.control(131))
	setDefault(&c.Portal, lab.DataNetwork+".129:3260")
	setDefault(&c.Version, versions.Default)
	setDefault(&c.User, "root")
	setDefault(&c.InstallerPort, 8080)
	system := false
	for i := range c.Disks {
		setDefault(&c.Disks[i].SizeGB, 32)
		system = system || c.Disks[i].System
	}
	if len(c.Disks) > 0 && !system {
		c.Disks[0].System = true
	}
}

func (c *NASConfig) check() error {
	if portal, err := netip.ParseAddrPort(c.Portal); err != nil || !portal.Addr().IsLoopback() {
		return fmt.Errorf("nas.portal %q: a loopback address and port is needed, such as 127.10.2.129:3260", c.Portal)
	}
	if _, err := versions.Lookup(c.Version); err != nil {
		return fmt.Errorf("nas.%w", err)
	}
	if c.installer() != "" && c.version().Installer == "" {
		return fmt.Errorf("nas.installed: version %s is not installed over the network; 24.10 and later can be", c.Version)
	}
	if _, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.TrimRight(c.TwoFactor, "="))); err != nil {
		return fmt.Errorf("nas.two_factor: a secret in base32 is needed, such as JBSWY3DPEHPK3PXP")
	}
	names := map[string]bool{}
	for i, d := range c.Disks {
		switch {
		case d.SizeGB < 1:
			return fmt.Errorf("nas.disks: the size of disk %d must be 1 GiB or more", i)
		case d.Name != "" && names[d.Name]:
			return fmt.Errorf("nas.disks: two have the name %q", d.Name)
		case strings.ContainsAny(d.Name, "/, "):
			return fmt.Errorf("nas.disks: %q is not the name of a disk", d.Name)
		}
		names[d.Name] = true
	}
	return nil
}

// version is what the NAS is. It was checked.
func (c *NASConfig) version() *versions.Version {
	v, err := versions.Lookup(c.Version)
	if err != nil {
		panic(err)
	}
	return v
}

// installer is where the installer listens; empty where the NAS is installed from the start.
func (c *NASConfig) installer() string {
	if c.Installed == nil || *c.Installed {
		return ""
	}
	return net.JoinHostPort(c.Address, fmt.Sprint(c.InstallerPort))
}

// endpoint is the NAS as it is now: installed, or waiting for that.
func (c *NASConfig) endpoint(at netip.AddrPort, installed bool) Endpoint {
	if !installed {
		return Endpoint{"nas-installer", c.installer(), fmt.Sprintf("installer of %s, ws://%s%s", c.version().Full, c.installer(), c.version().Installer)}
	}
	return Endpoint{"nas", "https://" + at.String(), fmt.Sprintf("NAS as %s (%s); iSCSI on %s", c.version().Full, c.dialects(), c.Portal)}
}

// dialects are the forms of API that the version has.
func (c *NASConfig) dialects() string {
	v := c.version()
	var all []string
	for _, d := range []struct {
		there bool
		name  string
	}{{v.V1 != nil, "REST v1.0"}, {v.REST, "REST v2.0"}, {v.JSONRPC, "JSON-RPC"}} {
		if d.there {
			all = append(all, d.name)
		}
	}
	return strings.Join(all, ", ")
}

func (c *NASConfig) disks() []nas.Disk {
	var all []nas.Disk
	for _, d := range c.Disks {
		all = append(all, nas.Disk{Name: d.Name, Size: d.SizeGB * nas.GiB, Serial: d.Serial, System: d.System, ExportedPool: d.ExportedPool})
	}
	return all
}
