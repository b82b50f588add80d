// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/nfc"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
)

// descriptor is an OVF of a machine with a disk.
func descriptor(controller, adapter, network string) string {
	return fmt.Sprintf(`<?xml version="1.0"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf">
 <References><File ovf:id="file1" ovf:href="web-disk1.vmdk" ovf:size="9"/></References>
 <DiskSection><Info>disks</Info>
  <Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="4" ovf:capacityAllocationUnits="byte * 2^30"
    ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/></DiskSection>
 <NetworkSection><Info>networks</Info><Network ovf:name="%[3]s"><Description>guests</Description></Network></NetworkSection>
 <VirtualSystem ovf:id="web"><Info>a machine</Info><Name>web</Name>
  <OperatingSystemSection ovf:id="96" vmw:osType="debian10_64Guest"><Info>os</Info></OperatingSystemSection>
  <VirtualHardwareSection><Info>hardware</Info>
   <System><vssd:ElementName>hw</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-10 vmx-11</vssd:VirtualSystemType></System>
   <Item><rasd:ElementName>2 CPUs</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
   <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ElementName>512 MB</rasd:ElementName><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>512</rasd:VirtualQuantity></Item>
   <Item><rasd:Address>0</rasd:Address><rasd:ElementName>SCSI 0</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>%[1]s</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
   <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>disk1</rasd:ElementName><rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
   <Item><rasd:Address>%[4]s</rasd:Address><rasd:AddressOnParent>7</rasd:AddressOnParent><rasd:AutomaticAllocation>true</rasd:AutomaticAllocation><rasd:Connection>%[3]s</rasd:Connection><rasd:ElementName>ethernet0</rasd:ElementName><rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceSubType>%[2]s</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
  </VirtualHardwareSection>
 </VirtualSystem>
</Envelope>`, controller, adapter, network, testMAC)
}

// importSpec asks for the spec of a descriptor, with the network "lab" mapped to VM Network.
func (l *lab) importSpec(text string) *types.OvfCreateImportSpecResult {
	l.t.Helper()
	network, err := l.finder.Network(l.ctx, "VM Network")
	l.must(err)
	datastore, err := l.finder.Datastore(l.ctx, datastoreName)
	l.must(err)
	spec, err := ovf.NewManager(l.client.Client).CreateImportSpec(l.ctx, text, l.pool("DC0_C0_H0"), datastore, &types.OvfCreateImportSpecParams{
		EntityName: "web", NetworkMapping: []types.OvfNetworkMapping{{Name: "lab", Network: network.Reference()}},
	})
	l.must(err)
	return spec
}

// lease begins an import.
func (l *lab) lease(spec *types.OvfCreateImportSpecResult) (*nfc.Lease, *nfc.LeaseInfo) {
	l.t.Helper()
	lease, err := l.pool("DC0_C0_H0").ImportVApp(l.ctx, spec.ImportSpec, l.folder(), l.host("DC0_C0_H0"))
	l.must(err)
	info, err := lease.Wait(l.ctx, spec.FileItem)
	l.must(err)
	return lease, info
}

// upload sends a disk, as govc does. (Its client library sometimes ends the process when an answer comes at once, so not with it.)
func (l *lab) upload(info *nfc.LeaseInfo, content string) error {
	l.t.Helper()
	if len(info.Items) != 1 {
		l.t.Fatalf("items %+v", info.Items)
	}
	res, err := http.Post(info.Items[0].URL.String(), "application/x-vnd.vmware-streamVmdk", strings.NewReader(content))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode >= 300 {
		return fmt.Errorf("%s: %s", res.Status, text)
	}
	return nil
}

// nothingLeft fails the test when an import has left something.
func (l *lab) nothingLeft() {
	l.t.Helper()
	if names := l.volume.names(); len(names) != 0 {
		l.t.Errorf("on the volume: %v", names)
	}
	if vms, err := l.finder.VirtualMachineList(l.ctx, "*"); err == nil {
		l.t.Errorf("in the inventory: %v", vms)
	}
	if files, _ := filepath.Glob(filepath.Join(l.manager.Cfg.Dir, "uploads", "*")); len(files) != 0 {
		l.t.Errorf("spooled: %v", files)
	}
	if machines := l.manager.Machines(); len(machines) != 0 {
		l.t.Errorf("known: %v", machines)
	}
}

func TestImportLandsOnTheVolume(t *testing.T) {
	l := newLab(t)
	spec := l.importSpec(descriptor("VirtualSCSI", "VmxNet3", "lab"))
	if len(spec.Error) != 0 {
		t.Fatalf("errors %+v", spec.Error)
	}
	lease, info := l.lease(spec)
	vm := object.NewVirtualMachine(l.client.Client, info.Entity)
	_, err := vm.PowerOn(l.ctx)
	wantFault[*types.MethodDisabled](t, err, "")
	_, err = vm.Destroy(l.ctx)
	wantFault[*types.MethodDisabled](t, err, "")
	if p := l.props(vm, "disabledMethod"); !slices.Contains(p.DisabledMethod, "PowerOnVM_Task") {
		t.Errorf("disabled: %v", p.DisabledMethod)
	}

	l.must(lease.Progress(l.ctx, 40))
	var shown mo.HttpNfcLease
	l.must(l.client.RetrieveOne(l.ctx, lease.Reference(), []string{"transferProgress", "state"}, &shown))
	if shown.TransferProgress != 40 || shown.State != types.HttpNfcLeaseStateReady {
		t.Errorf("lease %+v", shown)
	}
	const content = "KDMV 4294967296"
	l.must(l.upload(info, content))
	manifest, err := lease.GetManifest(l.ctx)
	l.must(err)
	if len(manifest) != 1 || manifest[0].Size != int64(len(content)) || len(manifest[0].Sha1) != 40 {
		t.Errorf("manifest %+v", manifest)
	}
	l.must(lease.Complete(l.ctx))
	if got := l.volume.content["web/disk-0.vmdk"]; got != content {
		t.Errorf("on the volume: %q of %v", got, l.volume.names())
	}
	checkImported(t, l, vm)
	l.on(vm)
	if started, _ := l.backing.last(); started.Disks[0].Bus != "pvscsi" || started.NICs[0].MAC != testMAC {
		t.Errorf("started %+v", started)
	}
	if err := lease.Complete(l.ctx); err == nil {
		t.Error("a lease was completed twice")
	}
}

// checkImported examines the hardware of the imported machine.
func checkImported(t *testing.T, l *lab, vm *object.VirtualMachine) {
	t.Helper()
	p := l.props(vm, "config", "name", "network", "runtime.host", "disabledMethod")
	if len(p.DisabledMethod) != 0 {
		t.Errorf("disabled: %v", p.DisabledMethod)
	}
	if p.Name != "web" || p.Config.Hardware.NumCPU != 2 || p.Config.Hardware.MemoryMB != 512 || p.Config.Version != "vmx-10" {
		t.Errorf("%s: %+v", p.Name, p.Config.Hardware)
	}
	if len(p.Network) != 1 || *p.Runtime.Host != l.host("DC0_C0_H0").Reference() {
		t.Errorf("networks %v, host %v", p.Network, p.Runtime.Host)
	}
	devices := object.VirtualDeviceList(p.Config.Hardware.Device)
	card := devices.SelectByType((*types.VirtualVmxnet3)(nil))
	if len(card) != 1 || card[0].(*types.VirtualVmxnet3).MacAddress != testMAC {
		t.Errorf("adapters %+v", card)
	}
	disks := devices.SelectByType((*types.VirtualDisk)(nil))
	if len(disks) != 1 || disks[0].(*types.VirtualDisk).CapacityInBytes != 4<<30 {
		t.Errorf("disks %+v", disks)
	}
}

func TestImportShowsTheSizeThatWasUploaded(t *testing.T) {
	l := newLab(t)
	lease, info := l.lease(l.importSpec(descriptor("lsilogicsas", "E1000", "lab")))
	l.must(l.upload(info, "KDMV 1048576"))
	l.must(lease.Complete(l.ctx))
	vm := object.NewVirtualMachine(l.client.Client, info.Entity)
	devices, err := vm.Device(l.ctx)
	l.must(err)
	if disk := devices.SelectByType((*types.VirtualDisk)(nil))[0].(*types.VirtualDisk); disk.CapacityInBytes != 1048576 {
		t.Errorf("capacity %d", disk.CapacityInBytes)
	}
	l.on(vm)
	if started, _ := l.backing.last(); started.Disks[0].Bus != "lsilogicsas" || started.NICs[0].Model != "e1000" {
		t.Errorf("started %+v", started)
	}
}

func TestAbortedImportLeavesNothing(t *testing.T) {
	l := newLab(t)
	lease, info := l.lease(l.importSpec(descriptor("VirtualSCSI", "VmxNet3", "lab")))
	l.must(l.upload(info, "KDMV 1024"))
	l.must(lease.Abort(l.ctx, nil))
	l.nothingLeft()
	if err := l.upload(info, "KDMV 1024"); err == nil {
		t.Error("an upload after the end was accepted")
	}
	if err := lease.Complete(l.ctx); err == nil {
		t.Error("an aborted lease was completed")
	}
}

func TestUploadThatIsNoDiskFailsTheImport(t *testing.T) {
	l := newLab(t)
	lease, info := l.lease(l.importSpec(descriptor("VirtualSCSI", "VmxNet3", "lab")))
	if err := l.upload(info, "not a disk"); err == nil {
		t.Fatal("the upload was accepted")
	}
	eventually(t, "the lease's error", func() bool {
		var shown mo.HttpNfcLease
		l.must(l.client.RetrieveOne(l.ctx, lease.Reference(), []string{"state", "error"}, &shown))
		return shown.State == types.HttpNfcLeaseStateError && strings.Contains(shown.Error.LocalizedMessage, "not a disk image")
	})
	l.nothingLeft()
}

func TestUploadThatBreaksOffEndsTheImport(t *testing.T) {
	l := newLab(t)
	_, info := l.lease(l.importSpec(descriptor("VirtualSCSI", "VmxNet3", "lab")))
	body := io.MultiReader(strings.NewReader("KDMV 10"), brokenReader{})
	req, err := http.NewRequest(http.MethodPost, info.Items[0].URL.String(), body)
	l.must(err)
	req.ContentLength = 100
	if res, err := http.DefaultClient.Do(req); err == nil {
		t.Fatalf("half an upload was answered with %s", res.Status)
	}
	eventually(t, "the end of the import", func() bool { return len(l.manager.Machines()) == 0 })
	l.nothingLeft()
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestUploadCanBeRepeated(t *testing.T) {
	l := newLab(t)
	lease, info := l.lease(l.importSpec(descriptor("VirtualSCSI", "VmxNet3", "lab")))
	l.must(l.upload(info, "KDMV 4096"))
	l.must(l.upload(info, "KDMV 1048576"))
	l.must(lease.Complete(l.ctx))
	if size, _ := l.volume.Size("web/disk-0.vmdk"); size != 1048576 {
		t.Errorf("%d bytes on the volume", size)
	}
}

func TestClosingTheManagerEndsImports(t *testing.T) {
	l := newLab(t)
	_, info := l.lease(l.importSpec(descriptor("VirtualSCSI", "VmxNet3", "lab")))
	l.must(l.upload(info, "KDMV 1024"))
	l.must(l.manager.Close())
	l.nothingLeft()
}

func TestImportThatACrashEndedIsRemoved(t *testing.T) {
	l := newLab(t)
	lease, info := l.lease(l.importSpec(descriptor("VirtualSCSI", "VmxNet3", "lab")))
	l.must(l.upload(info, "KDMV 1024"))
	notes, err := filepath.Glob(filepath.Join(l.manager.imports.NotesDir(), "*"))
	if err != nil || len(notes) != 1 {
		t.Fatalf("notes %v, %v", notes, err)
	}
	note, err := os.ReadFile(notes[0])
	l.must(err)
	l.must(lease.Complete(l.ctx))
	if _, err := os.Stat(notes[0]); !os.IsNotExist(err) {
		t.Errorf("a finished import is still noted: %v", err)
	}
	// What a crash before the lease was completed would have left: the note and the disk.
	l.must(os.WriteFile(notes[0], note, 0o600))
	l.must(os.WriteFile(notes[0]+"x", []byte("{"), 0o600))
	next, err := NewMachines(machines.Config{Backing: l.backing, Dir: l.manager.Cfg.Dir, SampleEvery: time.Millisecond})
	l.must(err)
	defer next.Close()
	time.Sleep(5 * time.Millisecond)
	if len(l.volume.names()) != 1 {
		t.Error("the disk was removed before a host was there")
	}
	model := simulator.ESX()
	l.must(model.Create())
	defer model.Remove()
	next.answer(next.Take(registry.Over(model.Service, model.Map(), t.Logf), func(machines.Ref) machines.ESXi { return l.hosts["DC0_C0_H0"] }))
	eventually(t, "the removal of the disk", func() bool { return len(l.volume.names()) == 0 })
	eventually(t, "the removal of the notes", func() bool {
		left, _ := filepath.Glob(filepath.Join(l.manager.imports.NotesDir(), "*"))
		return len(left) == 0
	})
}

func TestImportTakesAFreeDirectory(t *testing.T) {
	l := newLab(t)
	l.must(l.volume.Allocate(l.ctx, "web/disk-0.vmdk", 1))
	lease, info := l.lease(l.importSpec(descriptor("VirtualSCSI", "VmxNet3", "lab")))
	l.must(l.upload(info, "KDMV 1024"))
	l.must(lease.Complete(l.ctx))
	if size, ok := l.volume.Size("web_1/disk-0.vmdk"); !ok || size != 1024 {
		t.Errorf("on the volume: %v", l.volume.names())
	}
	vm := object.NewVirtualMachine(l.client.Client, info.Entity)
	if p := l.props(vm, "config.files"); p.Config.Files.VmPathName != "[LocalDS_0] web_1/web.vmx" {
		t.Errorf("files %+v", p.Config.Files)
	}
	l.on(vm)
}

func TestImportFaults(t *testing.T) {
	l := newLab(t)
	spec := l.importSpec(descriptor("VirtualSCSI", "VmxNet3", "lab"))
	begin := func() error {
		_, err := l.pool("DC0_C0_H0").ImportVApp(l.ctx, spec.ImportSpec, l.folder(), l.host("DC0_C0_H0"))
		return err
	}
	l.volume.capacity = 1 << 30
	wantFault[*types.NoDiskSpace](t, begin(), "1073741824 are left")
	l.volume.capacity = 1 << 40
	l.make("web", "DC0_H0")
	wantFault[*types.DuplicateName](t, begin(), "web")
	spec.ImportSpec.(*types.VirtualMachineImportSpec).ConfigSpec.Name = "other"
	l.hosts["DC0_C0_H0"].change(func(h *fakeHost) { h.volumes = nil })
	wantFault[*types.InaccessibleDatastore](t, begin(), "all paths")
}

func TestImportSpecFaults(t *testing.T) {
	l := newLab(t)
	if spec := l.importSpec(descriptor("VirtualSCSI", "VmxNet3", "elsewhere")); len(spec.Error) != 1 {
		t.Errorf("a network that is not there: %+v", spec.Error)
	} else if _, ok := spec.Error[0].Fault.(*types.OvfNetworkMappingNotSupported); !ok {
		t.Errorf("fault %T", spec.Error[0].Fault)
	}
	datastore, err := l.finder.Datastore(l.ctx, datastoreName)
	l.must(err)
	for text, want := range map[string]string{
		"<Envelope": "not valid XML",
		`<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>`: "VirtualSystem",
	} {
		_, err = ovf.NewManager(l.client.Client).CreateImportSpec(l.ctx, text, l.pool("DC0_C0_H0"), datastore, &types.OvfCreateImportSpecParams{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseDescriptor(t *testing.T) {
	l := newLab(t)
	res, err := ovf.NewManager(l.client.Client).ParseDescriptor(l.ctx, descriptor("VirtualSCSI", "VmxNet3", "lab"), types.OvfParseDescriptorParams{})
	l.must(err)
	if res.DefaultEntityName != "web" || len(res.Network) != 1 || res.Network[0].Name != "lab" || res.ApproximateFlatDeploymentSize != 4<<30 {
		t.Errorf("%+v", res)
	}
}

func TestUploadURLsAreForUploadsOnly(t *testing.T) {
	l := newLab(t)
	_, info := l.lease(l.importSpec(descriptor("VirtualSCSI", "VmxNet3", "lab")))
	target := info.Items[0].URL.String()
	for _, c := range []struct {
		method, url string
		want        int
	}{
		{http.MethodGet, target, http.StatusMethodNotAllowed},
		{http.MethodPut, target + "x", http.StatusNotFound},
		{http.MethodPut, strings.Replace(target, "/nfc/", "/nfc/x", 1), http.StatusNotFound},
	} {
		req, err := http.NewRequest(c.method, c.url, strings.NewReader(""))
		l.must(err)
		res, err := http.DefaultClient.Do(req)
		l.must(err)
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s %s: %s", c.method, c.url, res.Status)
		}
	}
	if _, err := os.Stat(filepath.Join(l.manager.Cfg.Dir, "uploads")); err != nil {
		t.Error(err)
	}
}
