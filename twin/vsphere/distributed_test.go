// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// distributedSwitch is a new distributed switch with the port group "dv-vmotion".
func distributedSwitch(t *testing.T, c *vim25.Client, dc *object.Datacenter) (*object.DistributedVirtualSwitch, types.DistributedVirtualSwitchPortConnection) {
	t.Helper()
	folders, err := dc.Folders(ctx)
	must(t, err)
	task, err := folders.NetworkFolder.CreateDVS(ctx, types.DVSCreateSpec{ConfigSpec: &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{Name: "DSwitch"}}})
	must(t, err)
	info, err := task.WaitForResult(ctx)
	must(t, err)
	dvs := object.NewDistributedVirtualSwitch(c, info.Result.(types.ManagedObjectReference))
	add, err := dvs.AddPortgroup(ctx, []types.DVPortgroupConfigSpec{{Name: "dv-vmotion", NumPorts: 8}})
	done(t, add, err)
	var props mo.DistributedVirtualSwitch
	read(t, c, dvs.Reference(), &props, "uuid", "portgroup")
	for _, ref := range props.Portgroup {
		var group mo.DistributedVirtualPortgroup
		read(t, c, ref, &group, "name", "key")
		if group.Name == "dv-vmotion" {
			return dvs, types.DistributedVirtualSwitchPortConnection{SwitchUuid: props.Uuid, PortgroupKey: group.Key}
		}
	}
	t.Fatal("no port group")
	return nil, types.DistributedVirtualSwitchPortConnection{}
}

// member has a host join a distributed switch with uplinks, or leave it.
func member(dvs *object.DistributedVirtualSwitch, operation string, host types.ManagedObjectReference, nics ...string) error {
	backing := &types.DistributedVirtualSwitchHostMemberPnicBacking{}
	for _, nic := range nics {
		backing.PnicSpec = append(backing.PnicSpec, types.DistributedVirtualSwitchHostMemberPnicSpec{PnicDevice: nic})
	}
	task, err := dvs.Reconfigure(ctx, &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{
		Host: []types.DistributedVirtualSwitchHostMemberConfigSpec{{Operation: operation, Host: host, Backing: backing}},
	}})
	if err != nil {
		return err
	}
	return task.Wait(ctx)
}

// TestDistributedSwitch shows that a distributed switch takes a host's uplinks, carries VMkernel adapters of it, and stays while it does.
func TestDistributedSwitch(t *testing.T) {
	l := newLab(t)
	vc := l.vc()
	dc := l.datacenter(vc)
	must(t, addHost(dc, l.spec(0)))
	host := l.inVC(vc)[0].Reference()
	dvs, port := distributedSwitch(t, vc, dc)
	ns := networkSystem(t, vc, host)
	on := types.HostVirtualNicSpec{DistributedVirtualPort: &port, Ip: static("10.0.0.1").Ip}

	wantFault(t, "adapter on a switch that the host is not in", second(ns.AddVirtualNic(ctx, "", on)), &types.NotFound{})
	wantFault(t, "uplink of another switch", member(dvs, "add", host, "vmnic0"), &types.ResourceInUse{})
	wantFault(t, "uplink that is not there", member(dvs, "add", host, "vmnic9"), &types.InvalidArgument{})
	wantFault(t, "leaving what it is not in", member(dvs, "remove", host), &types.NotFound{})
	must(t, member(dvs, "add", host, "vmnic1"))
	wantFault(t, "joining again", member(dvs, "add", host), &types.AlreadyExists{})
	wantFault(t, "its uplink for a standard switch", ns.AddVirtualSwitch(ctx, "vSwitch1", bondSpec("vmnic1")), &types.ResourceInUse{})

	device, err := ns.AddVirtualNic(ctx, "", on)
	must(t, err)
	n := system(t, l.esx(0), haHost, "config.network").Config.Network
	i := slices.IndexFunc(n.Vnic, func(nic types.HostVirtualNic) bool { return nic.Device == device })
	if i < 0 || n.Vnic[i].Portgroup != "" || n.Vnic[i].Spec.DistributedVirtualPort.PortgroupKey != port.PortgroupKey || n.Vnic[i].Spec.Ip.IpAddress != "10.0.0.1" {
		t.Errorf("the adapter: %+v", n.Vnic)
	}
	if len(n.ProxySwitch) != 1 || n.ProxySwitch[0].DvsName != "DSwitch" || !slices.Equal(n.ProxySwitch[0].Pnic, []string{"key-vim.host.PhysicalNic-vmnic1"}) {
		t.Errorf("the host's part: %+v", n.ProxySwitch)
	}
	if names := networkNames(t, vc, host); !slices.Contains(names, "dv-vmotion") || !slices.Contains(names, "VM Network") {
		t.Errorf("the host's networks: %v", names)
	}
	wantNothingTwice(t, "with a distributed switch", vc)

	wantFault(t, "leaving with an adapter on it", member(dvs, "remove", host), &types.ResourceInUse{})
	gone, err := dvs.Destroy(ctx)
	must(t, err)
	wantFault(t, "destroying it with an adapter on it", gone.Wait(ctx), &types.ResourceInUse{})
	must(t, ns.RemoveVirtualNic(ctx, device))
	gone, err = dvs.Destroy(ctx)
	done(t, gone, err)
	after := system(t, vc, host, "config.network", "network")
	if len(after.Config.Network.ProxySwitch) != 0 || len(after.Network) != 1 {
		t.Errorf("what is left: %+v, %v", after.Config.Network.ProxySwitch, after.Network)
	}
	must(t, ns.AddVirtualSwitch(ctx, "vSwitch1", bondSpec("vmnic1")))
}
