// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"
)

// Config is one ESXi host as it left the installer.
type Config struct {
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

// DefaultVersion is the product version of hosts and vCenter when the configuration names none.
const DefaultVersion = "8.0.3"

// Defaults fills what was left out and checks the rest.
func (c *Config) Defaults() error {
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

// Builds are the build numbers of released versions, from VMware's build number list (KB 2143832 for ESXi, 2143838 for vCenter).
var Builds = map[string]struct{ esxi, VCenter string }{
	"5.5.0": {"1331820", "1312298"},
	"6.0.0": {"2494585", "2562643"},
	"6.5.0": {"4564106", "4602587"},
	"6.7.0": {"8169922", "8217866"},
	"7.0.0": {"15843807", "15952498"},
	"7.0.3": {"18644231", "18700403"},
	"8.0.0": {"20513097", "20519528"},
	"8.0.2": {"22380479", "22385739"},
	"8.0.3": {"24022510", "24022515"},
	"9.0.0": {"24755229", "24755230"},
}

// apiVersion is the version of the API in a product version: two parts up to 6.x, four from 7.0 on.
func apiVersion(version string) string {
	parts := strings.Split(version, ".")
	if len(parts) < 3 {
		return version
	}
	if parts[0] == "5" || parts[0] == "6" {
		return parts[0] + "." + parts[1]
	}
	return strings.Join(parts[:3], ".") + ".0"
}

func hostAbout(version string) types.AboutInfo {
	about := esx.ServiceContent.About
	about.Build = Builds[version].esxi
	return Versioned(about, version)
}

func Versioned(about types.AboutInfo, version string) types.AboutInfo {
	about.Build = cmp.Or(about.Build, "1")
	about.Version = version
	about.ApiVersion = apiVersion(version)
	about.FullName = fmt.Sprintf("%s %s build-%s", about.Name, version, about.Build)
	about.LicenseProductVersion = strings.Split(version, ".")[0] + ".0"
	return about
}
