// SPDX-License-Identifier: GPL-3.0-or-later

package imports

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry/fault"

	"livelab.dev/twin/vsphere/names"
)

// ParseOVF reads a descriptor of one machine.
func ParseOVF(descriptor string) (envelope *ovf.Envelope, f *fault.Failure) {
	envelope, err := ovf.Unmarshal(strings.NewReader(descriptor))
	switch {
	case err != nil:
		return nil, fault.New(&types.OvfXmlFormat{Description: err.Error()}, "The OVF descriptor is not valid XML: %v", err)
	case envelope.VirtualSystemCollection != nil:
		return nil, fault.New(&types.OvfUnsupportedPackage{}, "The OVF package holds several machines (a VirtualSystemCollection); one is possible")
	case envelope.VirtualSystem == nil || len(envelope.VirtualSystem.VirtualHardware) == 0:
		return nil, fault.New(&types.OvfMissingHardware{}, "The OVF descriptor has no VirtualSystem with a VirtualHardwareSection")
	}
	if envelope.Disk == nil {
		envelope.Disk = &ovf.DiskSection{}
	}
	return envelope, nil
}

// SpecBuilder makes an import spec.
type SpecBuilder struct {
	Inv       *machines.Inventory
	Envelope  *ovf.Envelope
	System    *ovf.VirtualSystem
	Params    *types.OvfCreateImportSpecParams
	Datastore string // name
	Host      *machines.Ref
	result    types.OvfCreateImportSpecResult
}

func (b *SpecBuilder) Build(pool, datastore machines.Ref) types.OvfCreateImportSpecResult {
	b.normalise()
	config, err := b.Envelope.ToConfigSpecWithOptions(ovf.ToConfigSpecOptions{DeploymentConfiguration: b.Params.DeploymentOption})
	if err != nil {
		b.missing(&types.OvfInvalidPackage{}, "The OVF descriptor cannot be deployed: %v", err)
		return b.result
	}
	if b.Params.EntityName != "" {
		config.Name = b.Params.EntityName
	}
	config.Name = names.Escape(config.Name)
	config.Files.VmPathName = (&object.DatastorePath{Datastore: b.Datastore}).String()
	if config.NumCPUs == 0 {
		config.NumCPUs = 1
	}
	if config.GuestId == "" {
		config.GuestId = string(types.VirtualMachineGuestOsIdentifierOtherGuest)
	}
	if b.System.Annotation != nil {
		config.Annotation = b.System.Annotation.Annotation
	}
	// "vmx-10 vmx-11": the first that the package was made for does.
	if versions := strings.FieldsFunc(config.Version, func(r rune) bool { return r == ',' || r == ' ' }); len(versions) > 0 {
		config.Version = versions[0]
	}
	b.devices(&config, pool, datastore)
	b.result.ImportSpec = &types.VirtualMachineImportSpec{
		ImportSpec: types.ImportSpec{}, ConfigSpec: config, ResPoolEntity: &pool,
	}
	return b.result
}

// normalise spells the kinds of controllers as the parser does.
func (b *SpecBuilder) normalise() {
	items := b.System.VirtualHardware[0].Item
	for i := range items {
		if sub := items[i].ResourceSubType; sub != nil && strings.EqualFold(*sub, "lsilogicsas") {
			spelled := "lsilogic-sas"
			items[i].ResourceSubType = &spelled
		}
	}
}

// items are the descriptor's items of a type that its deployment option includes, in order.
func (b *SpecBuilder) items(kind ovf.CIMResourceType) []ovf.ResourceAllocationSettingData {
	var found []ovf.ResourceAllocationSettingData
	for _, item := range b.System.VirtualHardware[0].Item {
		if item.ResourceType != nil && *item.ResourceType == kind && (item.Configuration == nil || *item.Configuration == b.Params.DeploymentOption) {
			found = append(found, item)
		}
	}
	return found
}

// devices completes the devices: the parser knows neither the datastore nor the networks.
func (b *SpecBuilder) devices(config *types.VirtualMachineConfigSpec, pool, datastore machines.Ref) {
	cards, disks := b.items(ovf.EthernetAdapter), b.items(ovf.DiskDrive)
	var kept []types.BaseVirtualDeviceConfigSpec
	var all object.VirtualDeviceList
	for _, c := range config.DeviceChange {
		all = append(all, c.GetVirtualDeviceConfigSpec().Device)
	}
	nDisk, nCard := 0, 0
	for _, c := range config.DeviceChange {
		spec := c.GetVirtualDeviceConfigSpec()
		switch device := spec.Device.(type) {
		case *types.VirtualDisk:
			if nDisk < len(disks) {
				b.disk(config.Name, all, device, disks[nDisk], nDisk, datastore)
			}
			spec.FileOperation = types.VirtualDeviceConfigSpecFileOperationCreate
			nDisk++
		case types.BaseVirtualEthernetCard:
			if nCard < len(cards) {
				b.card(device.GetVirtualEthernetCard(), cards[nCard], pool)
			}
			nCard++
		case *types.VirtualUSBController, *types.VirtualUSBXHCIController, *types.VirtualFloppy, *types.VirtualSIOController:
			continue // Nothing here has them, and no guest boots from them.
		}
		kept = append(kept, c)
	}
	config.DeviceChange = kept
}

// disk names the disk's file on the datastore, and the file of the package that it is filled from.
func (b *SpecBuilder) disk(machine string, all object.VirtualDeviceList, device *types.VirtualDisk,
	item ovf.ResourceAllocationSettingData, n int, datastore machines.Ref,
) {
	backing := device.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	backing.FileName = (&object.DatastorePath{Datastore: b.Datastore, Path: fmt.Sprintf("%s/disk-%d.vmdk", names.File(machine), n)}).String()
	backing.Datastore = &datastore
	thin := b.Params.DiskProvisioning != string(types.OvfCreateImportSpecParamsDiskProvisioningTypeThick) &&
		b.Params.DiskProvisioning != string(types.OvfCreateImportSpecParamsDiskProvisioningTypeEagerZeroedThick)
	backing.ThinProvisioned = types.NewBool(thin)
	device.CapacityInKB = device.CapacityInBytes >> 10
	if device.ControllerKey == 0 {
		b.missing(&types.OvfInvalidPackage{}, "The disk %q is on no controller", item.ElementName)
		return
	}
	if len(item.HostResource) == 0 {
		return
	}
	id := path.Base(item.HostResource[0])
	for _, described := range b.Envelope.Disk.Disks {
		if described.DiskID != id || described.FileRef == nil {
			continue
		}
		for _, file := range b.Envelope.References {
			if file.ID == *described.FileRef {
				b.result.FileItem = append(b.result.FileItem, types.OvfFileItem{
					DeviceId: importKey(machine, all, device, n), Path: file.Href, Size: int64(file.Size), CimType: int32(ovf.DiskDrive),
				})
			}
		}
	}
}

// importKey is how the lease for a machine's import names its n-th disk.
func importKey(machine string, devices object.VirtualDeviceList, device types.BaseVirtualDevice, n int) string {
	return fmt.Sprintf("/%s/%s:%d", machine, devices.Type(device), n)
}

// card connects an adapter to the network that the descriptor's is mapped to, or to one of the same name.
func (b *SpecBuilder) card(card *types.VirtualEthernetCard, item ovf.ResourceAllocationSettingData, pool machines.Ref) {
	card.UnitNumber = nil // Its place is the simulator's to choose.
	if item.Address != nil && *item.Address != "" {
		card.MacAddress = strings.ToLower(*item.Address)
		card.AddressType = string(types.VirtualEthernetCardMacTypeManual)
	}
	wanted := ""
	if len(item.Connection) > 0 {
		wanted = item.Connection[0]
	}
	for _, mapped := range b.Params.NetworkMapping {
		if mapped.Name == wanted {
			b.connect(card, mapped.Network)
			return
		}
	}
	owner, property := pool, ""
	if compute, ok := b.Inv.Compute(pool); ok {
		owner, property = compute, "network"
	}
	if b.Host != nil {
		owner, property = *b.Host, "network"
	}
	for _, network := range b.Inv.List(owner, property) {
		if names.Same(b.Inv.NameOf(network), wanted) {
			b.connect(card, network)
			return
		}
	}
	b.missing(&types.OvfNetworkMappingNotSupported{}, "The network %q of the package is mapped to none, and there is none of that name", wanted)
}

func (b *SpecBuilder) connect(card *types.VirtualEthernetCard, network machines.Ref) {
	if b.Inv.Get(network) == nil {
		f := fault.Gone(network)
		b.missing(f.Fault, "%s", f.Text)
		return
	}
	card.Backing = &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: b.Inv.NameOf(network)},
		Network:                        &network,
	}
}

func (b *SpecBuilder) missing(kind types.BaseMethodFault, format string, args ...any) {
	b.result.Error = append(b.result.Error, *fault.New(kind, format, args...).Localized())
}

// DiskSize is the size, in bytes, of a disk of the descriptor; 0 when that depends on a property.
func DiskSize(disk ovf.VirtualDiskDesc) int64 {
	units := ""
	if disk.CapacityAllocationUnits != nil {
		units = *disk.CapacityAllocationUnits
	}
	capacity, err := strconv.ParseInt(disk.Capacity, 10, 64)
	if err != nil {
		return 0
	}
	return capacity * ovf.ParseCapacityAllocationUnits(units)
}
