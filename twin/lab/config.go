// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"
)

// Backings are the ways to run machines: in QEMU, or not at all with their migrations computed.
var Backings = []string{"qemu", "model"}

// Config says what data centre to run. It is what lab.yml holds; every key may be left out.
type Config struct {
	// Backing is "qemu" (machines run, their migrations are measured) or "model" (none runs, migrations are computed). Default: qemu.
	Backing string `yaml:"backing"`
	// ControlNetwork is the first three octets of the loopback network that stands for the thesis's 192.168.1.0/24. Default: 127.10.1.
	ControlNetwork string `yaml:"control_network"`
	// DataNetwork stands for 192.168.2.0/24 in the same way: iSCSI and vMotion. Default: 127.10.2.
	DataNetwork string `yaml:"data_network"`
	// Port is where every HTTPS endpoint listens. Default: 8443.
	Port uint16 `yaml:"port"`
	// Hosts are the ESXi hosts. Default: two, numbered 1 and 2.
	Hosts []HostConfig `yaml:"hosts"`
	// VCenter is the vCenter.
	VCenter VCenterConfig `yaml:"vcenter"`
	// NAS is the network storage.
	NAS NASConfig `yaml:"nas"`
	// Guests is the machines' own network.
	Guests GuestConfig `yaml:"guests"`
}

// HostConfig is one ESXi host.
type HostConfig struct {
	// Number tells hosts apart; it is in their MAC addresses and names. Default: the place in the list, from 1.
	Number int `yaml:"number"`
	// Address of the SDK and of vmk0. Default: control network, 10 + number.
	Address string `yaml:"address"`
	// MemoryMB is the host's memory in MiB. Default: 8192.
	MemoryMB int64 `yaml:"memory_mb"`
	// CPUs is the number of cores. Default: 2.
	CPUs int `yaml:"cpus"`
	// MHz is the clock of a core. Default: 2400.
	MHz int `yaml:"mhz"`
	// Version is the ESXi version, such as 6.0.0. Default: the newest that is known.
	Version string `yaml:"version"`
}

// VCenterConfig is the vCenter.
type VCenterConfig struct {
	// Address of the SDK. Default: control network, 20.
	Address string `yaml:"address"`
	// User may log in. Default: administrator@vsphere.local.
	User string `yaml:"user"`
	// Version of the product. Default: the newest that is known.
	Version string `yaml:"version"`
}

// GuestConfig is the machines' own network.
type GuestConfig struct {
	// Subnet in CIDR notation. Default: 192.168.1.0/24.
	Subnet string `yaml:"subnet"`
	// Gateway is the address of gateway, DHCP and DNS. Default: 192.168.1.1.
	Gateway string `yaml:"gateway"`
	// Leases are addresses kept for machines: IP to MAC. Default: 192.168.1.50 for 00:50:56:00:01:50.
	Leases map[string]string `yaml:"leases"`
	// Forwards lead from a loopback "address:port" to a guest's. Default: control network 50, ports 2222 and 8080, to 192.168.1.50, ports 22 and 80.
	Forwards map[string]string `yaml:"forwards"`
}

var threeOctets = regexp.MustCompile(`^127\.\d{1,3}\.\d{1,3}$`)

// LoadConfig reads a lab.yml. With an empty path the defaults are all there is. Unknown keys are errors.
func LoadConfig(path string) (Config, error) {
	var c Config
	if path != "" {
		content, err := os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("configuration: %w", err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(content))
		decoder.KnownFields(true)
		if err := decoder.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
			return c, fmt.Errorf("configuration %s: %w", path, err)
		}
	}
	c.defaults()
	return c, c.Check()
}

func (c *Config) defaults() {
	setDefault(&c.Backing, "qemu")
	setDefault(&c.ControlNetwork, "127.10.1")
	setDefault(&c.DataNetwork, "127.10.2")
	setDefault(&c.Port, 8443)
	if len(c.Hosts) == 0 {
		c.Hosts = make([]HostConfig, 2)
	}
	for i := range c.Hosts {
		h := &c.Hosts[i]
		setDefault(&h.Number, i+1)
		setDefault(&h.Address, c.control(10+h.Number))
		setDefault(&h.MemoryMB, 8192)
		setDefault(&h.CPUs, 2)
		setDefault(&h.MHz, 2400)
	}
	setDefault(&c.VCenter.Address, c.control(20))
	setDefault(&c.VCenter.User, "administrator@vsphere.local")
	c.NAS.defaults(c)
	setDefault(&c.Guests.Subnet, "192.168.1.0/24")
	setDefault(&c.Guests.Gateway, "192.168.1.1")
	if c.Guests.Leases == nil {
		c.Guests.Leases = map[string]string{"192.168.1.50": "00:50:56:00:01:50"}
	}
	if c.Guests.Forwards == nil {
		c.Guests.Forwards = map[string]string{
			c.control(50) + ":2222": "192.168.1.50:22",
			c.control(50) + ":8080": "192.168.1.50:80",
		}
	}
}

// Check finds what the parts would only trip over later, and says it in the words of lab.yml.
func (c *Config) Check() error {
	if !slices.Contains(Backings, c.Backing) {
		return fmt.Errorf("backing %q is not known; it is one of %q", c.Backing, Backings)
	}
	for key, value := range map[string]string{"control_network": c.ControlNetwork, "data_network": c.DataNetwork} {
		if _, err := netip.ParseAddr(value + ".1"); err != nil || !threeOctets.MatchString(value) {
			return fmt.Errorf("%s %q: the first three octets of a loopback network are needed, such as 127.10.1", key, value)
		}
	}
	addresses := map[string]string{"vcenter.address": c.VCenter.Address, "nas.address": c.NAS.Address}
	numbers := map[int]bool{}
	for _, h := range c.Hosts {
		if numbers[h.Number] {
			return fmt.Errorf("hosts: two have the number %d", h.Number)
		}
		numbers[h.Number] = true
		addresses[fmt.Sprintf("address of host %d", h.Number)] = h.Address
	}
	owner := map[string]string{}
	for key, value := range addresses {
		address, err := netip.ParseAddr(value)
		if err != nil || !address.IsLoopback() || !address.Is4() {
			return fmt.Errorf("%s %q: an IPv4 loopback address (127.0.0.0/8) is needed; nothing is served elsewhere", key, value)
		}
		if other, taken := owner[value]; taken {
			return fmt.Errorf("%s and %s are both %s", min(key, other), max(key, other), value)
		}
		owner[value] = key
	}
	return c.NAS.check()
}

// control is an address in the control network.
func (c *Config) control(last int) string { return fmt.Sprintf("%s.%d", c.ControlNetwork, last) }

// endpoint is an HTTPS address. The address was checked.
func (c *Config) endpoint(address string) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(address), c.Port)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
