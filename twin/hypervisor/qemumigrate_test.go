// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestMigrationMovesTheRunningGuest(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	source, address := r.start(), freePort(t)
	destination := r.keep(r.backing.Incoming(ctx, r.spec("destination"), address))
	if destination.State() != StateIncoming {
		t.Errorf("the destination is %s before the move", destination.State())
	}
	var seen []MigrationStatus
	result, err := source.Migrate(ctx, destination, address, MigrateOptions{
		Source: netip.MustParseAddr("127.0.0.2"), BandwidthBps: 2 << 20,
		Progress: func(s MigrationStatus) { seen = append(seen, s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	wantDone(t, source, StateMigrated)
	if destination.State() != StateRunning {
		t.Errorf("the destination is %s after the move", destination.State())
	}
	r.wantTicks("destination")
	if strings.Contains(r.console("destination"), "A") {
		t.Error("the guest booted at the destination: it was not moved while it ran")
	}
	if !result.Measured || result.TotalTime <= 0 || result.SwitchOver <= 0 || result.TransferredBytes <= 0 || result.Rounds < 2 {
		t.Errorf("result %+v", result)
	}
	if result.SetupTime+result.PreCopyTime+result.Downtime > result.TotalTime {
		t.Errorf("the parts of %+v are more than the whole", result)
	}
	for i, s := range seen {
		if s.Percent < 0 || s.Percent > 99 || i > 0 && s.Percent < seen[i-1].Percent {
			t.Errorf("progress %+v", seen)
			break
		}
	}
	if len(seen) == 0 {
		t.Error("no progress was told")
	}
	// It can go back, and is a machine as before.
	back := freePort(t)
	again := r.keep(r.backing.Incoming(ctx, r.spec("back"), back))
	if _, err := destination.Migrate(ctx, again, back, MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	r.wantTicks("back")
	if err := again.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	wantDone(t, again, StateOff)
}

func TestPausedMachineArrivesPaused(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	source, address := r.start(), freePort(t)
	if err := source.Pause(ctx); err != nil {
		t.Fatal(err)
	}
	destination := r.keep(r.backing.Incoming(ctx, r.spec("destination"), address))
	if _, err := source.Migrate(ctx, destination, address, MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	if destination.State() != StatePaused || r.console("destination") != "" {
		t.Errorf("the destination is %s, its guest said %q", destination.State(), r.console("destination"))
	}
	if err := destination.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	r.wantTicks("destination")
}

// sourceGoesOn is what every failed move has to leave behind.
func sourceGoesOn(t *testing.T, r *rig, source, destination Machine, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("the move did not fail")
	}
	t.Logf("refused: %v", err)
	wantDone(t, destination, StateOff)
	if source.State() != StateRunning {
		t.Errorf("the source is %s", source.State())
	}
	r.wantTicks("source")
	address := freePort(t)
	second := r.keep(r.backing.Incoming(context.Background(), r.spec("second"), address))
	if _, err := source.Migrate(context.Background(), second, address, MigrateOptions{}); err != nil {
		t.Errorf("a second try after a failed move: %v", err)
	}
	r.wantTicks("second")
}

func TestNoOneListensAtTheDestination(t *testing.T) {
	r := newRig(t)
	source := r.start()
	destination := r.keep(r.backing.Incoming(context.Background(), r.spec("destination"), freePort(t)))
	_, err := source.Migrate(context.Background(), destination, freePort(t), MigrateOptions{})
	sourceGoesOn(t, r, source, destination, err)
}

func TestDestinationDiesInTheMiddle(t *testing.T) {
	r := newRig(t)
	source, address := r.start(), freePort(t)
	destination := r.keep(r.backing.Incoming(context.Background(), r.spec("destination"), address))
	_, err := source.Migrate(context.Background(), destination, address, MigrateOptions{
		BandwidthBps: 100 << 10, // slow enough to be in the middle
		Progress:     func(MigrationStatus) { _ = destination.PowerOff(context.Background()) },
	})
	sourceGoesOn(t, r, source, destination, err)
}

func TestCancelInTheMiddle(t *testing.T) {
	r := newRig(t)
	source, address := r.start(), freePort(t)
	destination := r.keep(r.backing.Incoming(context.Background(), r.spec("destination"), address))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := source.Migrate(ctx, destination, address, MigrateOptions{
		BandwidthBps: 100 << 10, Progress: func(MigrationStatus) { cancel() },
	})
	sourceGoesOn(t, r, source, destination, err)
}

// The destination refuses the state, because its hardware is not the same.
func TestDestinationWithOtherHardware(t *testing.T) {
	r := newRig(t)
	source, address := r.start(), freePort(t)
	other := r.spec("destination")
	other.NICs[0].Model = "e1000"
	destination := r.keep(r.backing.Incoming(context.Background(), other, address))
	_, err := source.Migrate(context.Background(), destination, address, MigrateOptions{})
	sourceGoesOn(t, r, source, destination, err)
}

func TestSourceDiesInTheMiddle(t *testing.T) {
	r := newRig(t)
	source, address := r.start(), freePort(t)
	destination := r.keep(r.backing.Incoming(context.Background(), r.spec("destination"), address))
	_, err := source.Migrate(context.Background(), destination, address, MigrateOptions{
		BandwidthBps: 100 << 10, Progress: func(MigrationStatus) { _ = source.PowerOff(context.Background()) },
	})
	if err == nil {
		t.Fatal("the move did not fail")
	}
	wantDone(t, source, StateOff)
	wantDone(t, destination, StateOff)
}

func TestIncomingAtAnAddressThatCannotBe(t *testing.T) {
	r := newRig(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	for _, address := range []string{listener.Addr().String(), "192.0.2.1:8000"} {
		m, err := r.backing.Incoming(context.Background(), r.spec("destination"), netip.MustParseAddrPort(address))
		if err == nil {
			_ = m.PowerOff(context.Background())
		}
		if err == nil || !strings.Contains(err.Error(), address) {
			t.Errorf("error %v does not name %s", err, address)
		}
	}
}

func TestMachineOnItsWayTakesNoOtherOrders(t *testing.T) {
	r := newRig(t)
	source, address := r.start(), freePort(t)
	destination := r.keep(r.backing.Incoming(context.Background(), r.spec("destination"), address))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for name, order := range map[string]func(context.Context) error{"pause": destination.Pause, "resume": destination.Resume} {
		if order(ctx) == nil {
			t.Errorf("a machine that waits for its state takes %s", name)
		}
	}
	var second, paused error
	_, err := source.Migrate(ctx, destination, address, MigrateOptions{BandwidthBps: 1 << 20, Progress: func(MigrationStatus) {
		if paused == nil {
			paused = source.Pause(ctx)
			_, second = source.Migrate(ctx, destination, address, MigrateOptions{})
		}
	}})
	if paused == nil || second == nil {
		t.Errorf("a machine on its way takes pause (%v) and another move (%v)", paused, second)
	}
	if err == nil {
		t.Error("a second move to the same destination ends it, yet the first succeeded")
	}
	r.wantTicks("source")
}
