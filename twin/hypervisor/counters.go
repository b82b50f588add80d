// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"context"
	"os"
	"time"
)

// counterLimit bounds how long Counters waits for QEMU; it shows older figures rather than hold up its caller.
const counterLimit = time.Second

// counting is what the counters of a machine start from, and what they were last.
type counting struct {
	last     Counters
	received uint64 // of the network, when the machine began to run here
	sent     uint64
	counts   bool // it runs, or has run, here
	ended    bool
}

// end keeps the figures of a process that has ended, with its CPU time to the last.
func (c *counting) end(state *os.ProcessState) {
	c.ended = true
	c.last.ResidentBytes = 0
	c.last.CPUSeconds = (state.UserTime() + state.SystemTime()).Seconds()
}

func (m *qemuMachine) traffic() (received, sent uint64) {
	for _, nic := range m.spec.NICs {
		r, s := m.backing.config.Traffic(nic.MAC)
		received, sent = received+r, sent+s
	}
	return received, sent
}

// countFrom makes the network counters begin now: the network counts for a MAC address over all its moves.
func (m *qemuMachine) countFrom() {
	m.counters.received, m.counters.sent = m.traffic()
	m.counters.counts = true
}

// countUntilNow takes the network's figures while they are still of this host.
func (m *qemuMachine) countUntilNow() {
	if m.counters.counts {
		received, sent := m.traffic()
		m.counters.last.NetReceived = int64(received - m.counters.received)
		m.counters.last.NetSent = int64(sent - m.counters.sent)
	}
}

func (m *qemuMachine) Counters() Counters {
	reads, writes, err := m.blockBytes()
	stat, statErr := readStat(m.cmd.Process.Pid)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counters.ended {
		return m.counters.last
	}
	if err == nil {
		m.counters.last.DiskReadBytes, m.counters.last.DiskWriteBytes = reads, writes
	}
	if statErr == nil {
		m.counters.last.CPUSeconds = stat.cpuSeconds
		m.counters.last.ResidentBytes = residentBytes(m.cmd.Process.Pid)
	}
	if m.state != StateMigrated {
		m.countUntilNow()
	}
	return m.counters.last
}

// blockBytes sums what all disks have read and written.
func (m *qemuMachine) blockBytes() (reads, writes int64, err error) {
	var devices []struct {
		Stats struct {
			ReadBytes  int64 `json:"rd_bytes"`
			WriteBytes int64 `json:"wr_bytes"`
		} `json:"stats"`
	}
	ctx, cancel := context.WithTimeout(context.Background(), counterLimit)
	defer cancel()
	if err := m.qmp.run(ctx, "query-blockstats", nil, &devices); err != nil {
		return 0, 0, err
	}
	for _, d := range devices {
		reads += d.Stats.ReadBytes
		writes += d.Stats.WriteBytes
	}
	return reads, writes, nil
}
