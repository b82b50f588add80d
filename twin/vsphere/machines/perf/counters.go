// SPDX-License-Identifier: GPL-3.0-or-later

package perf

import (
	"sort"
	"sync"
	"time"

	"livelab.dev/twin/hypervisor"
	"livelab.dev/twin/vsphere/machines"
)

// keep is how far back counters are known.
const keep = time.Hour

// Usage is what a machine or a host uses: rates per second, but for memory.
type Usage struct {
	CPU      float64 // seconds per second: 1 is one busy core
	Memory   float64 // bytes
	Received float64 // bytes per second, network
	Sent     float64
	Read     float64 // bytes per second, disks
	Written  float64
}

func (u *Usage) add(other Usage) {
	u.CPU += other.CPU
	u.Memory += other.Memory
	u.Received += other.Received
	u.Sent += other.Sent
	u.Read += other.Read
	u.Written += other.Written
}

func (u Usage) times(factor float64) Usage {
	return Usage{u.CPU * factor, u.Memory * factor, u.Received * factor, u.Sent * factor, u.Read * factor, u.Written * factor}
}

// Point is the usage over the time since the point before it.
type Point struct {
	From, To time.Time
	Usage
}

// Sampler reads the counters of the processes, and keeps what they come to for machines and hosts.
type Sampler struct {
	mu       sync.Mutex
	last     map[hypervisor.Machine]reading
	machines map[string][]Point // by machine id
	hosts    map[int][]Point    // by host number
	at       time.Time          // of the last sample
}

// reading is what a process' counters were, and whose they are.
type reading struct {
	counters hypervisor.Counters
	machine  string
	host     int
}

// newSampler has counted nothing yet.
func newSampler() *Sampler {
	return &Sampler{last: map[hypervisor.Machine]reading{}, machines: map[string][]Point{}, hosts: map[int][]Point{}}
}

// New has what the manager's machines and hosts use counted in each of its rounds.
func New(m *machines.Manager) *Sampler {
	s := newSampler()
	m.EachRound(func(now time.Time, tick int) {
		list := m.All()
		s.sample(now, runsOf(list))
		s.know(m.HostNumbers())
		if tick%quickStatsEvery == 0 {
			s.showQuickStats(m, list)
		}
	})
	return s
}

// run is a machine that runs: its processes, and the numbers of the hosts that they are on. It has two while it moves.
type run struct {
	machine            string // id
	current, receiving hypervisor.Machine
	on, to             int
}

func runsOf(list []*machines.VM) []run {
	var runs []run
	for _, mc := range list {
		r := run{machine: mc.ID}
		current, receiving, on, to := mc.Processes()
		if current != nil && on != nil {
			r.current, r.on = current, on.Number()
		}
		if receiving != nil && to != nil {
			r.receiving, r.to = receiving, to.Number()
		}
		runs = append(runs, r)
	}
	return runs
}

// sample is one round. A process that receives a machine counts on the host where it is, but not for the machine, which is
// still the other one.
func (s *Sampler) sample(now time.Time, runs []run) {
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
	byMachine, byHost := map[string]*Usage{}, map[int]*Usage{}
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
	for _, r := range runs {
		if r.current != nil {
			note(r.current, reading{machine: r.machine, host: r.on}, true)
		}
		if r.receiving != nil {
			note(r.receiving, reading{machine: r.machine, host: r.to}, false)
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
func (s *Sampler) know(hosts []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, number := range hosts {
		points := s.hosts[number]
		if n := len(points); !s.at.IsZero() && (n == 0 || points[n-1].To.Before(s.at)) {
			from := s.at.Add(-time.Second)
			if n > 0 {
				from = points[n-1].To
			}
			s.hosts[number] = append(points, Point{From: from, To: s.at})
		}
	}
}

func sum[K comparable](into map[K]*Usage, key K, u Usage) {
	if into[key] == nil {
		into[key] = &Usage{}
	}
	into[key].add(u)
}

// rate is what changed between two readings of a process, per second.
func rate(before, after hypervisor.Counters, seconds float64) Usage {
	per := func(b, a int64) float64 { return max(0, float64(a-b)/seconds) }
	return Usage{
		CPU:      max(0, (after.CPUSeconds-before.CPUSeconds)/seconds),
		Memory:   float64(after.ResidentBytes),
		Received: per(before.NetReceived, after.NetReceived), Sent: per(before.NetSent, after.NetSent),
		Read: per(before.DiskReadBytes, after.DiskReadBytes), Written: per(before.DiskWriteBytes, after.DiskWriteBytes),
	}
}

// store adds a point to each series, and drops what is too old.
func store[K comparable](series map[K][]Point, now map[K]*Usage, from, to time.Time) {
	for key, u := range now {
		series[key] = append(series[key], Point{From: from, To: to, Usage: *u})
	}
	for key, points := range series {
		old := 0
		for old < len(points) && to.Sub(points[old].To) > keep {
			old++
		}
		switch {
		case old == len(points):
			delete(series, key)
		case old > 0:
			series[key] = append([]Point(nil), points[old:]...)
		}
	}
}

func (s *Sampler) OfMachine(id string) []Point {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Point(nil), s.machines[id]...)
}

func (s *Sampler) OfHost(number int) []Point {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Point(nil), s.hosts[number]...)
}

// average is the mean over a window, and whether at least half of it is covered by points, which are in the order of time.
func average(points []Point, from, to time.Time) (Usage, bool) {
	var total Usage
	covered := 0.0
	first := sort.Search(len(points), func(i int) bool { return points[i].To.After(from) })
	for _, p := range points[first:] {
		if !p.From.Before(to) {
			break
		}
		begin, end := p.From, p.To
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		share := end.Sub(begin).Seconds()
		covered += share
		total.add(p.times(share))
	}
	if covered < to.Sub(from).Seconds()/2 {
		return Usage{}, false
	}
	return total.times(1 / covered), true
}

// Remember puts points into the memory of a machine and a host as if they had been measured.
func (s *Sampler) Remember(machine string, host int, points []Point) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machines[machine], s.hosts[host] = points, points
}
