// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"cmp"
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/names"
)

// Disk is a virtual disk of a machine.
type Disk struct {
	Key       int32
	Label     string
	File      string // as the API names it: "[datastore] folder/name.vmdk"
	Datastore string
	Path      string // on the datastore
	Bytes     int64
	bus       string // as package hypervisor has it; empty when that has no such controller
	busNumber int32
	unit      int32
}

// Nic is a network adapter of a machine.
type Nic struct {
	Key       int32
	label     string
	model     string // as package hypervisor has it; empty when that has no such adapter
	mac       string
	Portgroup string // empty for one that is on no standard port group
	Backing   string // how to name what it is connected to
	Network   *Ref
	connected bool // plugged in when the machine powers on
}

// unitsPerSCSI is how many places a SCSI controller has. QEMU gets one controller of a kind, with all disks of the kind on it.
const unitsPerSCSI = 16

// disksOf are the disks of a configuration; the first is the one that boots.
func disksOf(devices object.VirtualDeviceList) []Disk {
	var disks []Disk
	for _, device := range devices {
		d, ok := device.(*types.VirtualDisk)
		if !ok {
			continue
		}
		if found, ok := DiskOf(devices, d); ok {
			disks = append(disks, found)
		}
	}
	slices.SortStableFunc(disks, func(a, b Disk) int {
		return cmp.Or(cmp.Compare(a.busNumber, b.busNumber), cmp.Compare(a.unit, b.unit))
	})
	return disks
}

func DiskOf(devices object.VirtualDeviceList, d *types.VirtualDisk) (Disk, bool) {
	backing, ok := d.Backing.(types.BaseVirtualDeviceFileBackingInfo)
	if !ok {
		return Disk{}, false
	}
	found := Disk{Key: d.Key, Label: labelOf(devices, d), File: backing.GetVirtualDeviceFileBackingInfo().FileName, Bytes: d.CapacityInBytes}
	if found.Bytes == 0 {
		found.Bytes = d.CapacityInKB << 10
	}
	var path object.DatastorePath
	if path.FromString(found.File) {
		found.Datastore, found.Path = path.Datastore, path.Path
	}
	if d.UnitNumber != nil {
		found.unit = *d.UnitNumber
	}
	if c, ok := devices.FindByKey(d.ControllerKey).(types.BaseVirtualController); ok {
		found.busNumber = c.GetVirtualController().BusNumber
		found.bus = busOf(c)
	}
	return found, true
}

// busOf is how package hypervisor calls a controller.
func busOf(controller types.BaseVirtualController) string {
	switch controller.(type) {
	case *types.ParaVirtualSCSIController:
		return "pvscsi"
	case *types.VirtualLsiLogicController, *types.VirtualBusLogicController:
		// QEMU has no BusLogic; the old LSI is what it has for guests of that age.
		return "lsilogic"
	case *types.VirtualLsiLogicSASController:
		return "lsilogicsas"
	case *types.VirtualAHCIController:
		return "sata"
	case *types.VirtualIDEController:
		return "ide"
	}
	return ""
}

// place is the disk's place among all disks of its kind of controller.
func (d Disk) place() int {
	switch d.bus {
	case "ide":
		return int(d.busNumber*2 + d.unit)
	case "sata":
		return int(d.busNumber*6 + d.unit)
	}
	return int(d.busNumber*unitsPerSCSI + d.unit)
}

// NicsOf are the network adapters of a configuration.
func NicsOf(devices object.VirtualDeviceList) []Nic {
	var nics []Nic
	for _, device := range devices {
		card, ok := device.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		c := card.GetVirtualEthernetCard()
		n := Nic{Key: c.Key, label: labelOf(devices, device), model: modelOf(device), mac: c.MacAddress, connected: true}
		if c.Connectable != nil {
			n.connected = c.Connectable.StartConnected
		}
		switch b := c.Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			n.Portgroup, n.Backing, n.Network = names.Plain(b.DeviceName), b.DeviceName, b.Network
		case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
			n.Backing = b.Port.PortgroupKey
			n.Network = &Ref{Type: "DistributedVirtualPortgroup", Value: b.Port.PortgroupKey}
		}
		nics = append(nics, n)
	}
	return nics
}

// modelOf is how package hypervisor calls an adapter.
func modelOf(device types.BaseVirtualDevice) string {
	switch device.(type) {
	case *types.VirtualVmxnet3:
		return "vmxnet3"
	case *types.VirtualE1000:
		return "e1000"
	case *types.VirtualE1000e:
		return "e1000e"
	}
	return ""
}

// labelOf is what people call a device: "Hard disk 1".
func labelOf(devices object.VirtualDeviceList, device types.BaseVirtualDevice) string {
	if info := device.GetVirtualDevice().DeviceInfo; info != nil && info.GetDescription().Label != "" {
		return info.GetDescription().Label
	}
	return devices.Name(device)
}
