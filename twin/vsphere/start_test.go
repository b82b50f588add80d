// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"
	"testing"

	vimfault "github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

func read(t *testing.T, c *vim25.Client, ref types.ManagedObjectReference, into any, properties ...string) {
	t.Helper()
	if err := property.DefaultCollector(c).RetrieveOne(context.Background(), ref, properties, into); err != nil {
		t.Fatalf("%s %v: %v", ref, properties, err)
	}
}

func TestFreshHost(t *testing.T) {
	l := newLab(t)
	host := system(t, l.esx(0), haHost, "config", "network", "summary", "hardware")
	n := host.Config.Network
	if len(n.Vswitch) != 1 || n.Vswitch[0].Name != "vSwitch0" || len(n.Portgroup) != 2 || len(n.Vnic) != 1 || len(n.Pnic) != 2 {
		t.Errorf("network of a fresh host: %+v", n)
	}
	if !*n.IpV6Enabled {
		t.Error("IPv6 is off")
	}
	for _, s := range host.Config.Service.Service {
		if s.Key == "TSM-SSH" && s.Running {
			t.Error("SSH is on")
		}
	}
	if len(host.Network) != 1 {
		t.Errorf("networks: %v", host.Network)
	}
	if host.Config.StorageDevice.SoftwareInternetScsiEnabled {
		t.Error("software iSCSI is on")
	}
}

func TestWrongPassword(t *testing.T) {
	l := newLab(t)
	if _, err := l.client(l.Hosts()[0].Addr(), "root", "wrong"); !vimfault.Is(err, &types.InvalidLogin{}) {
		t.Errorf("got %v", err)
	}
	if _, err := l.client(l.VCenterAddr(), "root", vcenterPassword); !vimfault.Is(err, &types.InvalidLogin{}) {
		t.Errorf("got %v", err)
	}
}
