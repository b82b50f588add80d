// SPDX-License-Identifier: GPL-3.0-or-later

package view

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// hardwareVersions are the newest virtual hardware that each ESXi release runs (VMware KB 1003746), the newest release first.
var hardwareVersions = []struct {
	release string
	version types.HardwareVersion
}{
	{"8.0.2", types.VMX21}, {"8.0.0", types.VMX20}, {"7.0.2", types.VMX19}, {"7.0.1", types.VMX18}, {"7.0.0", types.VMX17},
	{"6.7.2", types.VMX15}, {"6.7.0", types.VMX14}, {"6.5.0", types.VMX13}, {"6.0.0", types.VMX11}, {"5.5.0", types.VMX10},
}

// newestHardware is the newest virtual hardware that a version of ESXi runs.
func newestHardware(esxi string) types.HardwareVersion {
	for _, h := range hardwareVersions {
		if strings.Compare(esxi, h.release) >= 0 {
			return h.version
		}
	}
	return types.VMX9
}

// describeBrowser says which virtual hardware the hosts of a ComputeResource or cluster run.
func (v *View) describeBrowser() {
	browser := v.browser()
	if browser == nil {
		return
	}
	newest := map[types.ManagedObjectReference]types.HardwareVersion{}
	var top types.HardwareVersion
	for _, ref := range v.Reg.List(*v.System.Parent, "host") {
		if system, ok := v.Reg.Get(ref).(*simulator.HostSystem); ok {
			v.Reg.WithLock(v.Reg.Context(), ref, func() { newest[ref] = newestHardware(system.Config.Product.Version) })
			top = max(top, newest[ref])
		}
	}
	var options []types.VirtualMachineConfigOptionDescriptor
	for _, version := range types.GetHardwareVersions() {
		if version > top {
			break
		}
		option := types.VirtualMachineConfigOptionDescriptor{
			Key: version.String(), Description: version.String(), DefaultConfigOption: version == top,
			CreateSupported: true, RunSupported: true, UpgradeSupported: true,
		}
		for ref, supported := range newest {
			if supported >= version {
				option.Host = append(option.Host, ref)
			}
		}
		options = append(options, option)
	}
	v.Reg.WithLock(v.Reg.Context(), browser.Self, func() { browser.QueryConfigOptionDescriptorResponse.Returnval = options })
}

// browser is the EnvironmentBrowser of the host's ComputeResource or cluster.
func (v *View) browser() *simulator.EnvironmentBrowser {
	var ref *types.ManagedObjectReference
	switch parent := v.Reg.Get(*v.System.Parent).(type) {
	case *mo.ComputeResource:
		ref = parent.EnvironmentBrowser
	case *simulator.ClusterComputeResource:
		ref = parent.EnvironmentBrowser
	}
	if ref == nil {
		return nil
	}
	browser, _ := v.Reg.Get(*ref).(*simulator.EnvironmentBrowser)
	return browser
}
