// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func load(t *testing.T, text string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lab.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return LoadConfig(path)
}

func TestDefaultsAreTheThesisOnLoopback(t *testing.T) {
	c, err := LoadConfig("")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.endpoint(c.Hosts[1].Address).String(); got != "127.10.1.12:8443" || len(c.Hosts) != 2 {
		t.Errorf("%d hosts, the second on %s; want 2 and 127.10.1.12:8443", len(c.Hosts), got)
	}
	if c.NAS.Portal != "127.10.2.129:3260" || c.VCenter.Address != "127.10.1.20" || c.Backing != "qemu" {
		t.Errorf("portal %s, vCenter %s, backing %s", c.NAS.Portal, c.VCenter.Address, c.Backing)
	}
}

func TestNetworksMoveEverything(t *testing.T) {
	c, err := load(t, "control_network: 127.31.1\ndata_network: 127.31.2\nhosts: [{}, {}, {memory_mb: 4096}]\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Hosts[2].Address != "127.31.1.13" || c.Hosts[2].MemoryMB != 4096 || c.NAS.Portal != "127.31.2.129:3260" {
		t.Errorf("third host %+v, portal %s", c.Hosts[2], c.NAS.Portal)
	}
	if c.Guests.Forwards["127.31.1.50:8080"] != "192.168.1.50:80" {
		t.Errorf("forwards %v", c.Guests.Forwards)
	}
}

func TestNASIsWhatTheVersionSays(t *testing.T) {
	c, err := load(t, "nas: {version: \"9.3\", disks: [{}, {size_gb: 10, serial: A, exported_pool: old}]}\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.NAS.version().Name != "9.3.1" || c.NAS.dialects() != "REST v1.0" {
		t.Errorf("version %s, dialects %s", c.NAS.version().Name, c.NAS.dialects())
	}
	if disks := c.NAS.disks(); len(disks) != 2 || !disks[0].System || disks[1].System || disks[1].ExportedPool != "old" || disks[1].Size != 10<<30 {
		t.Errorf("disks %+v", disks)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		"backing: vmware":                                  `backing "vmware" is not known`,
		"colour: green":                                    "colour",
		"control_network: 10.0.0":                          `control_network "10.0.0"`,
		"vcenter: {address: 10.0.0.1}":                     `vcenter.address "10.0.0.1": an IPv4 loopback address`,
		"vcenter: {address: 127.10.1.11}":                  "address of host 1 and vcenter.address are both 127.10.1.11",
		"hosts: [{number: 2}, {number: 2}]":                "two have the number 2",
		"nas: {portal: 127.10.2.129}":                      `nas.portal "127.10.2.129"`,
		"nas: {version: \"9.2\"}":                          `nas.version "9.2" is not known; it is one of 9.3.0, `,
		"nas: {two_factor: secret1}":                       "nas.two_factor: a secret in base32",
		"nas: {disks: [{name: sdb}, {name: sdb}]}":         `nas.disks: two have the name "sdb"`,
		"nas: {version: \"13.0\", installed: false}":       "nas.installed: version 13.0 is not installed over the network",
		"nas: {disks: [{size_gb: -1}]}":                    "nas.disks: the size of disk 0",
		"hosts: [{number: 1, address: 127.10.1.11}, text]": "line 1",
	} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", text, err, want)
		}
	}
}
