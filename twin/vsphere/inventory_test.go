// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/task"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/vcenter"
)

func second[T any](_ T, err error) error { return err }

// eventually waits for something that happens by itself.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !happened(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func rebootHost(h *object.HostSystem, force bool) error {
	res, err := methods.RebootHost_Task(ctx, h.Client(), &types.RebootHost_Task{This: h.Reference(), Force: force})
	if err != nil {
		return err
	}
	return object.NewTask(h.Client(), res.Returnval).Wait(ctx)
}

func (l *lab) datacenter(c *vim25.Client) *object.Datacenter {
	l.t.Helper()
	dc, err := object.NewRootFolder(c).CreateDatacenter(ctx, "Thesis")
	must(l.t, err)
	return dc
}

// spec is how to add a host; its thumbprint is the right one.
func (l *lab) spec(index int) types.HostConnectSpec {
	l.t.Helper()
	at := l.Hosts()[index].Addr()
	certificate, err := vcenter.PeerCertificate(ctx, at.String())
	must(l.t, err)
	return types.HostConnectSpec{
		HostName: at.Addr().String(), Port: int32(at.Port()), UserName: "root", Password: hostPassword,
		SslThumbprint: vcenter.Thumbprint1(certificate),
	}
}

func addHost(dc *object.Datacenter, spec types.HostConnectSpec) error {
	folders, err := dc.Folders(ctx)
	if err != nil {
		return err
	}
	t, err := folders.HostFolder.AddStandaloneHost(ctx, spec, true, nil, nil)
	if err != nil {
		return err
	}
	return t.Wait(ctx)
}

// withHosts is a vCenter with both hosts in the datacenter Thesis.
func (l *lab) withHosts() (*vim25.Client, []*object.HostSystem) {
	l.t.Helper()
	c := l.vc()
	dc := l.datacenter(c)
	for i := range l.Hosts() {
		must(l.t, addHost(dc, l.spec(i)))
	}
	return c, l.inVC(c)
}

// inVC are vCenter's HostSystems, by name.
func (l *lab) inVC(c *vim25.Client) []*object.HostSystem {
	l.t.Helper()
	hosts, err := find.NewFinder(c).HostSystemList(ctx, "/Thesis/host/*")
	must(l.t, err)
	slices.SortFunc(hosts, func(a, b *object.HostSystem) int { return strings.Compare(a.InventoryPath, b.InventoryPath) })
	return hosts
}

func TestEmptyVCenter(t *testing.T) {
	l := newLab(t)
	c := l.vc()
	var root mo.Folder
	read(t, c, c.ServiceContent.RootFolder, &root, "childEntity")
	if len(root.ChildEntity) != 0 {
		t.Errorf("it starts with %v", root.ChildEntity)
	}
	dc := l.datacenter(c)
	var moDC mo.Datacenter
	read(t, c, dc.Reference(), &moDC, "network", "datastore")
	if len(moDC.Network) != 0 || len(moDC.Datastore) != 0 {
		t.Errorf("a new datacenter has %v %v", moDC.Network, moDC.Datastore)
	}
	_, err := object.NewRootFolder(c).CreateDatacenter(ctx, "Thesis")
	wantFault(t, "name taken", err, &types.DuplicateName{})
	_, err = object.NewRootFolder(c).CreateDatacenter(ctx, "")
	wantFault(t, "no name", err, &types.InvalidName{})
}

func TestAddHostFaults(t *testing.T) {
	l := newLab(t)
	c := l.vc()
	dc := l.datacenter(c)
	edit := func(f func(*types.HostConnectSpec)) types.HostConnectSpec {
		spec := l.spec(0)
		f(&spec)
		return spec
	}
	err := addHost(dc, edit(func(s *types.HostConnectSpec) { s.SslThumbprint = "" }))
	wantFault(t, "certificate not accepted", err, &types.SSLVerifyFault{})
	if taskErr := (task.Error{}); !errors.As(err, &taskErr) || taskErr.Fault().(*types.SSLVerifyFault).Thumbprint != l.spec(0).SslThumbprint {
		t.Errorf("the fault does not name the thumbprint: %v", err)
	}
	for _, test := range []struct {
		what string
		spec types.HostConnectSpec
		want types.BaseMethodFault
	}{
		{"other thumbprint", edit(func(s *types.HostConnectSpec) { s.SslThumbprint = l.spec(0).SslThumbprint[:56] + "0:00" }), &types.SSLVerifyFault{}},
		{"wrong password", edit(func(s *types.HostConnectSpec) { s.Password = "wrong" }), &types.InvalidLogin{}},
		{"nobody there", edit(func(s *types.HostConnectSpec) { s.Port = 1 }), &types.NoHost{}},
		{"no name", edit(func(s *types.HostConnectSpec) { s.HostName = "" }), &types.InvalidArgument{}},
		{"vCenter itself", edit(func(s *types.HostConnectSpec) {
			s.HostName, s.Port = l.VCenterAddr().Addr().String(), int32(l.VCenterAddr().Port())
			certificate, _ := vcenter.PeerCertificate(ctx, l.VCenterAddr().String())
			s.SslThumbprint = vcenter.Thumbprint1(certificate)
		}), &types.NotSupportedHost{}},
	} {
		wantFault(t, test.what, addHost(dc, test.spec), test.want)
	}
	if hosts, _ := find.NewFinder(c).HostSystemList(ctx, "/Thesis/host/*"); len(hosts) != 0 {
		t.Errorf("hosts: %v", hosts)
	}
	must(t, addHost(dc, l.spec(0)))
	wantFault(t, "there already", addHost(dc, l.spec(0)), &types.AlreadyConnected{})
}

// TestThumbprintOfVersion shows which digest of a host's certificate each vCenter takes, and how it refuses the other.
func TestThumbprintOfVersion(t *testing.T) {
	for _, test := range []struct {
		version      string
		sha1, sha256 types.BaseMethodFault // nil where it is taken
	}{
		{"6.7.0", nil, &types.SSLVerifyFault{}},
		{"8.0.3", nil, &types.SSLVerifyFault{}},
		{"9.0.0", &types.InvalidArgument{}, nil},
		{"10.0.0", &types.InvalidArgument{}, nil},
	} {
		t.Run(test.version, func(t *testing.T) {
			l := newLab(t, func(c *Config) { c.VCenter.Version = test.version })
			dc := l.datacenter(l.vc())
			spec := l.spec(0)
			certificate, err := vcenter.PeerCertificate(ctx, l.Hosts()[0].Addr().String())
			must(t, err)
			one, two := spec.SslThumbprint, strings.ToLower(registry.Thumbprint(sha256.Sum256(certificate.Raw)))
			try := func(thumbprint string) error {
				spec.SslThumbprint = thumbprint
				return addHost(dc, spec)
			}
			refused, taken, want := two, one, test.sha256
			if test.sha1 != nil {
				refused, taken, want = one, two, test.sha1
			}
			wantFault(t, "the other digest", try(refused), want)
			own := ""
			if taskErr := (task.Error{}); errors.As(try(""), &taskErr) {
				if f, ok := taskErr.Fault().(*types.SSLVerifyFault); ok {
					own = f.Thumbprint
				}
			}
			if !strings.EqualFold(own, taken) {
				t.Errorf("it names %q, but takes %q", own, taken)
			}
			must(t, try(taken))
		})
	}
}

func TestQueryConnectionInfo(t *testing.T) {
	l := newLab(t)
	c := l.vc()
	dc := l.datacenter(c)
	spec := l.spec(0)
	req := &types.QueryConnectionInfo{
		This: dc.Reference(), Hostname: spec.HostName, Port: spec.Port, Username: spec.UserName, Password: spec.Password,
	}
	_, err := methods.QueryConnectionInfo(ctx, c, req)
	wantFault(t, "certificate not accepted", err, &types.SSLVerifyFault{})
	req.SslThumbprint = spec.SslThumbprint
	res, err := methods.QueryConnectionInfo(ctx, c, req)
	must(t, err)
	if res.Returnval.Host.Hardware.Uuid != l.Hosts()[0].Uuid() || res.Returnval.ServerIp != "" {
		t.Errorf("info: %+v", res.Returnval)
	}
}

// TestOneHostTwoViews shows that what is done on a host shows in vCenter, and the other way round.
func TestOneHostTwoViews(t *testing.T) {
	l := newLab(t)
	vc, hosts := l.withHosts()
	esx := l.esx(0)
	withVMotion(t, vc, hosts[0].Reference(), "10.0.0.1")
	if n := system(t, esx, haHost, "config.network").Config.Network; len(n.Vswitch) != 2 || len(n.Vnic) != 2 {
		t.Errorf("done in vCenter, seen on the host: %d switches, %d adapters", len(n.Vswitch), len(n.Vnic))
	}
	must(t, networkSystem(t, esx, haHost).AddPortGroup(ctx, types.HostPortGroupSpec{Name: "lan", VswitchName: "vSwitch0"}))
	if names := networkNames(t, vc, hosts[0].Reference()); !slices.Equal(names, []string{"VM Network", "lan"}) {
		t.Errorf("done on the host, seen in vCenter: %v", names)
	}
	if names := networkNames(t, vc, hosts[1].Reference()); !slices.Equal(names, []string{"VM Network"}) {
		t.Errorf("the other host: %v", names)
	}
	one, two := system(t, vc, hosts[0].Reference(), "network"), system(t, vc, hosts[1].Reference(), "network")
	if one.Network[0] != two.Network[0] {
		t.Error("VM Network is not one Network in the datacenter")
	}
	var network mo.Network
	read(t, vc, one.Network[0], &network, "host")
	if len(network.Host) != 2 {
		t.Errorf("hosts of VM Network: %v", network.Host)
	}
}

func TestMaintenanceMode(t *testing.T) {
	l := newLab(t)
	vc, hosts := l.withHosts()
	enter, err := hosts[0].EnterMaintenanceMode(ctx, 0, false, nil)
	must(t, err)
	must(t, enter.Wait(ctx))
	if !l.Hosts()[0].InMaintenance() || !system(t, l.esx(0), haHost, "runtime").Runtime.InMaintenanceMode {
		t.Error("not in maintenance mode on the host")
	}
	if !system(t, vc, hosts[0].Reference(), "summary.runtime").Summary.Runtime.InMaintenanceMode {
		t.Error("not in maintenance mode in vCenter's summary")
	}
	again, err := hosts[0].EnterMaintenanceMode(ctx, 0, false, nil)
	must(t, err)
	wantFault(t, "twice", again.Wait(ctx), &types.InvalidState{})
	exit, err := hosts[0].ExitMaintenanceMode(ctx, 0)
	must(t, err)
	must(t, exit.Wait(ctx))
	if l.Hosts()[0].InMaintenance() {
		t.Error("still in maintenance mode")
	}
}

func TestDisconnectReconnect(t *testing.T) {
	l := newLab(t)
	vc, hosts := l.withHosts()
	off, err := hosts[0].Disconnect(ctx)
	must(t, err)
	must(t, off.Wait(ctx))
	if got := system(t, vc, hosts[0].Reference(), "runtime").Runtime.ConnectionState; got != types.HostSystemConnectionStateDisconnected {
		t.Errorf("state %q", got)
	}
	err = networkSystem(t, vc, hosts[0].Reference()).AddPortGroup(ctx, types.HostPortGroupSpec{Name: "x", VswitchName: "vSwitch0"})
	wantFault(t, "change of a host that is away", err, &types.HostNotConnected{})
	must(t, networkSystem(t, l.esx(0), haHost).AddPortGroup(ctx, types.HostPortGroupSpec{Name: "meanwhile", VswitchName: "vSwitch0"}))
	if names := networkNames(t, vc, hosts[0].Reference()); slices.Contains(names, "meanwhile") {
		t.Error("vCenter sees what changes on a host it has no connection to")
	}
	bad := l.spec(0)
	bad.Password = "wrong"
	on, err := hosts[0].Reconnect(ctx, &bad, nil)
	must(t, err)
	wantFault(t, "wrong password", on.Wait(ctx), &types.InvalidLogin{})
	on, err = hosts[0].Reconnect(ctx, nil, nil)
	must(t, err)
	must(t, on.Wait(ctx))
	if names := networkNames(t, vc, hosts[0].Reference()); !slices.Contains(names, "meanwhile") {
		t.Errorf("after reconnecting: %v", names)
	}
}

func TestRemoveHost(t *testing.T) {
	l := newLab(t)
	vc, hosts := l.withHosts()
	parent := *system(t, vc, hosts[0].Reference(), "parent").Parent
	res, err := methods.Destroy_Task(ctx, vc, &types.Destroy_Task{This: parent})
	must(t, err)
	must(t, object.NewTask(vc, res.Returnval).Wait(ctx))
	if left := l.inVC(vc); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	if datastores, _ := find.NewFinder(vc).DatastoreList(ctx, "/Thesis/datastore/*"); len(datastores) != 1 {
		t.Errorf("datastores: %v", datastores)
	}
	if networks, _ := find.NewFinder(vc).NetworkList(ctx, "/Thesis/network/*"); len(networks) != 1 {
		t.Errorf("networks: %v", networks)
	}
	folder, err := find.NewFinder(vc).Datacenter(ctx, "Thesis")
	must(t, err)
	must(t, addHost(folder, l.spec(0)))
}

func TestCluster(t *testing.T) {
	l := newLab(t)
	c := l.vc()
	dc := l.datacenter(c)
	folders, err := dc.Folders(ctx)
	must(t, err)
	cluster, err := folders.HostFolder.CreateCluster(ctx, "C1", types.ClusterConfigSpecEx{})
	must(t, err)
	for i := range l.Hosts() {
		add, err := cluster.AddHost(ctx, l.spec(i), true, nil, nil)
		must(t, err)
		must(t, add.Wait(ctx))
	}
	var compute mo.ClusterComputeResource
	read(t, c, cluster.Reference(), &compute, "host", "network", "datastore", "summary")
	if len(compute.Host) != 2 || len(compute.Network) != 1 || len(compute.Datastore) != 2 {
		t.Errorf("cluster: %v %v %v", compute.Host, compute.Network, compute.Datastore)
	}
	if sum := compute.Summary.GetComputeResourceSummary(); sum.NumHosts != 2 || sum.TotalMemory != 2*8192<<20 {
		t.Errorf("summary: %+v", sum)
	}
	remove, err := methods.Destroy_Task(ctx, c, &types.Destroy_Task{This: compute.Host[0]})
	must(t, err)
	wantFault(t, "works still", object.NewTask(c, remove.Returnval).Wait(ctx), &types.InvalidState{})
	enter, err := object.NewHostSystem(c, compute.Host[0]).EnterMaintenanceMode(ctx, 0, false, nil)
	must(t, err)
	must(t, enter.Wait(ctx))
	remove, err = methods.Destroy_Task(ctx, c, &types.Destroy_Task{This: compute.Host[0]})
	must(t, err)
	must(t, object.NewTask(c, remove.Returnval).Wait(ctx))
	read(t, c, cluster.Reference(), &compute, "host", "summary")
	if len(compute.Host) != 1 || compute.Summary.GetComputeResourceSummary().NumHosts != 1 {
		t.Errorf("after removal: %v", compute.Host)
	}
}

func TestCalls(t *testing.T) {
	l := newLab(t)
	must(t, networkSystem(t, l.esx(0), haHost).AddVirtualSwitch(ctx, "vSwitch1", nil))
	calls := l.Calls()
	if calls["esxi1"]["AddVirtualSwitch"] != 1 || calls["esxi1"]["Login"] != 1 || calls["esxi2"]["AddVirtualSwitch"] != 0 {
		t.Errorf("calls: %v", calls)
	}
}
