// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"
	"slices"
	"testing"

	vimfault "github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault/faulttest"
)

var ctx = context.Background()

func networkSystem(t *testing.T, c *vim25.Client, host types.ManagedObjectReference) *object.HostNetworkSystem {
	t.Helper()
	ns, err := object.NewHostSystem(c, host).ConfigManager().NetworkSystem(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

func bondSpec(nics ...string) *types.HostVirtualSwitchSpec {
	return &types.HostVirtualSwitchSpec{NumPorts: 64, Mtu: 9000, Bridge: &types.HostVirtualSwitchBondBridge{NicDevice: nics}}
}

// must fails the test when a call does.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantFault fails the test unless a call was refused with the fault.
func wantFault(t *testing.T, what string, err error, want types.BaseMethodFault) {
	t.Helper()
	if !vimfault.Is(err, want) {
		t.Errorf("%s: got %v, want %T", what, err, want)
	}
	vimfault.In(err, func(f types.BaseMethodFault, _ string, _ []types.LocalizableMessage) bool {
		for _, problem := range faulttest.Unreadable(f) {
			t.Errorf("%s: a client cannot read the fault: %s", what, problem)
		}
		return false
	})
}

func TestSwitch(t *testing.T) {
	l := newLab(t)
	c := l.esx(0)
	ns := networkSystem(t, c, haHost)
	must(t, ns.AddVirtualSwitch(ctx, "vSwitch1", bondSpec("vmnic1")))

	find := func() *types.HostVirtualSwitch {
		for _, sw := range system(t, c, haHost, "config.network").Config.Network.Vswitch {
			if sw.Name == "vSwitch1" {
				return &sw
			}
		}
		return nil
	}
	sw := find()
	if sw == nil || sw.Mtu != 9000 || sw.Spec.NumPorts != 64 || !slices.Equal(sw.Pnic, []string{"key-vim.host.PhysicalNic-vmnic1"}) {
		t.Fatalf("made: %+v", sw)
	}
	if order := sw.Spec.Policy.NicTeaming.NicOrder; !slices.Equal(order.ActiveNic, []string{"vmnic1"}) {
		t.Errorf("active adapters: %v", order.ActiveNic)
	}
	must(t, ns.UpdateVirtualSwitch(ctx, "vSwitch1", types.HostVirtualSwitchSpec{Mtu: 1500}))
	if sw = find(); sw.Mtu != 1500 || sw.Spec.NumPorts != 64 || len(sw.Pnic) != 0 {
		t.Errorf("updated: %+v", sw)
	}
	must(t, ns.RemoveVirtualSwitch(ctx, "vSwitch1"))
	if find() != nil {
		t.Error("it is still there")
	}
}

func TestSwitchFaults(t *testing.T) {
	l := newLab(t)
	c := l.esx(0)
	ns := networkSystem(t, c, haHost)
	before := system(t, c, haHost, "config.network").Config.Network
	for _, test := range []struct {
		what string
		err  error
		want types.BaseMethodFault
	}{
		{"there already", ns.AddVirtualSwitch(ctx, "vSwitch0", nil), &types.AlreadyExists{}},
		{"no such adapter", ns.AddVirtualSwitch(ctx, "new", bondSpec("vmnic7")), &types.InvalidArgument{}},
		{"adapter in use", ns.AddVirtualSwitch(ctx, "new", bondSpec("vmnic0")), &types.ResourceInUse{}},
		{"adapter twice", ns.AddVirtualSwitch(ctx, "new", bondSpec("vmnic1", "vmnic1")), &types.InvalidArgument{}},
		{"no name", ns.AddVirtualSwitch(ctx, "", nil), &types.InvalidArgument{}},
		{"long name", ns.AddVirtualSwitch(ctx, "a-name-of-more-than-31-characters", nil), &types.InvalidArgument{}},
		{"many ports", ns.AddVirtualSwitch(ctx, "new", &types.HostVirtualSwitchSpec{NumPorts: 5000}), &types.InvalidArgument{}},
		{"great MTU", ns.AddVirtualSwitch(ctx, "new", &types.HostVirtualSwitchSpec{Mtu: 9001}), &types.InvalidArgument{}},
		{"update, not there", ns.UpdateVirtualSwitch(ctx, "none", types.HostVirtualSwitchSpec{}), &types.NotFound{}},
		{"remove, not there", ns.RemoveVirtualSwitch(ctx, "none"), &types.NotFound{}},
		{"remove, in use", ns.RemoveVirtualSwitch(ctx, "vSwitch0"), &types.ResourceInUse{}},
	} {
		wantFault(t, test.what, test.err, test.want)
	}
	after := system(t, c, haHost, "config.network").Config.Network
	if len(after.Vswitch) != len(before.Vswitch) || len(after.Portgroup) != len(before.Portgroup) {
		t.Error("a refused change left something behind")
	}
}

func TestPortgroup(t *testing.T) {
	l := newLab(t)
	c := l.esx(0)
	ns := networkSystem(t, c, haHost)
	must(t, ns.AddPortGroup(ctx, types.HostPortGroupSpec{Name: "lan", VlanId: 7, VswitchName: "vSwitch0"}))
	if names := networkNames(t, c, haHost); !slices.Equal(names, []string{"VM Network", "lan"}) {
		t.Errorf("networks: %v", names)
	}
	must(t, ns.UpdatePortGroup(ctx, "lan", types.HostPortGroupSpec{Name: "lan2", VlanId: 8, VswitchName: "vSwitch0"}))
	if names := networkNames(t, c, haHost); !slices.Equal(names, []string{"VM Network", "lan2"}) {
		t.Errorf("networks after renaming: %v", names)
	}
	for _, test := range []struct {
		what string
		err  error
		want types.BaseMethodFault
	}{
		{"there already", ns.AddPortGroup(ctx, types.HostPortGroupSpec{Name: "lan2", VswitchName: "vSwitch0"}), &types.AlreadyExists{}},
		{"no such switch", ns.AddPortGroup(ctx, types.HostPortGroupSpec{Name: "x", VswitchName: "none"}), &types.NotFound{}},
		{"VLAN", ns.AddPortGroup(ctx, types.HostPortGroupSpec{Name: "x", VlanId: 4096, VswitchName: "vSwitch0"}), &types.InvalidArgument{}},
		{"no name", ns.AddPortGroup(ctx, types.HostPortGroupSpec{VswitchName: "vSwitch0"}), &types.InvalidArgument{}},
		{"rename onto another", ns.UpdatePortGroup(ctx, "lan2", types.HostPortGroupSpec{Name: "VM Network", VswitchName: "vSwitch0"}), &types.AlreadyExists{}},
		{"update, not there", ns.UpdatePortGroup(ctx, "none", types.HostPortGroupSpec{}), &types.NotFound{}},
		{"remove, not there", ns.RemovePortGroup(ctx, "none"), &types.NotFound{}},
		{"remove, in use", ns.RemovePortGroup(ctx, "Management Network"), &types.ResourceInUse{}},
	} {
		wantFault(t, test.what, test.err, test.want)
	}
	must(t, ns.RemovePortGroup(ctx, "lan2"))
	if names := networkNames(t, c, haHost); !slices.Equal(names, []string{"VM Network"}) {
		t.Errorf("networks in the end: %v", names)
	}
}

// networkNames are the names of the Network objects of a host, sorted.
func networkNames(t *testing.T, c *vim25.Client, host types.ManagedObjectReference) []string {
	t.Helper()
	var names []string
	for _, ref := range system(t, c, host, "network").Network {
		var network mo.Network
		read(t, c, ref, &network, "name")
		names = append(names, network.Name)
	}
	slices.Sort(names)
	return names
}

func static(ip string) types.HostVirtualNicSpec {
	return types.HostVirtualNicSpec{Ip: &types.HostIpConfig{IpAddress: ip, SubnetMask: "255.255.255.0"}}
}

// withVMotion gives a host vSwitch1 on vmnic1 with vMotion and vmk1 on it.
func withVMotion(t *testing.T, c *vim25.Client, host types.ManagedObjectReference, ip string) *object.HostNetworkSystem {
	t.Helper()
	ns := networkSystem(t, c, host)
	must(t, ns.AddVirtualSwitch(ctx, "vSwitch1", bondSpec("vmnic1")))
	must(t, ns.AddPortGroup(ctx, types.HostPortGroupSpec{Name: "vMotion", VswitchName: "vSwitch1"}))
	device, err := ns.AddVirtualNic(ctx, "vMotion", static(ip))
	must(t, err)
	if device != "vmk1" {
		t.Fatalf("device %q", device)
	}
	return ns
}

func TestVirtualNic(t *testing.T) {
	l := newLab(t)
	c := l.esx(0)
	ns := withVMotion(t, c, haHost, "10.0.0.1")
	if names := networkNames(t, c, haHost); slices.Contains(names, "vMotion") {
		t.Errorf("a port group with a VMkernel adapter is a network for machines: %v", names)
	}
	must(t, ns.UpdateVirtualNic(ctx, "vmk1", types.HostVirtualNicSpec{Mtu: 9000}))
	nic := system(t, c, haHost, "config.network").Config.Network.Vnic[1]
	if nic.Spec.Mtu != 9000 || nic.Spec.Ip.IpAddress != "10.0.0.1" {
		t.Errorf("updated: %+v", nic.Spec)
	}
	add := func(group string, spec types.HostVirtualNicSpec) error {
		_, err := ns.AddVirtualNic(ctx, group, spec)
		return err
	}
	for _, test := range []struct {
		what string
		err  error
		want types.BaseMethodFault
	}{
		{"group taken", add("vMotion", static("10.0.0.2")), &types.AlreadyExists{}},
		{"no such group", add("none", static("10.0.0.2")), &types.NotFound{}},
		{"address of another", add("VM Network", static("10.0.0.1")), &types.HostConfigFault{}},
		{"bad address", add("VM Network", static("10.0.0.256")), &types.InvalidArgument{}},
		{"bad mask", add("VM Network", types.HostVirtualNicSpec{Ip: &types.HostIpConfig{IpAddress: "10.0.0.2", SubnetMask: "255.0.255.0"}}), &types.InvalidArgument{}},
		{"update, not there", ns.UpdateVirtualNic(ctx, "vmk9", types.HostVirtualNicSpec{}), &types.NotFound{}},
		{"remove, not there", ns.RemoveVirtualNic(ctx, "vmk9"), &types.NotFound{}},
		{"remove the last for management", ns.RemoveVirtualNic(ctx, "vmk0"), &types.HostConfigFault{}},
	} {
		wantFault(t, test.what, test.err, test.want)
	}
	must(t, ns.RemoveVirtualNic(ctx, "vmk1"))
}

// TestMTUFitsSwitch shows that no order of changes leaves a VMkernel adapter with longer frames than its switch takes.
func TestMTUFitsSwitch(t *testing.T) {
	l := newLab(t)
	ns := withVMotion(t, l.esx(0), haHost, "10.0.0.1") // Its switch takes 9000 bytes, its adapter sends 1500.
	must(t, ns.AddPortGroup(ctx, types.HostPortGroupSpec{Name: "small", VswitchName: "vSwitch0"}))
	must(t, ns.UpdateVirtualNic(ctx, "vmk1", types.HostVirtualNicSpec{Mtu: 9000}))
	low := *bondSpec("vmnic1")
	low.Mtu = 1500
	both := func(change string) error {
		_, err := ns.UpdateNetworkConfig(ctx, types.HostNetworkConfig{
			Vswitch: []types.HostVirtualSwitchConfig{{ChangeOperation: "edit", Name: "vSwitch1", Spec: &low}},
			Vnic:    []types.HostVirtualNicConfig{{ChangeOperation: change, Device: "vmk1", Spec: &types.HostVirtualNicSpec{Mtu: 1500}}},
		}, "modify")
		return err
	}
	adapter := static("10.0.0.2")
	adapter.Mtu = 1600
	for _, test := range []struct {
		what string
		err  error
	}{
		{"switch below its adapter", ns.UpdateVirtualSwitch(ctx, "vSwitch1", low)},
		{"adapter above its switch", ns.UpdateVirtualNic(ctx, "vmk0", types.HostVirtualNicSpec{Mtu: 9000})},
		{"new adapter above its switch", second(ns.AddVirtualNic(ctx, "small", adapter))},
		{"adapter moved to a smaller switch", ns.UpdateVirtualNic(ctx, "vmk1", types.HostVirtualNicSpec{Portgroup: "small"})},
		{"group moved to a smaller switch", ns.UpdatePortGroup(ctx, "vMotion", types.HostPortGroupSpec{Name: "vMotion", VswitchName: "vSwitch0"})},
		{"both at once, one of them left as it is", both("ignore")},
	} {
		wantFault(t, test.what, test.err, &types.HostConfigFault{})
	}
	must(t, both("edit"))
}

func TestNicSelection(t *testing.T) {
	l := newLab(t)
	c := l.esx(0)
	withVMotion(t, c, haHost, "10.0.0.1")
	m, err := object.NewHostSystem(c, haHost).ConfigManager().VirtualNicManager(ctx)
	must(t, err)
	must(t, m.SelectVnic(ctx, "vmotion", "vmk1"))

	info, err := m.Info(ctx)
	must(t, err)
	i := slices.IndexFunc(info.NetConfig, func(n types.VirtualNicManagerNetConfig) bool { return n.NicType == "vmotion" })
	if got := info.NetConfig[i].SelectedVnic; !slices.Equal(got, []string{"vmotion.key-vim.host.VirtualNic-vmk1"}) {
		t.Errorf("selected: %v", got)
	}
	host := system(t, c, haHost, "config.vmotion", "summary.config", "config.virtualNicManagerInfo")
	if got := host.Config.Vmotion; got.IpConfig == nil || got.IpConfig.IpAddress != "10.0.0.1" || got.NetConfig.SelectedVnic == "" {
		t.Errorf("config.vmotion: %+v", got)
	}
	if !host.Summary.Config.VmotionEnabled {
		t.Error("summary says that vMotion is off")
	}
	if addr, ok := l.Hosts()[0].VMotionAddress(); !ok || addr.String() != "10.0.0.1" {
		t.Errorf("VMotionAddress: %v %v", addr, ok)
	}
	wantFault(t, "unknown kind", m.SelectVnic(ctx, "telepathy", "vmk1"), &types.InvalidArgument{})
	wantFault(t, "unknown device", m.SelectVnic(ctx, "vmotion", "vmk9"), &types.InvalidArgument{})
	wantFault(t, "last for management", m.DeselectVnic(ctx, "management", "vmk0"), &types.HostConfigFault{})
	wantFault(t, "not selected", m.DeselectVnic(ctx, "faultToleranceLogging", "vmk1"), &types.InvalidArgument{})
	must(t, m.DeselectVnic(ctx, "vmotion", "vmk1"))
	if _, ok := l.Hosts()[0].VMotionAddress(); ok {
		t.Error("still selected")
	}
}

func TestNetworkConfig(t *testing.T) {
	l := newLab(t)
	c := l.esx(0)
	ns := networkSystem(t, c, haHost)
	spec := static("10.0.0.1")
	result, err := ns.UpdateNetworkConfig(ctx, types.HostNetworkConfig{
		Vswitch:     []types.HostVirtualSwitchConfig{{ChangeOperation: "add", Name: "vSwitch1", Spec: bondSpec("vmnic1")}},
		Portgroup:   []types.HostPortGroupConfig{{ChangeOperation: "add", Spec: &types.HostPortGroupSpec{Name: "vMotion", VswitchName: "vSwitch1"}}},
		Vnic:        []types.HostVirtualNicConfig{{ChangeOperation: "add", Portgroup: "vMotion", Spec: &spec}},
		DnsConfig:   &types.HostDnsConfig{HostName: "esx1", DomainName: "lab.test", Address: []string{"10.0.0.53"}},
		IpV6Enabled: types.NewBool(false),
	}, "modify")
	must(t, err)
	if !slices.Equal(result.VnicDevice, []string{"vmk1"}) {
		t.Errorf("made: %v", result.VnicDevice)
	}
	host := system(t, c, haHost, "name", "config.network", "summary.rebootRequired")
	n := host.Config.Network
	if host.Name != "esx1.lab.test" || *n.AtBootIpV6Enabled || !*n.IpV6Enabled || !host.Summary.RebootRequired {
		t.Errorf("name %q, IPv6 now %v, at boot %v, reboot %v", host.Name, *n.IpV6Enabled, *n.AtBootIpV6Enabled, host.Summary.RebootRequired)
	}
	_, err = ns.UpdateNetworkConfig(ctx, types.HostNetworkConfig{
		Portgroup: []types.HostPortGroupConfig{{ChangeOperation: "add", Spec: &types.HostPortGroupSpec{Name: "first", VswitchName: "vSwitch1"}}},
		Vnic:      []types.HostVirtualNicConfig{{ChangeOperation: "remove", Device: "vmk9"}},
	}, "modify")
	wantFault(t, "half of it is wrong", err, &types.NotFound{})
	for _, group := range system(t, c, haHost, "config.network").Config.Network.Portgroup {
		if group.Spec.Name == "first" {
			t.Error("half of a refused configuration was made")
		}
	}
	_, err = ns.UpdateNetworkConfig(ctx, types.HostNetworkConfig{}, "replace")
	wantFault(t, "replace", err, &types.NotSupported{})
}

func TestAddressSettings(t *testing.T) {
	l := newLab(t)
	ns := networkSystem(t, l.esx(0), haHost)
	must(t, ns.UpdateDnsConfig(ctx, &types.HostDnsConfig{HostName: "esx1", DomainName: "lab.test"}))
	must(t, ns.UpdateIpRouteConfig(ctx, &types.HostIpRouteConfig{DefaultGateway: "127.0.61.254"}))
	for _, test := range []struct {
		what string
		err  error
		want types.BaseMethodFault
	}{
		{"host name with a domain", ns.UpdateDnsConfig(ctx, &types.HostDnsConfig{HostName: "esx1.lab", DomainName: "lab"}), &types.InvalidArgument{}},
		{"server that is none", ns.UpdateDnsConfig(ctx, &types.HostDnsConfig{HostName: "esx1", Address: []string{"8.8.8"}}), &types.InvalidArgument{}},
		{"DHCP on no adapter", ns.UpdateDnsConfig(ctx, &types.HostDnsConfig{Dhcp: true, VirtualNicDevice: "vmk9", HostName: "a"}), &types.NotFound{}},
		{"gateway that is none", ns.UpdateIpRouteConfig(ctx, &types.HostIpRouteConfig{DefaultGateway: "x"}), &types.InvalidArgument{}},
		{"gateway elsewhere", ns.UpdateIpRouteConfig(ctx, &types.HostIpRouteConfig{DefaultGateway: "10.9.9.9"}), &types.HostConfigFault{}},
	} {
		wantFault(t, test.what, test.err, test.want)
	}
}

func TestNetworkHint(t *testing.T) {
	l := newLab(t)
	ns := networkSystem(t, l.esx(0), haHost)
	query := func(devices ...string) ([]types.PhysicalNicHintInfo, error) {
		res, err := methods.QueryNetworkHint(ctx, ns.Client(), &types.QueryNetworkHint{This: ns.Reference(), Device: devices})
		if err != nil {
			return nil, err
		}
		return res.Returnval, nil
	}
	hints, err := query()
	must(t, err)
	if len(hints) != 2 || len(hints[0].Subnet) != 1 || hints[0].Subnet[0].IpSubnet != "127.0.61.0/24" {
		t.Errorf("hints: %+v", hints)
	}
	_, err = query("vmnic9")
	wantFault(t, "no such adapter", err, &types.NotFound{})
}
