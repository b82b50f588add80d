// SPDX-License-Identifier: GPL-3.0-or-later

// Package hypervisor runs virtual machines and moves them while they run.
//
// There are two backings with the same interface. NewQEMU runs real machines, each a QEMU process, and
// moves them by QEMU's live migration; what it says of them is measured. NewModel runs none and computes
// what a move would take; its results say Measured: false.
package hypervisor

import (
	"context"
	"net/netip"
	"time"
)

// Spec is a virtual machine's hardware.
type Spec struct {
	ID       string // unique among the machines of a backing; letters, digits, dashes
	Name     string
	MemoryMB int
	VCPUs    int
	Disks    []Disk
	NICs     []NIC
	Dir      string // the machine's own directory on this computer: console log; made when missing
}

// Disk is a virtual disk and the bus it sits on.
type Disk struct {
	Bus  string // pvscsi, lsilogic, lsilogicsas, ide or sata; QEMU has no buslogic
	Unit int    // place on the bus, from 0; the first disk of a Spec is the one that boots
	// Blockdev is what QEMU's -blockdev takes, for instance {"driver": "raw", "file": {"driver": "iscsi", …}}.
	// node-name is set here, and cache.direct unless it is there already: both hosts open the disk
	// during a move, so neither may keep some of it in a cache of its own.
	Blockdev map[string]any
	// Secret is the password that Blockdev refers to as "password-secret"; nil when there is none.
	Secret *Secret
}

// Secret is handed to QEMU through a pipe: it is in no file and no argument list.
type Secret struct {
	ID    string // what Blockdev's "password-secret" names; disks that share a password may share it
	Value string
}

// NIC is a network adapter.
type NIC struct {
	Model      string // vmxnet3, e1000 or e1000e
	MAC        string
	SocketPath string // unix socket of its network (package network); "" for an adapter that is not connected
}

// Backing starts machines. It is safe for concurrent use.
type Backing interface {
	// Start powers a machine on. It returns when the machine runs, not when its system is up.
	Start(ctx context.Context, spec Spec) (Machine, error)
	// Incoming prepares the destination of a move: a machine that waits on a TCP address for another's
	// state. It fails when that address cannot be listened on.
	Incoming(ctx context.Context, spec Spec, listen netip.AddrPort) (Machine, error)
	// Name is "qemu" or "model".
	Name() string
	// Accel is what runs the guests' instructions: "kvm", "tcg" or "none".
	Accel() string
}

// State is what a machine is doing.
type State string

// The states of a machine.
const (
	StateIncoming State = "incoming" // waits for its state from another host
	StateRunning  State = "running"
	StatePaused   State = "paused"
	StateMigrated State = "migrated" // ended here: it runs at another host
	StateOff      State = "off"      // ended
)

// Machine is a virtual machine at one host. It is safe for concurrent use.
type Machine interface {
	ID() string
	State() State
	// Migrate moves the machine to dst, which Incoming made and which listens on dstAddr. On success dst runs and
	// this one has ended with StateMigrated. On any failure, or when ctx ends, this one goes on and dst has ended.
	Migrate(ctx context.Context, dst Machine, dstAddr netip.AddrPort, options MigrateOptions) (MigrationResult, error)
	// Shutdown presses the power button (ACPI); Done tells when the guest has followed.
	Shutdown(ctx context.Context) error
	// PowerOff ends the machine at once and returns when it has ended. It is no error when it has ended already.
	PowerOff(ctx context.Context) error
	Reset(ctx context.Context) error
	Pause(ctx context.Context) error
	Resume(ctx context.Context) error
	// Counters are totals since the machine started at this host. They stay after its end.
	Counters() Counters
	// Done is closed when the machine has ended; State says how.
	Done() <-chan struct{}
}

// Counters are a machine's totals at this host.
type Counters struct {
	CPUSeconds     float64 // of its process, all virtual CPUs and the emulation
	ResidentBytes  int64   // memory that it has of this computer now
	NetReceived    int64   // bytes
	NetSent        int64
	DiskReadBytes  int64
	DiskWriteBytes int64
}

// MigrateOptions says how to move. The zero value has the defaults.
type MigrateOptions struct {
	// BandwidthBps bounds the transfer, in bytes per second. Default: 125,000,000, a gigabit link.
	BandwidthBps int64
	// DowntimeLimit is how long the machine may stop at most for the last round. Default: 300 ms, QEMU's own.
	DowntimeLimit time.Duration
	// Source is the local address to migrate from, so that the transfer runs between the two hosts'
	// own addresses. Not valid: any.
	Source netip.Addr
	// Progress is called some times a second, from another goroutine, but never at once; nil for none.
	Progress func(MigrationStatus)
}

const (
	defaultBandwidth     = 125_000_000
	defaultDowntimeLimit = 300 * time.Millisecond
)

func (o MigrateOptions) withDefaults() MigrateOptions {
	if o.BandwidthBps <= 0 {
		o.BandwidthBps = defaultBandwidth
	}
	if o.DowntimeLimit <= 0 {
		o.DowntimeLimit = defaultDowntimeLimit
	}
	if o.Progress == nil {
		o.Progress = func(MigrationStatus) {}
	}
	return o
}

// MigrationStatus is how far a move is.
type MigrationStatus struct {
	Percent          int // 0 to 100; of memory, and never falling
	Round            int // of the pre-copy, from 1
	TransferredBytes int64
	RemainingBytes   int64
}

// MigrationResult is what a move took. Durations of the QEMU backing have a millisecond's resolution.
type MigrationResult struct {
	TotalTime time.Duration
	// SetupTime is until the first page is sent: connecting, and tracing of writes to memory.
	SetupTime time.Duration
	// PreCopyTime is that of the rounds in which the machine went on running.
	PreCopyTime time.Duration
	// Downtime is from the stop at the source to the end of the transfer, by the source's own account.
	Downtime time.Duration
	// SwitchOver is from the stop at the source to the start at the destination.
	SwitchOver       time.Duration
	TransferredBytes int64
	// LeftBytes is the memory that was sent while the machine stood.
	LeftBytes int64
	Rounds    int
	// Measured is false when the figures are computed and no machine moved.
	Measured bool
}
