// SPDX-License-Identifier: GPL-3.0-or-later

package perf

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
)

// Measured is a host or a machine with its samples.
type Measured struct {
	Points []Point
	mhz    float64 // of one core
	cores  float64 // of the host, or virtual ones of the machine
}

// sample is the usage in the interval that ended at a time.
type sample struct {
	At time.Time
	Usage
}

// Measured are the samples of an entity; false when it is neither a host nor a machine of ours.
func (s *Sampler) Measured(inv *machines.Inventory, entity machines.Ref) (Measured, bool) {
	switch entity.Type {
	case "HostSystem":
		h := inv.HostOf(entity)
		if h == nil {
			return Measured{}, false
		}
		m := clock(inv, entity)
		m.Points = s.OfHost(h.Number())
		return m, true
	case "VirtualMachine":
		mc := inv.Machine(entity)
		if mc == nil {
			return Measured{}, false
		}
		var m Measured
		if where := registry.Read(inv.Registry, entity, func(vm *simulator.VirtualMachine) *machines.Ref { return vm.Runtime.Host }); where != nil {
			m = clock(inv, *where)
		}
		m.Points = s.OfMachine(mc.ID)
		m.cores = float64(mc.Hardware().CPUs)
		return m, true
	}
	return Measured{}, false
}

// clock is a host's processors.
func clock(inv *machines.Inventory, host machines.Ref) Measured {
	return registry.Read(inv.Registry, host, func(h *simulator.HostSystem) Measured {
		if hw := h.Summary.Hardware; hw != nil {
			return Measured{mhz: float64(hw.CpuMhz), cores: float64(hw.NumCpuCores)}
		}
		return Measured{}
	})
}

// Samples are the usage in intervals, in seconds, that end at multiples of the interval: those after begin and not after end, or
// the last of them when there is a limit.
func (m Measured) Samples(interval int32, begin, end *time.Time, limit int) []sample {
	if len(m.Points) == 0 {
		return nil
	}
	step := time.Duration(interval) * time.Second
	last := m.Points[len(m.Points)-1].To
	if end != nil && end.Before(last) {
		last = *end
	}
	first := m.Points[0].From
	if begin != nil && begin.After(first) {
		first = *begin
	}
	var found []sample
	for at := last.UTC().Truncate(step); at.After(first) && (limit <= 0 || len(found) < limit); at = at.Add(-step) {
		if u, ok := average(m.Points, at.Add(-step), at); ok {
			found = append(found, sample{at, u})
		}
	}
	slices.Reverse(found)
	return found
}

// counter is one that is measured.
type counter struct {
	Key   int32 // in this registry
	value func(Usage, Measured) float64
}

const kib = 1024

// Values of the counters in the units of the API, by group.name.rollup: MHz, hundredths of a percent, KB, KB per second.
var Values = map[string]func(Usage, Measured) float64{
	"cpu.usagemhz.average": func(u Usage, m Measured) float64 { return u.CPU * m.mhz },
	"cpu.usage.average": func(u Usage, m Measured) float64 {
		if m.cores == 0 {
			return 0
		}
		return min(10000, u.CPU/m.cores*10000)
	},
	"mem.consumed.average":    func(u Usage, _ Measured) float64 { return u.Memory / kib },
	"net.usage.average":       func(u Usage, _ Measured) float64 { return (u.Received + u.Sent) / kib },
	"net.received.average":    func(u Usage, _ Measured) float64 { return u.Received / kib },
	"net.transmitted.average": func(u Usage, _ Measured) float64 { return u.Sent / kib },
	"disk.usage.average":      func(u Usage, _ Measured) float64 { return (u.Read + u.Written) / kib },
	"disk.read.average":       func(u Usage, _ Measured) float64 { return u.Read / kib },
	"disk.write.average":      func(u Usage, _ Measured) float64 { return u.Written / kib },
}

// Counters are the registry's counters that are measured.
func Counters(inv *machines.Inventory) []counter {
	var found []counter
	for _, object := range inv.AllReference("PerformanceManager") {
		manager, ok := object.(*simulator.PerformanceManager)
		if !ok {
			continue
		}
		for _, info := range manager.PerfCounter {
			name := info.GroupInfo.GetElementDescription().Key + "." + info.NameInfo.GetElementDescription().Key + "." + string(info.RollupType)
			if value := Values[name]; value != nil {
				found = append(found, counter{info.Key, value})
			}
		}
	}
	return found
}

// quickStatsEvery is after how many rounds the summaries follow, as vCenter's do.
const quickStatsEvery = 20

// showQuickStats shows the present usage in the summaries of machines and hosts.
func (s *Sampler) showQuickStats(m *machines.Manager, list []*machines.VM) {
	for _, mc := range list {
		for inv, object := range mc.Shown() {
			u, mhz := s.now(inv, object)
			up := registry.Read(inv.Registry, object, func(vm *simulator.VirtualMachine) int32 {
				if t := vm.Runtime.BootTime; t != nil && vm.Runtime.PowerState == machines.PoweredOn {
					return int32(time.Since(*t).Seconds())
				}
				return 0
			})
			inv.Set(object,
				registry.Change{Name: "summary.quickStats.overallCpuUsage", Val: mhz},
				registry.Change{Name: "summary.quickStats.hostMemoryUsage", Val: int32(u.Memory / (1 << 20))},
				registry.Change{Name: "summary.quickStats.uptimeSeconds", Val: up})
		}
	}
	for _, inv := range m.Attached() {
		for _, entity := range inv.All("HostSystem") {
			if inv.HostOf(entity.Reference()) == nil {
				continue
			}
			u, mhz := s.now(inv, entity.Reference())
			inv.Set(entity.Reference(),
				registry.Change{Name: "summary.quickStats.overallCpuUsage", Val: mhz},
				registry.Change{Name: "summary.quickStats.overallMemoryUsage", Val: int32(u.Memory / (1 << 20))})
		}
	}
}

// now is the usage of an entity in the last seconds, and its CPU use in MHz.
func (s *Sampler) now(inv *machines.Inventory, entity machines.Ref) (Usage, int32) {
	m, ok := s.Measured(inv, entity)
	if !ok || len(m.Points) == 0 {
		return Usage{}, 0
	}
	last := m.Points[len(m.Points)-1].To
	if time.Since(last) > RefreshRate*time.Second {
		return Usage{}, 0
	}
	from := last.Add(-RefreshRate * time.Second)
	if first := m.Points[0].From; first.After(from) {
		from = first
	}
	u, _ := average(m.Points, from, last)
	return u, int32(u.CPU * m.mhz)
}
