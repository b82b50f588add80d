// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// entityName is the name that vCenter has for an entity.
func entityName(t *testing.T, c *vim25.Client, ref types.ManagedObjectReference) string {
	t.Helper()
	var entity mo.ManagedEntity
	read(t, c, ref, &entity, "name")
	return entity.Name
}

// rename renames an entity and waits.
func rename(t *testing.T, c *vim25.Client, ref types.ManagedObjectReference, name string) error {
	t.Helper()
	renamed, err := object.NewCommon(c, ref).Rename(ctx, name)
	must(t, err)
	return renamed.Wait(ctx)
}

// TestNamesAreEscaped makes and renames what has a slash, a backslash or a percent sign in its name.
func TestNamesAreEscaped(t *testing.T) {
	l := newLab(t)
	c := l.vc()
	root := object.NewRootFolder(c)
	folder, err := root.CreateFolder(ctx, `x\y%`)
	must(t, err)
	dc, err := folder.CreateDatacenter(ctx, "A/B")
	must(t, err)
	folders, err := dc.Folders(ctx)
	must(t, err)
	cluster, err := folders.HostFolder.CreateCluster(ctx, "50%", types.ClusterConfigSpecEx{})
	must(t, err)
	sub, err := folders.VmFolder.CreateFolder(ctx, "a%2fb")
	must(t, err)
	for path, ref := range map[string]types.ManagedObjectReference{
		"x%5cy%25": folder.Reference(), "x%5cy%25/A%2fB": dc.Reference(), "x%5cy%25/A%2fB/host/50%25": cluster.Reference(),
		"x%5cy%25/A%2fB/vm/a%2fb": sub.Reference(),
	} {
		if got, want := entityName(t, c, ref), path[strings.LastIndex(path, "/")+1:]; got != want {
			t.Errorf("the name is %q, want %q", got, want)
		}
		found, err := object.NewSearchIndex(c).FindByInventoryPath(ctx, path)
		must(t, err)
		if found == nil || found.Reference() != ref {
			t.Errorf("at %s is %v", path, found)
		}
	}
	for name, err := range map[string]error{
		`x\y%`: second(root.CreateFolder(ctx, `x\y%`)), "x%5Cy%25": second(root.CreateFolder(ctx, "x%5Cy%25")), "A/B": second(folder.CreateDatacenter(ctx, "A/B")),
		"50%": second(folders.HostFolder.CreateCluster(ctx, "50%", types.ClusterConfigSpecEx{})), "a/b": second(folders.VmFolder.CreateFolder(ctx, "a/b")),
	} {
		wantFault(t, name, err, &types.DuplicateName{})
	}
	for ref, want := range map[types.ManagedObjectReference]string{
		folder.Reference(): "f%2f1", dc.Reference(): "d%2f1", cluster.Reference(): "c%2f1", sub.Reference(): "s%2f1",
	} {
		must(t, rename(t, c, ref, want[:1]+"/1"))
		if got := entityName(t, c, ref); got != want {
			t.Errorf("renamed, it is %q, want %q", got, want)
		}
		wantFault(t, "no name", rename(t, c, ref, ""), &types.InvalidName{})
		wantFault(t, "a long name", rename(t, c, ref, strings.Repeat("x", 81)), &types.InvalidName{})
	}
	l.restart()
	found, err := object.NewSearchIndex(l.vc()).FindByInventoryPath(ctx, "/f%2f1/d%2f1/host/c%2f1")
	if err != nil || found == nil {
		t.Errorf("after a restart: %v, %v", found, err)
	}
}

// TestNetworksAreEscaped shows that a port group keeps its name on the host, and that its Network is called as vCenter calls it.
func TestNetworksAreEscaped(t *testing.T) {
	l := newLab(t)
	vc, hosts := l.withHosts()
	for _, host := range hosts {
		must(t, networkSystem(t, vc, host.Reference()).AddPortGroup(ctx, types.HostPortGroupSpec{Name: "10.0.0.0/24", VswitchName: "vSwitch0"}))
	}
	groups := system(t, vc, hosts[0].Reference(), "config.network").Config.Network.Portgroup
	if got := groups[len(groups)-1].Spec.Name; got != "10.0.0.0/24" {
		t.Errorf("the port group is called %q", got)
	}
	network, err := find.NewFinder(vc).Network(ctx, "/Thesis/network/10.0.0.0%2f24")
	must(t, err)
	var props mo.Network
	read(t, vc, network.Reference(), &props, "name", "summary", "host")
	if props.Name != "10.0.0.0%2f24" || props.Summary.GetNetworkSummary().Name != props.Name || len(props.Host) != 2 {
		t.Errorf("network: %+v", props)
	}
}
