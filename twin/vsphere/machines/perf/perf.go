// SPDX-License-Identifier: GPL-3.0-or-later

// Package perf counts what machines and hosts use.
package perf

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry/fault"
)

// RefreshRate is the interval of real-time statistics, in seconds, as ESXi has it.
const RefreshRate = 20

// Query is the answer for one entity; nil when there are no samples of it.
func Query(inv *machines.Inventory, source Measured, spec types.PerfQuerySpec) (types.BasePerfEntityMetricBase, *fault.Failure) {
	if spec.IntervalId < -1 {
		return nil, fault.Invalid("querySpec.intervalId", "%d s is no interval", spec.IntervalId)
	}
	if spec.Format != "" && spec.Format != string(types.PerfFormatCsv) && spec.Format != string(types.PerfFormatNormal) {
		return nil, fault.Invalid("querySpec.format", "%q is neither csv nor normal", spec.Format)
	}
	interval := spec.IntervalId
	if interval <= 0 {
		interval = RefreshRate
	}
	samples := source.Samples(interval, spec.StartTime, spec.EndTime, int(spec.MaxSample))
	if len(samples) == 0 {
		return nil, nil
	}
	entity := types.PerfEntityMetricBase{Entity: spec.Entity}
	lines := series(inv, source, spec.MetricId, samples)
	if spec.Format == string(types.PerfFormatCsv) {
		return asCSV(entity, interval, samples, lines), nil
	}
	metric := &types.PerfEntityMetric{PerfEntityMetricBase: entity}
	for _, s := range samples {
		metric.SampleInfo = append(metric.SampleInfo, types.PerfSampleInfo{Timestamp: s.At, Interval: interval})
	}
	for i := range lines {
		metric.Value = append(metric.Value, &lines[i])
	}
	return metric, nil
}

// series are the values of the counters that were asked for, or of all when none was. What is not measured is left out.
func series(inv *machines.Inventory, source Measured, asked []types.PerfMetricId, samples []sample) []types.PerfMetricIntSeries {
	known := Counters(inv)
	wanted := func(c counter) bool {
		for _, id := range asked {
			if id.CounterId == c.Key && (id.Instance == "" || id.Instance == "*") {
				return true
			}
		}
		return len(asked) == 0
	}
	var series []types.PerfMetricIntSeries
	for _, c := range known {
		if !wanted(c) {
			continue
		}
		line := types.PerfMetricIntSeries{PerfMetricSeries: types.PerfMetricSeries{Id: types.PerfMetricId{CounterId: c.Key}}}
		for _, s := range samples {
			line.Value = append(line.Value, int64(c.value(s.Usage, source)+0.5))
		}
		series = append(series, line)
	}
	return series
}

func asCSV(entity types.PerfEntityMetricBase, interval int32, samples []sample, series []types.PerfMetricIntSeries) *types.PerfEntityMetricCSV {
	metric := &types.PerfEntityMetricCSV{PerfEntityMetricBase: entity}
	var info []string
	for _, s := range samples {
		info = append(info, fmt.Sprintf("%d,%s", interval, s.At.Format(time.RFC3339)))
	}
	metric.SampleInfoCSV = strings.Join(info, ",")
	for _, line := range series {
		var values []string
		for _, v := range line.Value {
			values = append(values, strconv.FormatInt(v, 10))
		}
		metric.Value = append(metric.Value, types.PerfMetricSeriesCSV{PerfMetricSeries: line.PerfMetricSeries, Value: strings.Join(values, ",")})
	}
	return metric
}
