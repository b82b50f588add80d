// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/machines/perf"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// perfMethods answers PerformanceManager, for hosts and machines; for everything else the simulator does.
type perfMethods struct {
	*registry.Overlay
	inv *machines.Inventory
	s   *perf.Sampler
}

// stock is the simulator's own manager.
func (p *perfMethods) stock() *simulator.PerformanceManager {
	manager, _ := registry.Get[*simulator.PerformanceManager](p.inv.Registry, p.Self)
	return manager
}

// QueryPerfProviderSummary says that hosts and machines have real-time statistics.
func (p *perfMethods) QueryPerfProviderSummary(ctx *simulator.Context, req *types.QueryPerfProviderSummary) soap.HasFault {
	if _, ok := p.s.Measured(p.inv, req.Entity); !ok {
		return p.stock().QueryPerfProviderSummary(ctx, req)
	}
	return &methods.QueryPerfProviderSummaryBody{Res: &types.QueryPerfProviderSummaryResponse{
		Returnval: types.PerfProviderSummary{Entity: req.Entity, CurrentSupported: true, SummarySupported: true, RefreshRate: perf.RefreshRate},
	}}
}

// QueryAvailablePerfMetric lists what is measured, and nothing else.
func (p *perfMethods) QueryAvailablePerfMetric(ctx *simulator.Context, req *types.QueryAvailablePerfMetric) soap.HasFault {
	if p.inv.Get(req.Entity) == nil {
		return &methods.QueryAvailablePerfMetricBody{Fault_: fault.Gone(req.Entity).SOAP()}
	}
	if _, ok := p.s.Measured(p.inv, req.Entity); !ok {
		return p.stock().QueryAvailablePerfMetric(ctx, req)
	}
	body := &methods.QueryAvailablePerfMetricBody{Res: &types.QueryAvailablePerfMetricResponse{}}
	for _, counter := range perf.Counters(p.inv) {
		body.Res.Returnval = append(body.Res.Returnval, types.PerfMetricId{CounterId: counter.Key})
	}
	return body
}

// QueryPerf gives the samples of counters, in the order of time. Any interval from 1 s up is possible; 20 s when none is given.
func (p *perfMethods) QueryPerf(ctx *simulator.Context, req *types.QueryPerf) soap.HasFault {
	body := &methods.QueryPerfBody{Res: &types.QueryPerfResponse{}}
	for _, spec := range req.QuerySpec {
		if p.inv.Get(spec.Entity) == nil {
			return &methods.QueryPerfBody{Fault_: fault.Gone(spec.Entity).SOAP()}
		}
		source, ok := p.s.Measured(p.inv, spec.Entity)
		if !ok {
			answer := p.stock().QueryPerf(ctx, &types.QueryPerf{This: req.This, QuerySpec: []types.PerfQuerySpec{spec}}).(*methods.QueryPerfBody)
			if answer.Fault_ != nil {
				return answer
			}
			body.Res.Returnval = append(body.Res.Returnval, answer.Res.Returnval...)
			continue
		}
		metric, f := perf.Query(p.inv, source, spec)
		if f != nil {
			return &methods.QueryPerfBody{Fault_: f.SOAP()}
		}
		if metric != nil {
			body.Res.Returnval = append(body.Res.Returnval, metric)
		}
	}
	return body
}
