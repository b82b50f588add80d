// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"sort"
	"sync"
	"time"

	"livelab.dev/twin/hypervisor"
)

// keep is how far back counters are known.
const keep = time.Hour

// usage is what a machine or a host uses: rates per second, but for memory.
type usage struct {
	cpu      float64 // seconds per second: 1 is one busy core
	memory   float64 // bytes
	received float64 // bytes per second, network
	sent     float64
	read     float64 // bytes per second, disks
	written  float64
}

func (u *usage) add(other usage) {
	u.cpu += other.cpu
	u.memory += other.memory
	u.received += other.received
	u.sent += other.sent
	u.read += other.read
	u.written += other.written
}

func (u usage) times(factor float64) usage {
	return usage{u.cpu * factor, u.memory * factor, u.received * factor, u.sent * factor, u.read * factor, u.written * factor}
}

// point is the usage over the time since the point before it.
type point struct {
	from, to time.Time
	usage
}

// sampler reads the counters of the processes, and keeps what they come to for machines and hosts.
type sampler struct {
	mu       sync.Mutex
	last     map[hypervisor.Machine]reading
	machines map[string][]point // by machine id
	hosts    map[int][]point    // by host number
	at       time.Time          // of the last sample
}

// reading is what a process' counters were, and whose they are.
type reading struct {
	counters hypervisor.Counters
	machine  string
	host     int
}

func newSampler() *sampler {
	return &sampler{last: map[hypervisor.Machine]reading{}, machines: map[string][]point{}, hosts: map[int][]point{}}
}

// counting has what the manager's machines and hosts use counted in each of its rounds.
func counting(m *Manager) *sampler {
	s := newSampler()
	m.eachRound(func(now time.Time, tick int) {
		list := m.all()
		s.sample(now, list)
		s.know(m.hostNumbers())
		if tick%quickStatsEvery == 0 {
			s.showQuickStats(m, list)
		}
	})
	return s
}

// sample is one round. A process that receives a machine counts on the host where it is, but not for the machine, which is
// still the other one.
func (s *sampler) sample(now time.Time, machines []*machine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() {
		s.at = now
		return
	}
	from := s.at
	elapsed := now.Sub(from).Seconds()
	if elapsed <= 0 {
		return
	}
	s.at = now
	byMachine, byHost := map[string]*usage{}, map[int]*usage{}
	seen := map[hypervisor.Machine]reading{}
	note := func(process hypervisor.Machine, r reading, own bool) {
		r.counters = process.Counters()
		u := rate(s.last[process].counters, r.counters, elapsed)
		sum(byHost, r.host, u)
		if own {
			sum(byMachine, r.machine, u)
		}
		seen[process] = r
	}
	for _, mc := range machines {
		current, receiving, on, to := mc.processes()
		if current != nil && on != nil {
			note(current, reading{machine: mc.id, host: on.Number()}, true)
		}
		if receiving != nil && to != nil {
			note(receiving, reading{machine: mc.id, host: to.Number()}, false)
		}
	}
	for process, r := range s.last {
		if _, ok := seen[process]; !ok {
			// It ended since; what it used until then counts.
			final := process.Counters()
			final.ResidentBytes = 0
			sum(byHost, r.host, rate(r.counters, final, elapsed))
		}
	}
	s.last = seen
	store(s.machines, byMachine, from, now)
	store(s.hosts, byHost, from, now)
}

// know gives the hosts that no process runs on a point as well: they use nothing, and say so.
func (s *sampler) know(hosts []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, number := range hosts {
		points := s.hosts[number]
		if n := len(points); !s.at.IsZero() && (n == 0 || points[n-1].to.Before(s.at)) {
			from := s.at.Add(-time.Second)
			if n > 0 {
				from = points[n-1].to
			}
			s.hosts[number] = append(points, point{from: from, to: s.at})
		}
	}
}

func sum[K comparable](into map[K]*usage, key K, u usage) {
	if into[key] == nil {
		into[key] = &usage{}
	}
	into[key].add(u)
}

// rate is what changed between two readings of a process, per second.
func rate(before, after hypervisor.Counters, seconds float64) usage {
	per := func(b, a int64) float64 { return max(0, float64(a-b)/seconds) }
	return usage{
		cpu:      max(0, (after.CPUSeconds-before.CPUSeconds)/seconds),
		memory:   float64(after.ResidentBytes),
		received: per(before.NetReceived, after.NetReceived), sent: per(before.NetSent, after.NetSent),
		read: per(before.DiskReadBytes, after.DiskReadBytes), written: per(before.DiskWriteBytes, after.DiskWriteBytes),
	}
}

// store adds a point to each series, and drops what is too old.
func store[K comparable](series map[K][]point, now map[K]*usage, from, to time.Time) {
	for key, u := range now {
		series[key] = append(series[key], point{from: from, to: to, usage: *u})
	}
	for key, points := range series {
		old := 0
		for old < len(points) && to.Sub(points[old].to) > keep {
			old++
		}
		switch {
		case old == len(points):
			delete(series, key)
		case old > 0:
			series[key] = append([]point(nil), points[old:]...)
		}
	}
}

func (s *sampler) ofMachine(id string) []point {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]point(nil), s.machines[id]...)
}

func (s *sampler) ofHost(number int) []point {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]point(nil), s.hosts[number]...)
}

// average is the mean over a window, and whether at least half of it is covered by points, which are in the order of time.
func average(points []point, from, to time.Time) (usage, bool) {
	var total usage
	covered := 0.0
	first := sort.Search(len(points), func(i int) bool { return points[i].to.After(from) })
	for _, p := range points[first:] {
		if !p.from.Before(to) {
			break
		}
		begin, end := p.from, p.to
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		share := end.Sub(begin).Seconds()
		covered += share
		total.add(p.usage.times(share))
	}
	if covered < to.Sub(from).Seconds()/2 {
		return usage{}, false
	}
	return total.times(1 / covered), true
}
