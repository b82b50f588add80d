// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/performance"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines/perf"
)

func TestQueryPerf(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	host := l.host("DC0_C0_H0")
	// Twenty minutes in which the machine used half a core, and 256 MiB.
	var points []perf.Point
	base := time.Now().Truncate(20 * time.Second)
	for i := range 60 {
		points = append(points, perf.Point{From: base.Add(time.Duration(i-60) * 20 * time.Second), To: base.Add(time.Duration(i-59) * 20 * time.Second),
			Usage: perf.Usage{CPU: 0.5, Memory: 256 << 20, Received: 2048, Sent: 1024, Read: 4096, Written: 1024}})
	}
	c := l.manager.counted
	c.Remember(l.inv.Machine(vm.Reference()).ID, 1, points)

	manager := performance.NewManager(l.client.Client)
	summary, err := manager.ProviderSummary(l.ctx, vm.Reference())
	l.must(err)
	if summary.RefreshRate != 20 || !summary.CurrentSupported {
		t.Errorf("provider %+v", summary)
	}
	available, err := manager.AvailableMetric(l.ctx, host.Reference(), 20)
	l.must(err)
	if len(available) != len(perf.Values) {
		t.Errorf("%d metrics, want %d", len(available), len(perf.Values))
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
	mc := l.inv.Machine(vm.Reference())
	eventually(t, "a measurement", func() bool {
		points := l.manager.counted.OfMachine(mc.ID)
		return len(points) > 0 && points[len(points)-1].CPU > 0 && points[len(points)-1].Memory > 0
	})
	eventually(t, "quickStats", func() bool {
		p := l.props(vm, "summary.quickStats")
		return p.Summary.QuickStats.OverallCpuUsage > 0 && p.Summary.QuickStats.HostMemoryUsage > 0
	})
}
