// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// ModelConfig says how the model's machines behave. The zero value has the defaults.
type ModelConfig struct {
	// Scale is how many seconds of a machine pass in one second of the clock. Default: 20.
	Scale float64
	// DirtyRateBps is how fast a guest writes new memory, in bytes per second. Default: 4,000,000, an idle server.
	DirtyRateBps int64
	// WorkingSet is the part of memory that a guest writes to at all. Default: 0.25.
	WorkingSet float64
	// MemoryUsed is the part of memory that a guest has touched. Default: 0.5.
	MemoryUsed float64
	// CPULoad is how busy each virtual CPU is, 0 to 1. Default: 0.05.
	CPULoad float64
	// SetupTime and SwitchTime are the fixed costs of a move: before its first round, and for the devices'
	// state and the start at the destination. Defaults: 20 ms and 10 ms.
	SetupTime, SwitchTime time.Duration
	// ShutdownTime is how long a guest takes from the power button to its end. Default: 5 s.
	ShutdownTime time.Duration
	// Now and Sleep are the clock. Default: the computer's.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

func (c ModelConfig) withDefaults() ModelConfig {
	setDefault(&c.Scale, 20)
	setDefault(&c.DirtyRateBps, 4_000_000)
	setDefault(&c.WorkingSet, 0.25)
	setDefault(&c.MemoryUsed, 0.5)
	setDefault(&c.CPULoad, 0.05)
	setDefault(&c.SetupTime, 20*time.Millisecond)
	setDefault(&c.SwitchTime, 10*time.Millisecond)
	setDefault(&c.ShutdownTime, 5*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	return c
}

func setDefault[T int64 | float64 | time.Duration](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type modelBacking struct{ config ModelConfig }

// NewModel makes a backing without machines: the same rules, and figures that are computed.
func NewModel(config ModelConfig) Backing { return &modelBacking{config.withDefaults()} }

func (b *modelBacking) Name() string  { return "model" }
func (b *modelBacking) Accel() string { return "none" }

func (b *modelBacking) Start(ctx context.Context, spec Spec) (Machine, error) {
	return b.machine(ctx, spec, StateRunning)
}

// Incoming really tries the address, so that one that this computer does not have is the same fault as with QEMU.
func (b *modelBacking) Incoming(ctx context.Context, spec Spec, listen netip.AddrPort) (Machine, error) {
	listener, err := net.Listen("tcp", listen.String())
	if err != nil {
		return nil, fmt.Errorf("hypervisor: machine %s: receive at %s: %w", spec.ID, listen, err)
	}
	_ = listener.Close()
	return b.machine(ctx, spec, StateIncoming)
}

func (b *modelBacking) machine(ctx context.Context, spec Spec, state State) (Machine, error) {
	if err := errors.Join(ctx.Err(), spec.check()); err != nil {
		return nil, fmt.Errorf("hypervisor: %w", err)
	}
	return &modelMachine{spec: spec, config: b.config, state: state, since: b.config.Now(), done: make(chan struct{})}, nil
}

// modelMachine is the account of a machine that does not exist.
type modelMachine struct {
	spec   Spec
	config ModelConfig
	done   chan struct{}

	mu        sync.Mutex
	state     State
	migrating bool
	since     time.Time     // when it took its present state, or was counted last
	ran       time.Duration // of machine time, before that
}

func (m *modelMachine) ID() string            { return m.spec.ID }
func (m *modelMachine) Done() <-chan struct{} { return m.done }

func (m *modelMachine) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// become changes the state, and closes done when that is an end.
func (m *modelMachine) become(s State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state == StateOff || m.state == StateMigrated {
		return
	}
	m.count()
	m.state = s
	if s == StateOff || s == StateMigrated {
		close(m.done)
	}
}

// count adds the machine time since the last count. The caller holds the lock.
func (m *modelMachine) count() {
	now := m.config.Now()
	if m.state == StateRunning {
		m.ran += time.Duration(float64(now.Sub(m.since)) * m.config.Scale)
	}
	m.since = now
}

// settled fails unless the machine has arrived here and is not on its way elsewhere. The caller holds the lock.
func (m *modelMachine) settled(what string) error {
	if m.migrating || (m.state != StateRunning && m.state != StatePaused) {
		state := m.state
		if m.migrating {
			state = "migrating"
		}
		return fmt.Errorf("hypervisor: machine %s is %s: %s is not possible now", m.spec.ID, state, what)
	}
	return nil
}

func (m *modelMachine) check(what string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.settled(what)
}

func (m *modelMachine) Shutdown(context.Context) error {
	if err := m.check("shut down"); err != nil {
		return err
	}
	go func() { //nolint:gosec // A guest goes down whether or not the one who asked for it still waits.
		_ = m.sleep(context.Background(), m.config.ShutdownTime)
		m.become(StateOff)
	}()
	return nil
}

func (m *modelMachine) PowerOff(context.Context) error {
	m.become(StateOff)
	return nil
}

func (m *modelMachine) Reset(context.Context) error { return m.check("reset") }

func (m *modelMachine) Pause(context.Context) error { return m.change("pause", StatePaused) }

func (m *modelMachine) Resume(context.Context) error { return m.change("resume", StateRunning) }

func (m *modelMachine) change(what string, s State) error {
	if err := m.check(what); err != nil {
		return err
	}
	m.become(s)
	return nil
}

// sleep waits for a machine's time.
func (m *modelMachine) sleep(ctx context.Context, d time.Duration) error {
	return m.config.Sleep(ctx, time.Duration(float64(d)/m.config.Scale))
}

// Counters follow from how long the machine has run; network and disk traffic have no model and stay 0.
func (m *modelMachine) Counters() Counters {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count()
	counters := Counters{CPUSeconds: m.ran.Seconds() * m.config.CPULoad * float64(m.spec.VCPUs)}
	if m.state == StateRunning || m.state == StatePaused {
		counters.ResidentBytes = m.memoryUsed()
	}
	return counters
}

func (m *modelMachine) memoryUsed() int64 {
	return int64(float64(m.spec.MemoryMB) * m.config.MemoryUsed * (1 << 20))
}
