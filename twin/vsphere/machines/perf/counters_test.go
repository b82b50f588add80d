// SPDX-License-Identifier: GPL-3.0-or-later

package perf

import (
	"testing"
	"time"

	"livelab.dev/twin/hypervisor"
)

// second is the n-th second of a time that is a multiple of 20 s.
func second(n float64) time.Time {
	return time.Unix(1_700_000_000, 0).Add(time.Duration(n * float64(time.Second)))
}

func TestAverageOfAWindow(t *testing.T) {
	points := []Point{
		{second(0), second(1), Usage{CPU: 1, Memory: 100}},
		{second(1), second(2), Usage{CPU: 3, Memory: 300}},
	}
	u, ok := average(points, second(0), second(2))
	if !ok || u.CPU != 2 || u.Memory != 200 {
		t.Errorf("%+v, %v", u, ok)
	}
	if u, ok = average(points, second(0.5), second(1.5)); !ok || u.CPU != 2 {
		t.Errorf("across two points: %+v, %v", u, ok)
	}
	if u, ok = average(points, second(1), second(3)); !ok || u.CPU != 3 {
		t.Errorf("half covered: %+v, %v", u, ok)
	}
	if _, ok = average(points, second(1), second(4)); ok {
		t.Error("a window that is a third covered has an average")
	}
}

func TestSamplesAreAlignedAndInOrder(t *testing.T) {
	var m Measured
	for i := range 60 {
		m.Points = append(m.Points, Point{second(float64(i) + 0.3), second(float64(i) + 1.3), Usage{CPU: float64(i)}})
	}
	all := m.Samples(20, nil, nil, 0)
	if len(all) != 3 || !all[0].At.Equal(second(20)) || !all[2].At.Equal(second(60)) {
		t.Fatalf("%v", all)
	}
	if last := m.Samples(20, nil, nil, 1); len(last) != 1 || !last[0].At.Equal(second(60)) {
		t.Errorf("the last: %v", last)
	}
	begin, end := second(20), second(40)
	if one := m.Samples(20, &begin, &end, 0); len(one) != 1 || !one[0].At.Equal(second(40)) {
		t.Errorf("after 20 and up to 40: %v", one)
	}
	if each := m.Samples(1, &begin, &end, 0); len(each) != 20 || each[0].CPU >= each[19].CPU {
		t.Errorf("each second: %v", each)
	}
}

// counted is a process with counters that a test sets.
type counted struct {
	hypervisor.Machine
	counters hypervisor.Counters
}

func (c *counted) Counters() hypervisor.Counters { return c.counters }

func TestSamplerCountsAProcessWhereItRuns(t *testing.T) {
	source, destination := &counted{}, &counted{}
	web := run{machine: "web", current: source, on: 1, receiving: destination, to: 2}
	s := newSampler()
	s.sample(second(0), []run{web})
	source.counters = hypervisor.Counters{CPUSeconds: 3, ResidentBytes: 500, NetReceived: 20, NetSent: 10, DiskReadBytes: 8, DiskWriteBytes: 4}
	destination.counters = hypervisor.Counters{CPUSeconds: 1, ResidentBytes: 200}
	s.sample(second(2), []run{web})
	if u := s.OfHost(1)[0]; u.CPU != 1.5 || u.Memory != 500 || u.Received != 10 || u.Sent != 5 || u.Read != 4 || u.Written != 2 {
		t.Errorf("source host %+v", u)
	}
	if u := s.OfHost(2)[0]; u.CPU != 0.5 || u.Memory != 200 {
		t.Errorf("destination host %+v", u)
	}
	if u := s.OfMachine("web")[0]; u.CPU != 1.5 || u.Memory != 500 {
		t.Errorf("machine %+v", u)
	}
	// The move is over: the source has ended, and used half a second more before it did.
	web = run{machine: "web", current: destination, on: 2}
	source.counters.CPUSeconds, destination.counters.CPUSeconds = 3.5, 2
	s.sample(second(3), []run{web})
	s.know([]int{1, 2, 3})
	if u := s.OfHost(1)[1]; u.CPU != 0.5 || u.Memory != 0 {
		t.Errorf("source host after the move %+v", u)
	}
	if u := s.OfMachine("web")[1]; u.CPU != 1 {
		t.Errorf("machine after the move %+v", u)
	}
	if points := s.OfHost(3); len(points) != 1 || points[0].CPU != 0 {
		t.Errorf("a host without machines: %+v", points)
	}
	s.sample(second(3+keep.Seconds()), []run{web})
	if points := s.OfHost(2); len(points) != 1+1 {
		t.Errorf("%d points are kept", len(points))
	}
}
