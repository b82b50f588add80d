// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

func (m *modelMachine) Migrate(ctx context.Context, dst Machine, dstAddr netip.AddrPort, options MigrateOptions) (MigrationResult, error) {
	destination, ok := dst.(*modelMachine)
	if !ok || destination.State() != StateIncoming {
		return MigrationResult{}, fmt.Errorf("hypervisor: machine %s: the destination does not wait for a machine", m.spec.ID)
	}
	wasRunning, err := m.begin()
	if err != nil {
		destination.become(StateOff)
		return MigrationResult{}, err
	}
	defer m.end()
	result, err := m.simulate(ctx, destination, wasRunning, options.withDefaults())
	if err != nil {
		destination.become(StateOff)
		return MigrationResult{}, fmt.Errorf("hypervisor: machine %s: migrate to %s: %w", m.spec.ID, dstAddr, err)
	}
	if wasRunning {
		destination.become(StateRunning)
	} else {
		destination.become(StatePaused)
	}
	m.become(StateMigrated)
	return result, nil
}

// begin makes this the one move of the machine, and says whether it runs.
func (m *modelMachine) begin() (running bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.settled("migrate"); err != nil {
		return false, err
	}
	m.migrating = true
	return m.state == StateRunning, nil
}

func (m *modelMachine) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.migrating = false
}

// simulate lets the rounds of a move pass.
func (m *modelMachine) simulate(ctx context.Context, dst *modelMachine, running bool, options MigrateOptions) (MigrationResult, error) {
	model := preCopy{
		memory: m.memoryUsed(), bandwidth: options.BandwidthBps, downtimeLimit: options.DowntimeLimit,
		workingSet: int64(float64(m.spec.MemoryMB) * m.config.WorkingSet * (1 << 20)),
	}
	if running {
		model.dirtyRate = m.config.DirtyRateBps
	}
	rounds := model.rounds()
	result := MigrationResult{SetupTime: m.config.SetupTime, Rounds: len(rounds)}
	if err := m.pass(ctx, dst, round{time: m.config.SetupTime}); err != nil {
		return result, err
	}
	percent := 0
	for i, r := range rounds {
		rest := int64(0)
		if i+1 < len(rounds) {
			rest = rounds[i+1].sent
			result.PreCopyTime += r.time
		} else {
			result.Downtime = r.time + m.config.SwitchTime
			result.LeftBytes = r.sent
			r.time = result.Downtime
		}
		if err := m.pass(ctx, dst, r); err != nil {
			return result, err
		}
		result.TransferredBytes += r.sent
		percent = max(percent, int(min(99, 100*(model.memory-rest)/max(1, model.memory))))
		options.Progress(MigrationStatus{Percent: percent, Round: i + 1, TransferredBytes: result.TransferredBytes, RemainingBytes: rest})
	}
	result.SwitchOver = result.Downtime
	result.TotalTime = result.SetupTime + result.PreCopyTime + result.Downtime
	return result, nil
}

// pass lets a round's time pass, unless one of the two machines ends in it.
func (m *modelMachine) pass(ctx context.Context, dst *modelMachine, r round) error {
	if err := m.sleep(ctx, r.time); err != nil {
		return err
	}
	if m.State() == StateOff {
		return errors.New("the source has ended")
	}
	if dst.State() == StateOff {
		return errors.New("the destination has ended")
	}
	return nil
}
