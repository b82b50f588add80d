// SPDX-License-Identifier: GPL-3.0-or-later

package move

import (
	"fmt"
	"net/netip"
	"time"

	"livelab.dev/twin/hypervisor"

	"livelab.dev/twin/vsphere/machines"
)

const (
	pageBytes = 4 << 10
	// switchoverGoal is within what time ESXi wants to send what is left.
	switchoverGoal = 500 * time.Millisecond
)

// account is what the logs of the two hosts and of the machine say of a vMotion, in the words and at the places of ESXi. Only the
// lines from which a vMotion's phases can be told are written, each at the time that was measured (or computed, in model backing).
type account struct {
	id       int64 // the migration id, which all lines of one migration have in common: when it began, in microseconds, as ESXi 6 has it
	from, to netip.Addr
	began    time.Time
	result   hypervisor.MigrationResult
}

func newAccount(from, to netip.Addr) *account {
	began := time.Now()
	return &account{id: began.UnixMicro(), from: from, to: to, began: began}
}

// open is what is written before anything is sent.
func (a *account) open(mv *move) {
	mv.from.Log(a.began, a.kernelBegin(mv.from, "Source"))
	mv.to.Log(a.began, a.kernelBegin(mv.to, "Dest"))
}

func (a *account) kernelBegin(h machines.ESXi, side string) string {
	if h.Release() >= 8 {
		return fmt.Sprintf("Migrate: 314: vmotion: %s vmmLeaderID = 2097152, ts = %d, srcIP = <%s> dstIP = <%s> Dest wid = 2097152 using SHARED swap",
			side, a.id, a.from, a.to)
	}
	return fmt.Sprintf("Migrate: vm 2097152: 3284: Setting VMOTION info: %s ts = %d, src ip = <%s> dest ip = <%s> Dest wid = 2097152 using SHARED swap",
		side, a.id, a.from, a.to)
}

// close is what is written when the machine runs at the destination.
func (a *account) close(mv *move) error {
	precopy := a.began.Add(a.result.SetupTime)
	stopped := precopy.Add(a.result.PreCopyTime)
	sent := stopped.Add(a.result.Downtime)
	arrived := stopped.Add(max(a.result.SwitchOver, a.result.Downtime))
	mv.from.Log(stopped, fmt.Sprintf(
		"VMotion: 4650: %d S: Stopping pre-copy: only %d pages left to send, which can be sent within the switchover time goal of %.3f seconds "+
			"(network bandwidth ~%.3f MB/s)",
		a.id, (a.result.LeftBytes+pageBytes-1)/pageBytes, switchoverGoal.Seconds(), a.bandwidth()))
	mv.from.Log(sent, fmt.Sprintf("VMotionSend: 4156: %d S: Sent all modified pages to destination (network bandwidth ~%.3f MB/s)",
		a.id, a.bandwidth()))
	if err := mv.inv.LogOf(mv.object, mv.from, false,
		machines.MachineLine{At: a.began, Text: fmt.Sprintf("Received migrate 'to' request for mid id %d, src ip <%s>, dst ip <%s>.", a.id, a.from, a.to)},
		state(a.began, 0, 1), state(precopy, 1, 2), state(stopped, 2, 3),
		machines.MachineLine{At: stopped, Text: "Migrate: VM starting stun, waiting 100 seconds for go/no-go message."},
		machines.MachineLine{At: stopped, Text: "Migrate: VM successfully stunned"},
		state(sent, 3, 4), state(arrived, 4, 5), state(arrived, 5, 0),
	); err != nil {
		return err
	}
	return mv.inv.LogOf(mv.object, mv.to, true,
		machines.MachineLine{At: a.began, Text: fmt.Sprintf("Received migrate 'from' request for mid id %d, src ip <%s>, dst ip <%s>.", a.id, a.from, a.to)},
		state(a.began, 0, 7), state(a.began, 7, 8),
		machines.MachineLine{At: a.began, Text: fmt.Sprintf("Migrate_Open: Restoring from <%s> with migration id %d", a.from, a.id)},
		state(precopy, 8, 9), state(sent, 9, 10), state(arrived, 10, 11),
		machines.MachineLine{At: arrived, Text: fmt.Sprintf("Checkpoint_Unstun: vm stopped for %d us", a.result.Downtime.Microseconds())},
		state(arrived, 11, 0),
	)
}

func state(at time.Time, from, to int) machines.MachineLine {
	return machines.MachineLine{At: at, Text: fmt.Sprintf("MigrateSetState: Transitioning from state %d to %d.", from, to)}
}

// bandwidth is that of the pre-copy, in megabytes a second.
func (a *account) bandwidth() float64 {
	if a.result.PreCopyTime <= 0 {
		return 0
	}
	return float64(a.result.TransferredBytes-a.result.LeftBytes) / a.result.PreCopyTime.Seconds() / (1 << 20)
}
