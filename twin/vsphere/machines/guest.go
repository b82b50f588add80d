// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
)

// lookAtGuest shows the addresses that the machine uses, when they have changed.
func (mc *VM) lookAtGuest() {
	mc.guest.Lock()
	defer mc.guest.Unlock()
	if mc.Running() == nil || mc.Power() != PoweredOn {
		return
	}
	hw := mc.Hardware()
	found := map[string]string{}
	for _, n := range hw.Nics {
		if ip, ok := mc.Manager.Cfg.GuestAddress(n.mac); ok {
			found[n.mac] = ip
		}
	}
	if !maps.Equal(found, mc.addresses) {
		mc.addresses = found
		mc.showGuest(hw, found)
	}
}

// clearGuest forgets what the guest said: it is off, or has just begun to boot.
func (mc *VM) clearGuest() {
	mc.guest.Lock()
	defer mc.guest.Unlock()
	mc.addresses = map[string]string{}
	mc.showGuest(mc.Hardware(), nil)
}

// showGuest shows guest information as VMware Tools would report it.
func (mc *VM) showGuest(hw Hardware, addresses map[string]string) {
	var nets []types.GuestNicInfo
	first := ""
	for _, n := range hw.Nics {
		ip, ok := addresses[n.mac]
		nets = append(nets, guestNIC(n, ip))
		if ok && first == "" {
			first = ip
		}
	}
	status, running, host := types.VirtualMachineToolsStatusToolsNotRunning, types.VirtualMachineToolsRunningStatusGuestToolsNotRunning, ""
	state, heartbeat := "notRunning", types.ManagedEntityStatusGray
	if mc.Power() == PoweredOn {
		state = "unknown"
	}
	if len(addresses) > 0 {
		status, running, host = types.VirtualMachineToolsStatusToolsOk, types.VirtualMachineToolsRunningStatusGuestToolsRunning, hw.Name
		state, heartbeat = "running", types.ManagedEntityStatusGreen
	}
	mc.set(
		registry.Change{Name: "guest.net", Val: slices.Clip(nets)},
		registry.Change{Name: "guest.ipAddress", Val: first},
		registry.Change{Name: "guest.hostName", Val: host},
		registry.Change{Name: "guest.guestState", Val: state},
		registry.Change{Name: "guest.toolsStatus", Val: status},
		registry.Change{Name: "guest.toolsRunningStatus", Val: string(running)},
		registry.Change{Name: "guest.toolsVersionStatus2", Val: string(types.VirtualMachineToolsVersionStatusGuestToolsUnmanaged)},
		registry.Change{Name: "guestHeartbeatStatus", Val: heartbeat},
		registry.Change{Name: "summary.guest.ipAddress", Val: first},
		registry.Change{Name: "summary.guest.hostName", Val: host},
		registry.Change{Name: "summary.guest.toolsStatus", Val: status},
		registry.Change{Name: "summary.guest.toolsRunningStatus", Val: string(running)},
		registry.Change{Name: "summary.quickStats.guestHeartbeatStatus", Val: heartbeat},
	)
	mc.connectDevices(mc.Power() == PoweredOn)
}

func guestNIC(n Nic, ip string) types.GuestNicInfo {
	info := types.GuestNicInfo{Network: n.Portgroup, MacAddress: n.mac, Connected: ip != "", DeviceConfigId: n.Key}
	if addr, err := netip.ParseAddr(ip); err == nil {
		info.IpAddress = []string{ip}
		info.IpConfig = &types.NetIpConfigInfo{IpAddress: []types.NetIpConfigInfoIpAddress{{
			IpAddress: ip, PrefixLength: int32(guestPrefix(addr)), State: string(types.NetIpConfigInfoIpAddressStatusPreferred),
		}}}
	}
	return info
}

// guestPrefix is the length of the guests' network prefix; that network is a /24 as in the thesis.
func guestPrefix(addr netip.Addr) int {
	if addr.Is4() {
		return 24
	}
	return 64
}

// connectDevices shows removable devices as connected while the machine is on, where they are to be.
func (mc *VM) connectDevices(powered bool) {
	for inv, object := range mc.Shown() {
		devices := registry.Read(inv.Registry, object, func(vm *simulator.VirtualMachine) []types.BaseVirtualDevice {
			return connected(vm.Config.Hardware.Device, powered)
		})
		if devices != nil {
			inv.Set(object, registry.Change{Name: "config.hardware.device", Val: devices})
		}
	}
}

// connected is a copy of the devices with their connection as it should be; nil when it is that already.
func connected(devices object.VirtualDeviceList, powered bool) []types.BaseVirtualDevice {
	differs := slices.ContainsFunc(devices, func(device types.BaseVirtualDevice) bool {
		c := device.GetVirtualDevice().Connectable
		return c != nil && c.Connected != (powered && c.StartConnected)
	})
	if !differs {
		return nil
	}
	copied := CopyOf(types.ArrayOfVirtualDevice{VirtualDevice: devices}).VirtualDevice
	for _, device := range copied {
		if c := device.GetVirtualDevice().Connectable; c != nil {
			c.Connected = powered && c.StartConnected
		}
	}
	return copied
}
