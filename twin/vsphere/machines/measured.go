// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"

	"livelab.dev/twin/vsphere/registry"
)

// measured is a host or a machine with its samples.
type measured struct {
	points []point
	mhz    float64 // of one core
	cores  float64 // of the host, or virtual ones of the machine
}

// sample is the usage in the interval that ended at a time.
type sample struct {
	at time.Time
	usage
}

// measured are the samples of an entity; false when it is neither a host nor a machine of ours.
func (s *sampler) measured(inv *inventory, entity ref) (measured, bool) {
	switch entity.Type {
	case "HostSystem":
		h := inv.hostOf(entity)
		if h == nil {
			return measured{}, false
		}
		m := clock(inv, entity)
		m.points = s.ofHost(h.Number())
		return m, true
	case "VirtualMachine":
		mc := inv.machine(entity)
		if mc == nil {
			return measured{}, false
		}
		var m measured
		if where := registry.Read(inv.Registry, entity, func(vm *simulator.VirtualMachine) *ref { return vm.Runtime.Host }); where != nil {
			m = clock(inv, *where)
		}
		m.points = s.ofMachine(mc.id)
		m.cores = float64(mc.hardware().cpus)
		return m, true
	}
	return measured{}, false
}

// clock is a host's processors.
func clock(inv *inventory, host ref) measured {
	return registry.Read(inv.Registry, host, func(h *simulator.HostSystem) measured {
		if hw := h.Summary.Hardware; hw != nil {
			return measured{mhz: float64(hw.CpuMhz), cores: float64(hw.NumCpuCores)}
		}
		return measured{}
	})
}

// samples are the usage in intervals, in seconds, that end at multiples of the interval: those after begin and not after end, or
// the last of them when there is a limit.
func (m measured) samples(interval int32, begin, end *time.Time, limit int) []sample {
	if len(m.points) == 0 {
		return nil
	}
	step := time.Duration(interval) * time.Second
	last := m.points[len(m.points)-1].to
	if end != nil && end.Before(last) {
		last = *end
	}
	first := m.points[0].from
	if begin != nil && begin.After(first) {
		first = *begin
	}
	var found []sample
	for at := last.UTC().Truncate(step); at.After(first) && (limit <= 0 || len(found) < limit); at = at.Add(-step) {
		if u, ok := average(m.points, at.Add(-step), at); ok {
			found = append(found, sample{at, u})
		}
	}
	slices.Reverse(found)
	return found
}

// counter is one that is measured.
type counter struct {
	key   int32 // in this registry
	value func(usage, measured) float64
}

const kib = 1024

// values of the counters in the units of the API, by group.name.rollup: MHz, hundredths of a percent, KB, KB per second.
var values = map[string]func(usage, measured) float64{
	"cpu.usagemhz.average": func(u usage, m measured) float64 { return u.cpu * m.mhz },
	"cpu.usage.average": func(u usage, m measured) float64 {
		if m.cores == 0 {
			return 0
		}
		return min(10000, u.cpu/m.cores*10000)
	},
	"mem.consumed.average":    func(u usage, _ measured) float64 { return u.memory / kib },
	"net.usage.average":       func(u usage, _ measured) float64 { return (u.received + u.sent) / kib },
	"net.received.average":    func(u usage, _ measured) float64 { return u.received / kib },
	"net.transmitted.average": func(u usage, _ measured) float64 { return u.sent / kib },
	"disk.usage.average":      func(u usage, _ measured) float64 { return (u.read + u.written) / kib },
	"disk.read.average":       func(u usage, _ measured) float64 { return u.read / kib },
	"disk.write.average":      func(u usage, _ measured) float64 { return u.written / kib },
}

// counters are the registry's counters that are measured.
func counters(inv *inventory) []counter {
	var found []counter
	for _, object := range inv.AllReference("PerformanceManager") {
		manager, ok := object.(*simulator.PerformanceManager)
		if !ok {
			continue
		}
		for _, info := range manager.PerfCounter {
			name := info.GroupInfo.GetElementDescription().Key + "." + info.NameInfo.GetElementDescription().Key + "." + string(info.RollupType)
			if value := values[name]; value != nil {
				found = append(found, counter{info.Key, value})
			}
		}
	}
	return found
}

// quickStatsEvery is after how many rounds the summaries follow, as vCenter's do.
const quickStatsEvery = 20

// showQuickStats shows the present usage in the summaries of machines and hosts.
func (s *sampler) showQuickStats(m *Manager, list []*machine) {
	for _, mc := range list {
		for inv, object := range mc.shown() {
			u, mhz := s.now(inv, object)
			up := registry.Read(inv.Registry, object, func(vm *simulator.VirtualMachine) int32 {
				if t := vm.Runtime.BootTime; t != nil && vm.Runtime.PowerState == poweredOn {
					return int32(time.Since(*t).Seconds())
				}
				return 0
			})
			inv.Set(object,
				registry.Change{Name: "summary.quickStats.overallCpuUsage", Val: mhz},
				registry.Change{Name: "summary.quickStats.hostMemoryUsage", Val: int32(u.memory / (1 << 20))},
				registry.Change{Name: "summary.quickStats.uptimeSeconds", Val: up})
		}
	}
	for _, inv := range m.attached() {
		for _, entity := range inv.All("HostSystem") {
			if inv.hostOf(entity.Reference()) == nil {
				continue
			}
			u, mhz := s.now(inv, entity.Reference())
			inv.Set(entity.Reference(),
				registry.Change{Name: "summary.quickStats.overallCpuUsage", Val: mhz},
				registry.Change{Name: "summary.quickStats.overallMemoryUsage", Val: int32(u.memory / (1 << 20))})
		}
	}
}

// now is the usage of an entity in the last seconds, and its CPU use in MHz.
func (s *sampler) now(inv *inventory, entity ref) (usage, int32) {
	m, ok := s.measured(inv, entity)
	if !ok || len(m.points) == 0 {
		return usage{}, 0
	}
	last := m.points[len(m.points)-1].to
	if time.Since(last) > refreshRate*time.Second {
		return usage{}, 0
	}
	from := last.Add(-refreshRate * time.Second)
	if first := m.points[0].from; first.After(from) {
		from = first
	}
	u, _ := average(m.points, from, last)
	return u, int32(u.cpu * m.mhz)
}
