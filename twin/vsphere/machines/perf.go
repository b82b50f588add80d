// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// refreshRate is the interval of real-time statistics, in seconds, as ESXi has it.
const refreshRate = 20

// perfMethods answers PerformanceManager, for hosts and machines; for everything else the simulator does.
type perfMethods struct {
	*overlay
	inv *inventory
}

// stock is the simulator's own manager.
func (p *perfMethods) stock() *simulator.PerformanceManager {
	manager, _ := get[*simulator.PerformanceManager](p.inv, p.Self)
	return manager
}

// QueryPerfProviderSummary says that hosts and machines have real-time statistics.
func (p *perfMethods) QueryPerfProviderSummary(ctx *simulator.Context, req *types.QueryPerfProviderSummary) soap.HasFault {
	if _, ok := p.inv.measured(req.Entity); !ok {
		return p.stock().QueryPerfProviderSummary(ctx, req)
	}
	return &methods.QueryPerfProviderSummaryBody{Res: &types.QueryPerfProviderSummaryResponse{
		Returnval: types.PerfProviderSummary{Entity: req.Entity, CurrentSupported: true, SummarySupported: true, RefreshRate: refreshRate},
	}}
}

// QueryAvailablePerfMetric lists what is measured, and nothing else.
func (p *perfMethods) QueryAvailablePerfMetric(ctx *simulator.Context, req *types.QueryAvailablePerfMetric) soap.HasFault {
	if p.inv.reg.Get(req.Entity) == nil {
		return &methods.QueryAvailablePerfMetricBody{Fault_: fault.Gone(req.Entity).SOAP()}
	}
	if _, ok := p.inv.measured(req.Entity); !ok {
		return p.stock().QueryAvailablePerfMetric(ctx, req)
	}
	body := &methods.QueryAvailablePerfMetricBody{Res: &types.QueryAvailablePerfMetricResponse{}}
	for _, counter := range p.inv.counters() {
		body.Res.Returnval = append(body.Res.Returnval, types.PerfMetricId{CounterId: counter.key})
	}
	return body
}

// QueryPerf gives the samples of counters, in the order of time. Any interval from 1 s up is possible; 20 s when none is given.
func (p *perfMethods) QueryPerf(ctx *simulator.Context, req *types.QueryPerf) soap.HasFault {
	body := &methods.QueryPerfBody{Res: &types.QueryPerfResponse{}}
	for _, spec := range req.QuerySpec {
		if p.inv.reg.Get(spec.Entity) == nil {
			return &methods.QueryPerfBody{Fault_: fault.Gone(spec.Entity).SOAP()}
		}
		source, ok := p.inv.measured(spec.Entity)
		if !ok {
			answer := p.stock().QueryPerf(ctx, &types.QueryPerf{This: req.This, QuerySpec: []types.PerfQuerySpec{spec}}).(*methods.QueryPerfBody)
			if answer.Fault_ != nil {
				return answer
			}
			body.Res.Returnval = append(body.Res.Returnval, answer.Res.Returnval...)
			continue
		}
		metric, f := p.query(source, spec)
		if f != nil {
			return &methods.QueryPerfBody{Fault_: f.SOAP()}
		}
		if metric != nil {
			body.Res.Returnval = append(body.Res.Returnval, metric)
		}
	}
	return body
}

// query is the answer for one entity; nil when there are no samples of it.
func (p *perfMethods) query(source measured, spec types.PerfQuerySpec) (types.BasePerfEntityMetricBase, *fault.Failure) {
	if spec.IntervalId < -1 {
		return nil, fault.Invalid("querySpec.interval", "%d s is no interval", spec.IntervalId)
	}
	if spec.Format != "" && spec.Format != string(types.PerfFormatCsv) && spec.Format != string(types.PerfFormatNormal) {
		return nil, fault.Invalid("querySpec.format", "%q is neither csv nor normal", spec.Format)
	}
	interval := spec.IntervalId
	if interval <= 0 {
		interval = refreshRate
	}
	samples := source.samples(interval, spec.StartTime, spec.EndTime, int(spec.MaxSample))
	if len(samples) == 0 {
		return nil, nil
	}
	entity := types.PerfEntityMetricBase{Entity: spec.Entity}
	series := p.inv.series(source, spec.MetricId, samples)
	if spec.Format == string(types.PerfFormatCsv) {
		return asCSV(entity, interval, samples, series), nil
	}
	metric := &types.PerfEntityMetric{PerfEntityMetricBase: entity}
	for _, s := range samples {
		metric.SampleInfo = append(metric.SampleInfo, types.PerfSampleInfo{Timestamp: s.at, Interval: interval})
	}
	for i := range series {
		metric.Value = append(metric.Value, &series[i])
	}
	return metric, nil
}

// series are the values of the counters that were asked for, or of all when none was. What is not measured is left out.
func (inv *inventory) series(source measured, asked []types.PerfMetricId, samples []sample) []types.PerfMetricIntSeries {
	counters := inv.counters()
	wanted := func(c counter) bool {
		for _, id := range asked {
			if id.CounterId == c.key && (id.Instance == "" || id.Instance == "*") {
				return true
			}
		}
		return len(asked) == 0
	}
	var series []types.PerfMetricIntSeries
	for _, c := range counters {
		if !wanted(c) {
			continue
		}
		line := types.PerfMetricIntSeries{PerfMetricSeries: types.PerfMetricSeries{Id: types.PerfMetricId{CounterId: c.key}}}
		for _, s := range samples {
			line.Value = append(line.Value, int64(c.value(s.usage, source)+0.5))
		}
		series = append(series, line)
	}
	return series
}

func asCSV(entity types.PerfEntityMetricBase, interval int32, samples []sample, series []types.PerfMetricIntSeries) *types.PerfEntityMetricCSV {
	metric := &types.PerfEntityMetricCSV{PerfEntityMetricBase: entity}
	var info []string
	for _, s := range samples {
		info = append(info, fmt.Sprintf("%d,%s", interval, s.at.Format(time.RFC3339)))
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
