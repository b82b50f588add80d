// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"time"
)

// controlLimit bounds how long a command may take; QEMU's main loop answers within milliseconds.
const controlLimit = 10 * time.Second

// qemuMachine is one QEMU process.
type qemuMachine struct {
	spec    Spec
	backing *qemuBacking
	cmd     *exec.Cmd
	output  outputTail
	qmp     *qmpClient
	done    chan struct{}

	// When the machine last stopped and ran on, by QEMU's own clock.
	stopped, resumed chan time.Time

	mu        sync.Mutex
	state     State
	migrating bool
	counters  counting
}

func (m *qemuMachine) ID() string            { return m.spec.ID }
func (m *qemuMachine) Done() <-chan struct{} { return m.done }

func (m *qemuMachine) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// reap waits for the process, and settles what stays of it.
func (m *qemuMachine) reap(wait func() error, control *net.UnixConn) {
	err := wait()
	_ = control.Close()
	m.mu.Lock()
	m.counters.end(m.cmd.ProcessState)
	if m.state != StateMigrated {
		m.state = StateOff
	}
	m.mu.Unlock()
	if said := m.output.String(); err != nil && said != "" {
		m.backing.config.Logf("hypervisor: machine %s: %v: %s", m.spec.ID, err, said)
	}
	close(m.done)
}

// event follows what QEMU does by itself.
func (m *qemuMachine) event(e qmpEvent) {
	switch e.Name {
	case "STOP":
		replace(m.stopped, e.Time)
		m.mu.Lock()
		// A machine on its way stops at times for its move; that is no state of its own.
		if m.state == StateRunning && !m.migrating {
			m.state = StatePaused
		}
		m.mu.Unlock()
	case "RESUME":
		replace(m.resumed, e.Time)
		m.mu.Lock()
		if m.state == StateIncoming {
			m.countFrom()
		}
		if !m.migrating {
			m.state = StateRunning
		}
		m.mu.Unlock()
	}
}

// replace keeps the newest value only.
func replace(c chan time.Time, value time.Time) {
	select {
	case <-c:
	default:
	}
	c <- value
}

// control runs a command that acts on a machine which has arrived here and is not on its way elsewhere.
func (m *qemuMachine) control(ctx context.Context, command string) error {
	m.mu.Lock()
	state, migrating := m.state, m.migrating
	m.mu.Unlock()
	if migrating || (state != StateRunning && state != StatePaused) {
		if migrating {
			state = "migrating"
		}
		return fmt.Errorf("hypervisor: machine %s is %s: %s is not possible now", m.spec.ID, state, command)
	}
	ctx, cancel := context.WithTimeout(ctx, controlLimit)
	defer cancel()
	if err := m.qmp.run(ctx, command, nil, nil); err != nil {
		return fmt.Errorf("hypervisor: machine %s: %w", m.spec.ID, err)
	}
	return nil
}

func (m *qemuMachine) Shutdown(ctx context.Context) error { return m.control(ctx, "system_powerdown") }
func (m *qemuMachine) Reset(ctx context.Context) error    { return m.control(ctx, "system_reset") }
func (m *qemuMachine) Pause(ctx context.Context) error    { return m.control(ctx, "stop") }
func (m *qemuMachine) Resume(ctx context.Context) error   { return m.control(ctx, "cont") }

// PowerOff lets QEMU close its disks in order, and kills it when that takes longer than a few seconds.
func (m *qemuMachine) PowerOff(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if m.qmp.run(limited, "quit", nil, nil) == nil {
		select {
		case <-m.done:
			return nil
		case <-limited.Done():
		}
	}
	m.kill()
	return nil
}

// kill ends the process at once, and returns when it has ended.
func (m *qemuMachine) kill() {
	_ = m.cmd.Process.Kill()
	<-m.done
}
