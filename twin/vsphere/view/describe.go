// SPDX-License-Identifier: GPL-3.0-or-later

package view

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
)

// describe gives a HostSystem of the simulator what is this host's and does not change: product, hardware, identity.
func (v *View) describe() {
	h := v.Host
	v.locked(func() {
		system := v.System
		hardware := *system.Hardware
		hardware.SystemInfo.Uuid = h.Uuid()
		hardware.MemorySize = h.Cfg.MemoryMB << 20
		hardware.CpuInfo = types.HostCpuInfo{
			NumCpuPackages: int16(h.Cfg.CPUs), NumCpuCores: int16(h.Cfg.CPUs), NumCpuThreads: int16(h.Cfg.CPUs),
			Hz: int64(h.Cfg.MHz) * 1e6,
		}
		system.Hardware = &hardware
		system.Capability = hostCapability()

		summary := *system.Summary.Hardware
		summary.Uuid = h.Uuid()
		summary.MemorySize = hardware.MemorySize
		summary.CpuMhz = int32(h.Cfg.MHz)
		summary.NumCpuPkgs, summary.NumCpuCores, summary.NumCpuThreads = int16(h.Cfg.CPUs), int16(h.Cfg.CPUs), int16(h.Cfg.CPUs)
		summary.NumNics = int32(h.Cfg.NICs)
		system.Summary.Hardware = &summary

		config := *system.Config
		config.Product = h.About
		config.Host = system.Self
		if h.About.ApiVersion == "5.5" || h.About.ApiVersion == "6.0" {
			// The template's came with 6.5, and clients that speak an older version do not know them.
			config.GraphicsConfig, config.DeploymentInfo, config.IoFilterInfo = nil, nil, nil
		}
		system.Config = &config
		system.Summary.Config.Product = &h.About
		system.Summary.Config.SslThumbprint = ""
		system.Summary.OverallStatus = types.ManagedEntityStatusGreen
		self := system.Self
		system.Summary.Host = &self
	})
	v.describeParent()
	v.describeBrowser()
}

// describeParent sums up the hosts of the ComputeResource or cluster.
func (v *View) describeParent() {
	if v.System.Parent == nil {
		return
	}
	var sum types.ComputeResourceSummary
	sum.OverallStatus = types.ManagedEntityStatusGreen
	for _, ref := range v.Reg.List(*v.System.Parent, "host") {
		system, ok := v.Reg.Get(ref).(*simulator.HostSystem)
		if !ok {
			continue
		}
		v.Reg.WithLock(v.Reg.Context(), ref, func() {
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

func (v *View) setParentSummary(sum types.ComputeResourceSummary) {
	switch parent := v.Reg.Get(*v.System.Parent).(type) {
	case *mo.ComputeResource:
		v.Reg.Change(parent, registry.Change{Name: "summary", Val: sum})
	case *simulator.ClusterComputeResource:
		v.Reg.WithLock(v.Reg.Context(), parent.Self, func() {
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
