// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"
)

const (
	pageSize     = 4 << 10
	pollInterval = 100 * time.Millisecond
	dialLimit    = 5 * time.Second
	// resumeLimit bounds how long the destination may take to run once it has everything: it only opens its disks for writing.
	resumeLimit = 10 * time.Second
)

// announce makes QEMU send its first RARP when the machine runs, and four more within a quarter of a second, should one be lost.
var announce = map[string]any{"announce-initial": 10, "announce-max": 100, "announce-rounds": 5, "announce-step": 30}

// migrationInfo is the answer to query-migrate.
type migrationInfo struct {
	Status    string `json:"status"`
	TotalTime int64  `json:"total-time"` // milliseconds, as all times
	Downtime  int64  `json:"downtime"`
	SetupTime int64  `json:"setup-time"`
	ErrorDesc string `json:"error-desc"`
	RAM       struct {
		Transferred int64 `json:"transferred"`
		Remaining   int64 `json:"remaining"`
		Total       int64 `json:"total"`
		SyncCount   int64 `json:"dirty-sync-count"`
		// DowntimeBytes is what was sent while the machine stood; QEMU 7.0 and later tell it.
		DowntimeBytes int64 `json:"downtime-bytes"`
	} `json:"ram"`
}

// listen makes a waiting machine take its state from a TCP address.
func (m *qemuMachine) listen(ctx context.Context, at netip.AddrPort) error {
	if err := m.qmp.run(ctx, "migrate-set-parameters", announce, nil); err != nil {
		return err
	}
	return m.qmp.run(ctx, "migrate-incoming", map[string]any{"uri": "tcp:" + at.String()}, nil)
}

func (m *qemuMachine) Migrate(ctx context.Context, dst Machine, dstAddr netip.AddrPort, options MigrateOptions) (MigrationResult, error) {
	destination, ok := dst.(*qemuMachine)
	if !ok || destination.State() != StateIncoming {
		return MigrationResult{}, fmt.Errorf("hypervisor: machine %s: the destination does not wait for a machine", m.spec.ID)
	}
	if err := m.beginMigration(); err != nil {
		destination.kill()
		return MigrationResult{}, err
	}
	result, err := m.moveTo(ctx, destination, dstAddr, options.withDefaults())
	m.mu.Lock()
	m.migrating = false
	m.mu.Unlock()
	if err != nil {
		return MigrationResult{}, fmt.Errorf("hypervisor: machine %s: migrate to %s: %w", m.spec.ID, dstAddr, err)
	}
	return result, nil
}

func (m *qemuMachine) beginMigration() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.migrating || (m.state != StateRunning && m.state != StatePaused) {
		return fmt.Errorf("hypervisor: machine %s is %s and cannot be migrated now", m.spec.ID, m.state)
	}
	m.migrating = true
	return nil
}

// moveTo does the whole move. When it returns an error, this machine does what it did before, and the destination has ended.
func (m *qemuMachine) moveTo(ctx context.Context, dst *qemuMachine, address netip.AddrPort, options MigrateOptions) (MigrationResult, error) {
	wasRunning := m.State() == StateRunning
	info, err := m.transfer(ctx, dst, address, options)
	if err == nil {
		err = dst.arrived(wasRunning)
	}
	if err != nil {
		// The destination has to be gone for certain before the source touches the disk again.
		dst.kill()
		return MigrationResult{}, errors.Join(m.explainDestination(err, dst), m.goOn(wasRunning))
	}
	result := resultOf(info)
	if wasRunning {
		result.SwitchOver = switchOver(m.stopped, dst.resumed)
	}
	m.mu.Lock()
	m.countUntilNow()
	m.state = StateMigrated
	m.mu.Unlock()
	// The machine runs elsewhere now; that this process ends is not to be given up half-way.
	return result, m.PowerOff(context.WithoutCancel(ctx))
}

// explainDestination adds what the destination's process said, should it have ended with an error of its own.
func (m *qemuMachine) explainDestination(err error, dst *qemuMachine) error {
	if said := dst.output.String(); said != "" {
		return fmt.Errorf("%w (destination: %s)", err, said)
	}
	return err
}

// transfer sends the machine's state, and returns when all of it is sent.
func (m *qemuMachine) transfer(ctx context.Context, dst *qemuMachine, address netip.AddrPort, options MigrateOptions) (migrationInfo, error) {
	if err := m.connect(ctx, address, options); err != nil {
		return migrationInfo{}, err
	}
	if err := m.beginTransfer(ctx, options.BandwidthBps); err != nil {
		return migrationInfo{}, err
	}
	info, err := m.follow(ctx, dst, options.Progress)
	if err != nil && m.State() != StateOff {
		info, err = m.cancel(err)
	}
	if err != nil {
		return info, err
	}
	return m.withTimes(info), nil
}

// withTimes is the answer of a complete migration with its times: QEMU says that it is complete a moment before it works them out.
// The machine has arrived; should QEMU answer no more, the times stay unknown.
func (m *qemuMachine) withTimes(info migrationInfo) migrationInfo {
	ctx, done := context.WithTimeout(context.Background(), controlLimit)
	defer done()
	for info.TotalTime == 0 {
		time.Sleep(time.Millisecond)
		if err := m.qmp.run(ctx, "query-migrate", nil, &info); err != nil {
			break
		}
	}
	return info
}

// beginTransfer starts to send. Under TCG the machine stands meanwhile, for some milliseconds: see oneRound.
func (m *qemuMachine) beginTransfer(ctx context.Context, bandwidth int64) (err error) {
	start := func() error { return m.qmp.run(ctx, "migrate", map[string]any{"uri": "fd:migration"}, nil) }
	if !m.oneRound() || m.State() != StateRunning {
		return errors.Join(m.limitBandwidth(ctx, bandwidth), start())
	}
	// Next to no bandwidth: a small machine would be through before it runs again.
	if err := m.limitBandwidth(ctx, pageSize); err != nil {
		return err
	}
	if err := m.qmp.run(ctx, "stop", nil, nil); err != nil {
		return err
	}
	err = start()
	for err == nil {
		var info migrationInfo
		err = m.qmp.run(ctx, "query-migrate", nil, &info)
		if info.Status != "setup" && info.Status != "none" {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return errors.Join(err, m.goOn(true), m.limitBandwidth(ctx, bandwidth))
}

func (m *qemuMachine) limitBandwidth(ctx context.Context, bytesPerSecond int64) error {
	return m.qmp.run(ctx, "migrate-set-parameters", map[string]any{"max-bandwidth": bytesPerSecond}, nil)
}

// oneRound tells whether the pre-copy is to have one round only: all of memory, and then, while the machine stands, what was
// written since. That is so under TCG. There QEMU before 9.0 clears its dirty bits between rounds without telling the virtual
// CPUs' translation buffers, which go on writing unseen ("physmem: Fix migration dirty bitmap coherency with TCG memory
// access", March 2024); later ones leave a smaller race of that kind. A busy guest crashed of it within three moves. While the
// machine stands there are no writes to miss, so the bits are cleared then, at the start and at the end, and never between.
func (m *qemuMachine) oneRound() bool { return m.backing.accel == "tcg" }

// connect sets the parameters and gives QEMU a connection to the destination.
func (m *qemuMachine) connect(ctx context.Context, address netip.AddrPort, options MigrateOptions) error {
	parameters := map[string]any{"downtime-limit": options.DowntimeLimit.Milliseconds()}
	if m.oneRound() {
		// QEMU begins another round when what is left would fit into this time, and ends when nothing is left.
		parameters["downtime-limit"] = 0
	}
	if err := m.qmp.run(ctx, "migrate-set-parameters", parameters, nil); err != nil {
		return err
	}
	capabilities := map[string]any{"capabilities": []map[string]any{{"capability": "auto-converge", "state": true}}}
	if err := m.qmp.run(ctx, "migrate-set-capabilities", capabilities, nil); err != nil {
		return err
	}
	dialer := net.Dialer{Timeout: dialLimit}
	if options.Source.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(options.Source, 0))
	}
	conn, err := dialer.DialContext(ctx, "tcp", address.String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	file, err := conn.(*net.TCPConn).File()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return m.passFile(ctx, file)
}

func (m *qemuMachine) passFile(ctx context.Context, file *os.File) error {
	return m.qmp.runWithFile(ctx, "getfd", map[string]any{"fdname": "migration"}, nil, file)
}

// follow reports progress until the transfer has ended.
func (m *qemuMachine) follow(ctx context.Context, dst *qemuMachine, progress func(MigrationStatus)) (migrationInfo, error) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	percent := 0
	for {
		var info migrationInfo
		if err := m.qmp.run(ctx, "query-migrate", nil, &info); err != nil {
			return info, err
		}
		switch info.Status {
		case "completed":
			return info, nil
		case "failed", "cancelled":
			return info, errors.New(firstOf(info.ErrorDesc, "the transfer "+info.Status))
		}
		percent = max(percent, percentOf(info))
		progress(MigrationStatus{
			Percent: percent, Round: int(info.RAM.SyncCount),
			TransferredBytes: info.RAM.Transferred, RemainingBytes: info.RAM.Remaining,
		})
		select {
		case <-ticker.C:
		case <-dst.done:
			return info, errors.New("the destination has ended")
		case <-ctx.Done():
			return info, ctx.Err()
		}
	}
}

// cancel stops a transfer for the reason given. Should it have been complete by then after all, the reason stands
// no longer in the way: the machine has arrived.
func (m *qemuMachine) cancel(reason error) (migrationInfo, error) {
	ctx, done := context.WithTimeout(context.Background(), controlLimit)
	defer done()
	if err := m.qmp.run(ctx, "migrate_cancel", nil, nil); err != nil {
		return migrationInfo{}, errors.Join(reason, err)
	}
	for {
		var info migrationInfo
		if err := m.qmp.run(ctx, "query-migrate", nil, &info); err != nil {
			return info, errors.Join(reason, err)
		}
		switch info.Status {
		case "completed":
			return info, nil
		case "cancelled", "failed", "none":
			return info, reason
		}
		time.Sleep(pollInterval / 10)
	}
}

// arrived waits until a machine that has received its state runs (or stands, when it stood at the source).
func (m *qemuMachine) arrived(running bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), resumeLimit)
	defer cancel()
	for {
		var status struct {
			Status string `json:"status"`
		}
		if err := m.qmp.run(ctx, "query-status", nil, &status); err != nil {
			return fmt.Errorf("the destination does not run: %w", err)
		}
		switch {
		case running && status.Status == "running":
			return nil
		case !running && status.Status == "paused":
			m.mu.Lock()
			m.state = StatePaused
			m.countFrom()
			m.mu.Unlock()
			return nil
		}
		select {
		case <-m.done:
			return errors.New("the destination has ended")
		case <-time.After(time.Millisecond):
		}
	}
}

// goOn makes the source run again after a failed move, if it ran before and has not gone on by itself.
func (m *qemuMachine) goOn(wasRunning bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), controlLimit)
	defer cancel()
	if !wasRunning {
		return nil
	}
	if err := m.qmp.run(ctx, "cont", nil, nil); err != nil {
		err = m.explain(err)
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.state == StateRunning {
			m.state = StatePaused
		}
		return fmt.Errorf("the source does not go on: %w", err)
	}
	return nil
}

func resultOf(info migrationInfo) MigrationResult {
	result := MigrationResult{
		TotalTime:        time.Duration(info.TotalTime) * time.Millisecond,
		SetupTime:        time.Duration(info.SetupTime) * time.Millisecond,
		Downtime:         time.Duration(info.Downtime) * time.Millisecond,
		TransferredBytes: info.RAM.Transferred,
		LeftBytes:        info.RAM.DowntimeBytes,
		Rounds:           int(info.RAM.SyncCount),
		Measured:         true,
	}
	result.PreCopyTime = max(0, result.TotalTime-result.SetupTime-result.Downtime)
	return result
}

// switchOver is from the source's last stop to the destination's start. Both events have been read: QEMU tells them before
// it answers the questions that led here.
func switchOver(stopped, resumed chan time.Time) time.Duration {
	select {
	case from := <-stopped:
		select {
		case to := <-resumed:
			return to.Sub(from)
		default:
		}
	default:
	}
	return 0
}

// percentOf is how much of memory needs no more sending, kept below 100 until all is done.
func percentOf(info migrationInfo) int {
	if info.RAM.Total == 0 {
		return 0
	}
	return int(min(99, 100*(info.RAM.Total-info.RAM.Remaining)/info.RAM.Total))
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
