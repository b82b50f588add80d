// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"fmt"
	"sync"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// TestConcurrentClients changes both hosts from their own endpoints and from vCenter at once, while others read. Nothing may be lost,
// and nobody may wait for ever.
func TestConcurrentClients(t *testing.T) {
	l := newLab(t)
	vc, hosts := l.withHosts()
	type way struct {
		c   *vim25.Client
		ref types.ManagedObjectReference
	}
	const each = 5
	var wg sync.WaitGroup
	for host := range hosts {
		for i, w := range []way{{vc, hosts[host].Reference()}, {l.esx(host), haHost}} {
			ns, err := object.NewHostSystem(w.c, w.ref).ConfigManager().NetworkSystem(ctx)
			must(t, err)
			for n := range each {
				wg.Add(2)
				go func() {
					defer wg.Done()
					name := fmt.Sprintf("pg-%d-%d", i, n)
					if err := ns.AddPortGroup(ctx, types.HostPortGroupSpec{Name: name, VswitchName: "vSwitch0"}); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}()
				go func() {
					defer wg.Done()
					var system mo.HostSystem
					if err := property.DefaultCollector(w.c).RetrieveOne(ctx, w.ref, nil, &system); err != nil {
						t.Error(err)
					}
				}()
			}
		}
	}
	wg.Wait()
	for host := range hosts {
		if got := len(l.Hosts()[host].State().Network.Portgroup); got != 2+2*each {
			t.Errorf("host %d has %d port groups", host, got)
		}
		if got := len(networkNames(t, vc, hosts[host].Reference())); got != 1+2*each {
			t.Errorf("host %d has %d networks in vCenter", host, got)
		}
	}
}
