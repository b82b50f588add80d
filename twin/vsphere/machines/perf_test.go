// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/performance"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"
)

// second is the n-th second of a time that is a multiple of 20 s.
func second(n float64) time.Time {
	return time.Unix(1_700_000_000, 0).Add(time.Duration(n * float64(time.Second)))
}

func TestAverageOfAWindow(t *testing.T) {
	points := []point{
		{second(0), second(1), usage{cpu: 1, memory: 100}},
		{second(1), second(2), usage{cpu: 3, memory: 300}},
	}
	u, ok := average(points, second(0), second(2))
	if !ok || u.cpu != 2 || u.memory != 200 {
		t.Errorf("%+v, %v", u, ok)
	}
	if u, ok = average(points, second(0.5), second(1.5)); !ok || u.cpu != 2 {
		t.Errorf("across two points: %+v, %v", u, ok)
	}
	if u, ok = average(points, second(1), second(3)); !ok || u.cpu != 3 {
		t.Errorf("half covered: %+v, %v", u, ok)
	}
	if _, ok = average(points, second(1), second(4)); ok {
		t.Error("a window that is a third covered has an average")
	}
}

func TestSamplesAreAlignedAndInOrder(t *testing.T) {
	var m measured
	for i := range 60 {
		m.points = append(m.points, point{second(float64(i) + 0.3), second(float64(i) + 1.3), usage{cpu: float64(i)}})
	}
	all := m.samples(20, nil, nil, 0)
	if len(all) != 3 || !all[0].at.Equal(second(20)) || !all[2].at.Equal(second(60)) {
		t.Fatalf("%v", all)
	}
	if last := m.samples(20, nil, nil, 1); len(last) != 1 || !last[0].at.Equal(second(60)) {
		t.Errorf("the last: %v", last)
	}
	begin, end := second(20), second(40)
	if one := m.samples(20, &begin, &end, 0); len(one) != 1 || !one[0].at.Equal(second(40)) {
		t.Errorf("after 20 and up to 40: %v", one)
	}
	if each := m.samples(1, &begin, &end, 0); len(each) != 20 || each[0].cpu >= each[19].cpu {
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
	one, two := &fakeHost{name: "one", number: 1}, &fakeHost{name: "two", number: 2}
	source, destination := &counted{}, &counted{}
	mc := &machine{id: "web", host: one, process: source, receiving: destination, receivingHost: two}
	s := newSampler()
	s.sample(second(0), []*machine{mc})
	source.counters = hypervisor.Counters{CPUSeconds: 3, ResidentBytes: 500, NetReceived: 20, NetSent: 10, DiskReadBytes: 8, DiskWriteBytes: 4}
	destination.counters = hypervisor.Counters{CPUSeconds: 1, ResidentBytes: 200}
	s.sample(second(2), []*machine{mc})
	if u := s.ofHost(1)[0]; u.cpu != 1.5 || u.memory != 500 || u.received != 10 || u.sent != 5 || u.read != 4 || u.written != 2 {
		t.Errorf("source host %+v", u)
	}
	if u := s.ofHost(2)[0]; u.cpu != 0.5 || u.memory != 200 {
		t.Errorf("destination host %+v", u)
	}
	if u := s.ofMachine("web")[0]; u.cpu != 1.5 || u.memory != 500 {
		t.Errorf("machine %+v", u)
	}
	// The move is over: the source has ended, and used half a second more before it did.
	mc.process, mc.host, mc.receiving, mc.receivingHost = destination, two, nil, nil
	source.counters.CPUSeconds, destination.counters.CPUSeconds = 3.5, 2
	s.sample(second(3), []*machine{mc})
	s.know([]int{1, 2, 3})
	if u := s.ofHost(1)[1]; u.cpu != 0.5 || u.memory != 0 {
		t.Errorf("source host after the move %+v", u)
	}
	if u := s.ofMachine("web")[1]; u.cpu != 1 {
		t.Errorf("machine after the move %+v", u)
	}
	if points := s.ofHost(3); len(points) != 1 || points[0].cpu != 0 {
		t.Errorf("a host without machines: %+v", points)
	}
	s.sample(second(3+keep.Seconds()), []*machine{mc})
	if points := s.ofHost(2); len(points) != 1+1 {
		t.Errorf("%d points are kept", len(points))
	}
}

func TestQueryPerf(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	host := l.host("DC0_C0_H0")
	// Twenty minutes in which the machine used half a core, and 256 MiB.
	var points []point
	base := time.Now().Truncate(20 * time.Second)
	for i := range 60 {
		points = append(points, point{base.Add(time.Duration(i-60) * 20 * time.Second), base.Add(time.Duration(i-59) * 20 * time.Second),
			usage{cpu: 0.5, memory: 256 << 20, received: 2048, sent: 1024, read: 4096, written: 1024}})
	}
	c := l.manager.counted
	c.mu.Lock()
	c.machines[l.inv.machine(vm.Reference()).id] = points
	c.hosts[1] = points
	c.mu.Unlock()

	manager := performance.NewManager(l.client.Client)
	summary, err := manager.ProviderSummary(l.ctx, vm.Reference())
	l.must(err)
	if summary.RefreshRate != 20 || !summary.CurrentSupported {
		t.Errorf("provider %+v", summary)
	}
	available, err := manager.AvailableMetric(l.ctx, host.Reference(), 20)
	l.must(err)
	if len(available) != len(values) {
		t.Errorf("%d metrics, want %d", len(available), len(values))
	}
	names := []string{"cpu.usagemhz.average", "cpu.usage.average", "mem.consumed.average", "net.usage.average", "disk.read.average", "disk.write.average"}
	begin, end := base.Add(-100*time.Second), base
	spec := types.PerfQuerySpec{IntervalId: 20, StartTime: &begin, EndTime: &end, MaxSample: 10}
	sample, err := manager.SampleByName(l.ctx, spec, names, []types.ManagedObjectReference{vm.Reference(), host.Reference()})
	l.must(err)
	series, err := manager.ToMetricSeries(l.ctx, sample)
	l.must(err)
	if len(series) != 2 {
		t.Fatalf("%d entities", len(series))
	}
	var system mo.HostSystem
	l.must(host.Properties(l.ctx, host.Reference(), []string{"summary.hardware"}, &system))
	mhz := int64(system.Summary.Hardware.CpuMhz)
	checkSeries(t, "machine", series[0], map[string]int64{
		"cpu.usagemhz.average": (mhz + 1) / 2, "cpu.usage.average": 2500, "mem.consumed.average": 256 << 10,
		"net.usage.average": 3, "disk.read.average": 4, "disk.write.average": 1,
	})
	checkSeries(t, "host", series[1], map[string]int64{
		"cpu.usagemhz.average": (mhz + 1) / 2, "cpu.usage.average": 10000 / 2 / int64(system.Summary.Hardware.NumCpuCores),
	})
	spec.Format = string(types.PerfFormatCsv)
	csv, err := manager.SampleByName(l.ctx, spec, names[:1], []types.ManagedObjectReference{vm.Reference()})
	l.must(err)
	line := csv[0].(*types.PerfEntityMetricCSV)
	if n := len(strings.Split(line.SampleInfoCSV, ",")); n != 10 || !strings.HasSuffix(line.SampleInfoCSV, end.UTC().Format(time.RFC3339)) {
		t.Errorf("sample info %q", line.SampleInfoCSV)
	}
	if n := len(strings.Split(line.Value[0].Value, ",")); n != 5 {
		t.Errorf("values %q", line.Value[0].Value)
	}
	if _, err := manager.Query(l.ctx, []types.PerfQuerySpec{{Entity: vm.Reference(), Format: "json"}}); err == nil {
		t.Error("a format that there is not was accepted")
	}
}

// checkSeries compares every value of the series with the one it should have.
func checkSeries(t *testing.T, what string, entity performance.EntityMetric, want map[string]int64) {
	t.Helper()
	if len(entity.SampleInfo) != 5 {
		t.Errorf("%s: %d samples", what, len(entity.SampleInfo))
	}
	found := map[string]bool{}
	for _, line := range entity.Value {
		value, ok := want[line.Name]
		if !ok {
			continue
		}
		found[line.Name] = true
		for _, v := range line.Value {
			if v != value {
				t.Errorf("%s: %s is %v, want %d each", what, line.Name, line.Value, value)
				break
			}
		}
	}
	if len(found) != len(want) {
		t.Errorf("%s: only %v", what, found)
	}
}

func TestRunningMachinesAreMeasured(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	mc := l.inv.machine(vm.Reference())
	eventually(t, "a measurement", func() bool {
		points := l.manager.counted.ofMachine(mc.id)
		return len(points) > 0 && points[len(points)-1].cpu > 0 && points[len(points)-1].memory > 0
	})
	eventually(t, "quickStats", func() bool {
		p := l.props(vm, "summary.quickStats")
		return p.Summary.QuickStats.OverallCpuUsage > 0 && p.Summary.QuickStats.HostMemoryUsage > 0
	})
}
