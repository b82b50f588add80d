// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/iscsi"
)

// localDisk is the host's own disk, on which datastore1 is.
const localDisk = "mpx.vmhba0:C0:T0:L0"

// deviceInfo is config.storageDevice: the local disk and CD drive of the template, and the iSCSI adapter with what is behind it.
func deviceInfo(s *State, luns []device) types.HostStorageDeviceInfo {
	info := localDevices()
	info.SoftwareInternetScsiEnabled = s.ISCSI.Enabled
	if !s.ISCSI.Enabled {
		return info
	}
	info.HostBusAdapter = append(info.HostBusAdapter, s.shownHBA())
	addDevices(&info, luns)
	return info
}

// localDevices is the template's storage, made anew each time because every host changes its own.
func localDevices() types.HostStorageDeviceInfo {
	template := esx.HostStorageDeviceInfo
	info := types.HostStorageDeviceInfo{
		HostBusAdapter:    append([]types.BaseHostHostBusAdapter{}, template.HostBusAdapter[:2]...),
		ScsiLun:           append([]types.BaseScsiLun{}, template.ScsiLun...),
		ScsiTopology:      &types.HostScsiTopology{Adapter: append([]types.HostScsiTopologyInterface{}, template.ScsiTopology.Adapter[:2]...)},
		MultipathInfo:     &types.HostMultipathInfo{Lun: append([]types.HostMultipathInfoLogicalUnit{}, template.MultipathInfo.Lun...)},
		PlugStoreTopology: nil, // Derived from the rest, and no client of ours reads it.
	}
	return info
}

// addDevices adds each LUN once, with a path for every portal it was found at.
func addDevices(info *types.HostStorageDeviceInfo, luns []device) {
	topology := types.HostScsiTopologyInterface{Key: "key-vim.host.ScsiTopology.Interface-" + iscsiAdapter, Adapter: iscsiHBAKey}
	targets := targetNumbers(luns)
	units := map[string]int{}
	for _, d := range luns {
		target := targets[d.IQN]
		path := devicePath(d, target, channelOf(luns, d))
		unit, known := units[d.CanonicalName()]
		if !known {
			disk := scsiDisk(d)
			info.ScsiLun = append(info.ScsiLun, disk)
			info.MultipathInfo.Lun = append(info.MultipathInfo.Lun, logicalUnit(disk))
			unit = len(info.MultipathInfo.Lun) - 1
			units[d.CanonicalName()] = unit
		}
		logical := &info.MultipathInfo.Lun[unit]
		path.Lun = logical.Key
		logical.Path = append(logical.Path, path)
		addToTopology(&topology, d, target)
	}
	info.ScsiTopology.Adapter = append(info.ScsiTopology.Adapter, topology)
}

// targetNumbers numbers the targets in the order in which they were found.
func targetNumbers(luns []device) map[string]int32 {
	numbers := map[string]int32{}
	for _, d := range luns {
		if _, known := numbers[d.IQN]; !known {
			numbers[d.IQN] = int32(len(numbers))
		}
	}
	return numbers
}

// channelOf numbers the portals through which one target is reached.
func channelOf(luns []device, d device) int {
	portals := map[string]int{}
	for _, other := range luns {
		if _, known := portals[other.Portal]; !known && other.IQN == d.IQN {
			portals[other.Portal] = len(portals)
		}
	}
	return portals[d.Portal]
}

func scsiDisk(d device) *types.HostScsiDisk {
	name, uuid := d.CanonicalName(), d.Uuid()
	blockSize := int32(d.BlockSize)
	blockSize = cmp.Or(blockSize, 512)
	path := d.path()
	return &types.HostScsiDisk{
		ScsiLun: types.ScsiLun{
			HostDevice:    types.HostDevice{DeviceName: path, DeviceType: "disk"},
			Key:           "key-vim.host.ScsiDisk-" + uuid,
			Uuid:          uuid,
			CanonicalName: name,
			DisplayName:   fmt.Sprintf("%s iSCSI Disk (%s)", strings.TrimSpace(d.Vendor), name),
			Descriptor: []types.ScsiLunDescriptor{
				{Quality: "highQuality", Id: name}, {Quality: "highQuality", Id: "vml." + uuid}, {Quality: "highQuality", Id: uuid},
			},
			LunType: "disk", Vendor: d.Vendor, Model: d.Product, Revision: "0001", ScsiLevel: 5, SerialNumber: d.Serial,
			QueueDepth: 128, OperationalState: []string{"ok"}, Capabilities: &types.ScsiLunCapabilities{UpdateDisplayNameSupported: true},
			VStorageSupport: "vStorageUnknown", ProtocolEndpoint: types.NewBool(false),
		},
		Capacity:              types.HostDiskDimensionsLba{BlockSize: blockSize, Block: d.Size / int64(blockSize)},
		DevicePath:            path,
		Ssd:                   types.NewBool(false),
		LocalDisk:             types.NewBool(false),
		EmulatedDIXDIFEnabled: types.NewBool(false),
		ScsiDiskType:          "native512",
	}
}

func logicalUnit(disk *types.HostScsiDisk) types.HostMultipathInfoLogicalUnit {
	return types.HostMultipathInfoLogicalUnit{
		Key: "key-vim.host.MultipathInfo.LogicalUnit-" + disk.Uuid, Id: disk.Uuid, Lun: disk.Key,
		Policy: &types.HostMultipathInfoFixedLogicalUnitPolicy{
			HostMultipathInfoLogicalUnitPolicy: types.HostMultipathInfoLogicalUnitPolicy{Policy: "VMW_PSP_FIXED"},
		},
		StorageArrayTypePolicy: &types.HostMultipathInfoLogicalUnitStorageArrayTypePolicy{Policy: "VMW_SATP_DEFAULT_AA"},
	}
}

func devicePath(d device, target int32, channel int) types.HostMultipathInfoPath {
	name := fmt.Sprintf("%s:C%d:T%d:L%d", iscsiAdapter, channel, target, d.Number)
	return types.HostMultipathInfoPath{
		Key: "key-vim.host.MultipathInfo.Path-" + name, Name: name, PathState: d.pathState(), State: d.pathState(),
		IsWorkingPath: types.NewBool(!d.lost), Adapter: iscsiHBAKey, Transport: iscsiTransport(d),
	}
}

func iscsiTransport(d device) *types.HostInternetScsiTargetTransport {
	return &types.HostInternetScsiTargetTransport{IScsiName: d.IQN, Address: []string{d.Portal}}
}

// addToTopology adds a LUN under its target, once.
func addToTopology(topology *types.HostScsiTopologyInterface, d device, target int32) {
	lun := types.HostScsiTopologyLun{
		Key: "key-vim.host.ScsiTopology.Lun-" + d.Uuid(), Lun: int32(d.Number), ScsiLun: "key-vim.host.ScsiDisk-" + d.Uuid(),
	}
	for i := range topology.Target {
		entry := &topology.Target[i]
		if entry.Target != target {
			continue
		}
		transport := entry.Transport.(*types.HostInternetScsiTargetTransport)
		if !slices.Contains(transport.Address, d.Portal) {
			transport.Address = append(transport.Address, d.Portal)
		}
		for _, other := range entry.Lun {
			if other.Key == lun.Key {
				return
			}
		}
		entry.Lun = append(entry.Lun, lun)
		return
	}
	topology.Target = append(topology.Target, types.HostScsiTopologyTarget{
		Key:    fmt.Sprintf("key-vim.host.ScsiTopology.Target-%s:0:%d", iscsiAdapter, target),
		Target: target, Lun: []types.HostScsiTopologyLun{lun}, Transport: iscsiTransport(d),
	})
}

// device is a LUN as a host sees it.
type device struct {
	iscsi.LUN
	// Auth is how the host logged in to its target.
	Auth iscsi.Auth
	// lost is set when a rescan does not find the LUN any more but a datastore is on it.
	lost bool
}

// CanonicalName is the name that identifies a disk on every host: its NAA id, or its T10 one when it reports none.
func (d device) CanonicalName() string {
	if d.NAA != "" {
		return "naa." + strings.ToLower(strings.TrimPrefix(d.NAA, "naa."))
	}
	id := fmt.Sprintf("%-8s%-16s%s", d.Vendor, d.Product, d.Serial)
	return "t10." + strings.ReplaceAll(id, " ", "_")
}

// Uuid is the device's VML id: kind of device, LUN, identifier, first letters of the model.
func (d device) Uuid() string {
	_, id, _ := strings.Cut(d.CanonicalName(), ".")
	if d.NAA == "" {
		id = fmt.Sprintf("%x", id)
	}
	return fmt.Sprintf("0200%02x0000%s%x", d.Number, id, fmt.Sprintf("%-6.6s", d.Product))
}

func (d device) path() string { return "/vmfs/devices/disks/" + d.CanonicalName() }

func (d device) pathState() string {
	if d.lost {
		return "dead"
	}
	return "active"
}
