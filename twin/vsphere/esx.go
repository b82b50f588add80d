// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// newESXRegistry is the registry of a host's own endpoint: the simulator's ESX model, turned into this host.
func newESXRegistry(h *Host) *registry {
	content := esx.ServiceContent
	content.About = h.about
	reg := newRegistry(content, esx.RootFolder)
	reg.watchMachines(func() {})
	system := reg.Get(esx.HostSystem.Self).(*simulator.HostSystem)
	v := newView(h, reg, system, esx.Datacenter.Self)
	h.views = append(h.views, v)
	reg.kinds["Datastore"] = func(ref types.ManagedObjectReference) mo.Reference {
		return &datastoreObject{&overlay{ref}, reg, h.server}
	}

	// The simulator starts with a Network that is nobody's; the host's own takes its place.
	reg.orphan(reg.Get(esx.Datacenter.Network[0]).(mo.Entity))
	reg.setList(esx.Datacenter.Self, "network", nil)
	reg.setList(system.Self, "network", nil)
	v.show()
	return reg
}

// describe gives a HostSystem of the simulator what is this host's and does not change: product, hardware, identity.
func (v *view) describe() {
	h := v.host
	v.locked(func() {
		system := v.system
		hardware := *system.Hardware
		hardware.SystemInfo.Uuid = h.uuid()
		hardware.MemorySize = h.cfg.MemoryMB << 20
		hardware.CpuInfo = types.HostCpuInfo{
			NumCpuPackages: int16(h.cfg.CPUs), NumCpuCores: int16(h.cfg.CPUs), NumCpuThreads: int16(h.cfg.CPUs),
			Hz: int64(h.cfg.MHz) * 1e6,
		}
		system.Hardware = &hardware
		system.Capability = hostCapability()

		summary := *system.Summary.Hardware
		summary.Uuid = h.uuid()
		summary.MemorySize = hardware.MemorySize
		summary.CpuMhz = int32(h.cfg.MHz)
		summary.NumCpuPkgs, summary.NumCpuCores, summary.NumCpuThreads = int16(h.cfg.CPUs), int16(h.cfg.CPUs), int16(h.cfg.CPUs)
		summary.NumNics = int32(h.cfg.NICs)
		system.Summary.Hardware = &summary

		config := *system.Config
		config.Product = h.about
		config.Host = system.Self
		if h.about.ApiVersion == "5.5" || h.about.ApiVersion == "6.0" {
			// The template's came with 6.5, and clients that speak an older version do not know them.
			config.GraphicsConfig, config.DeploymentInfo, config.IoFilterInfo = nil, nil, nil
		}
		system.Config = &config
		system.Summary.Config.Product = &h.about
		system.Summary.Config.SslThumbprint = ""
		system.Summary.OverallStatus = types.ManagedEntityStatusGreen
		self := system.Self
		system.Summary.Host = &self
	})
	v.describeParent()
	v.describeBrowser()
}

// describeParent sums up the hosts of the ComputeResource or cluster.
func (v *view) describeParent() {
	if v.system.Parent == nil {
		return
	}
	var sum types.ComputeResourceSummary
	sum.OverallStatus = types.ManagedEntityStatusGreen
	for _, ref := range v.reg.list(*v.system.Parent, "host") {
		system, ok := v.reg.Get(ref).(*simulator.HostSystem)
		if !ok {
			continue
		}
		v.reg.WithLock(v.reg.context(), ref, func() {
			hardware := system.Summary.Hardware
			sum.TotalCpu += hardware.CpuMhz * int32(hardware.NumCpuCores)
			sum.TotalMemory += hardware.MemorySize
			sum.NumCpuCores += hardware.NumCpuCores
			sum.NumCpuThreads += hardware.NumCpuThreads
			sum.NumHosts++
			if system.Runtime.ConnectionState == types.HostSystemConnectionStateConnected && !system.Runtime.InMaintenanceMode {
				sum.EffectiveCpu += hardware.CpuMhz * int32(hardware.NumCpuCores)
				sum.EffectiveMemory += hardware.MemorySize >> 20
				sum.NumEffectiveHosts++
			}
		})
	}
	v.setParentSummary(sum)
}

func (v *view) setParentSummary(sum types.ComputeResourceSummary) {
	switch parent := v.reg.Get(*v.system.Parent).(type) {
	case *mo.ComputeResource:
		v.reg.update(parent, change{Name: "summary", Val: sum})
	case *simulator.ClusterComputeResource:
		v.reg.WithLock(v.reg.context(), parent.Self, func() {
			old, _ := parent.Summary.(*types.ClusterComputeResourceSummary)
			next := types.ClusterComputeResourceSummary{}
			if old != nil {
				next = *old
			}
			next.ComputeResourceSummary = sum
			parent.Summary = &next
		})
	}
}
