// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a clock that stands still but for sleeps.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	tick func() // called in every sleep
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
	if c.tick != nil {
		c.tick()
	}
	return ctx.Err()
}

func modelLab(change func(*ModelConfig)) (Backing, *clock) {
	c := &clock{now: time.Unix(1_000_000, 0)}
	config := ModelConfig{Scale: 10, Now: c.Now, Sleep: c.Sleep}
	if change != nil {
		change(&config)
	}
	return NewModel(config), c
}

var modelSpec = Spec{ID: "web", Name: "web", MemoryMB: 512, VCPUs: 2, Dir: "unused"}

// modelPair is a running machine and a destination for it.
func modelPair(t *testing.T, b Backing) (source, destination Machine, address netip.AddrPort) {
	t.Helper()
	address = freePort(t)
	source, err := b.Start(context.Background(), modelSpec)
	if err != nil {
		t.Fatal(err)
	}
	destination, err = b.Incoming(context.Background(), modelSpec, address)
	if err != nil {
		t.Fatal(err)
	}
	return source, destination, address
}

func TestRoundsShrinkGeometrically(t *testing.T) {
	// A quarter of the bandwidth is written: each round is a quarter of the one before.
	p := preCopy{memory: 1 << 30, workingSet: 1 << 30, dirtyRate: 25_000_000, bandwidth: 100_000_000, downtimeLimit: 50 * time.Millisecond}
	rounds := p.rounds()
	// 1 GiB at 100 MB/s is 10.7 s; the rest after n rounds takes 10.7 s / 4^n, which is below 50 ms for n = 4.
	if len(rounds) != 5 {
		t.Fatalf("%d rounds: %v, want 4 and the last", len(rounds), rounds)
	}
	for i := 1; i < len(rounds); i++ {
		if ratio := float64(rounds[i].sent) / float64(rounds[i-1].sent); ratio < 0.2499 || ratio > 0.2501 {
			t.Errorf("round %d is %.4f of the one before, want 0.25", i+1, ratio)
		}
	}
	if last := rounds[4].time; last > p.downtimeLimit {
		t.Errorf("the machine stands for %s, more than %s", last, p.downtimeLimit)
	}
}

func TestRoundsOfAStandingMachineAreOne(t *testing.T) {
	rounds := preCopy{memory: 1 << 30, workingSet: 1 << 30, bandwidth: 1 << 30, downtimeLimit: time.Millisecond}.rounds()
	if len(rounds) != 2 || rounds[0].time != time.Second || rounds[1].sent != 0 {
		t.Errorf("rounds %v, want one of 1 s and an empty last one", rounds)
	}
}

func TestWorkingSetBoundsTheRounds(t *testing.T) {
	p := preCopy{memory: 1 << 30, workingSet: 10 << 20, dirtyRate: 1 << 40, bandwidth: 100 << 20, downtimeLimit: 200 * time.Millisecond}
	rounds := p.rounds()
	if len(rounds) != 2 || rounds[1].sent != 10<<20 {
		t.Errorf("rounds %v, want the whole working set in the last", rounds)
	}
}

func TestFastWriterIsSlowedDownUntilItFits(t *testing.T) {
	p := preCopy{memory: 1 << 30, workingSet: 1 << 30, dirtyRate: 200_000_000, bandwidth: 125_000_000, downtimeLimit: 300 * time.Millisecond}
	rounds := p.rounds()
	if len(rounds) > maxRounds || rounds[len(rounds)-1].time > p.downtimeLimit {
		t.Errorf("%d rounds, the last of %s: throttling should make it converge", len(rounds), rounds[len(rounds)-1].time)
	}
	p.dirtyRate = 100_000_000_000
	if rounds := p.rounds(); len(rounds) != maxRounds+1 {
		t.Errorf("%d rounds for a guest that nothing slows enough, want %d and the last", len(rounds), maxRounds)
	}
}

func TestModelMigrationTakesTheTimeItSays(t *testing.T) {
	b, clock := modelLab(nil)
	source, destination, address := modelPair(t, b)
	before := clock.Now()
	var seen []MigrationStatus
	result, err := source.Migrate(context.Background(), destination, address, MigrateOptions{Progress: func(s MigrationStatus) { seen = append(seen, s) }})
	if err != nil {
		t.Fatal(err)
	}
	if passed := clock.Now().Sub(before) * 10; passed-result.TotalTime > time.Microsecond || result.TotalTime-passed > time.Microsecond {
		t.Errorf("%s of the machine's time passed, the result says %s", passed, result.TotalTime)
	}
	if result.Measured {
		t.Error("a computed result says that it was measured")
	}
	if result.SetupTime+result.PreCopyTime+result.Downtime != result.TotalTime {
		t.Errorf("the parts of %+v are not the whole", result)
	}
	// Half of 512 MB at 125 MB/s.
	if result.PreCopyTime < 2140*time.Millisecond || result.PreCopyTime > 2500*time.Millisecond {
		t.Errorf("pre-copy of %s, want some 2.2 s", result.PreCopyTime)
	}
	if len(seen) != result.Rounds || seen[len(seen)-1].TransferredBytes != result.TransferredBytes {
		t.Errorf("progress %+v of a result %+v", seen, result)
	}
	wantDone(t, source, StateMigrated)
	if destination.State() != StateRunning {
		t.Errorf("the destination is %s", destination.State())
	}
}

func TestModelSourceGoesOnAfterAFailure(t *testing.T) {
	for name, fail := range map[string]func(cancel func(), source, destination Machine){
		"cancelled":        func(cancel func(), _, _ Machine) { cancel() },
		"destination ends": func(_ func(), _, destination Machine) { _ = destination.PowerOff(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			b, clock := modelLab(nil)
			source, destination, address := modelPair(t, b)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			clock.tick = func() { fail(cancel, source, destination) }
			if _, err := source.Migrate(ctx, destination, address, MigrateOptions{}); err == nil {
				t.Error("the move did not fail")
			}
			wantDone(t, destination, StateOff)
			if source.State() != StateRunning {
				t.Errorf("the source is %s", source.State())
			}
			if err := source.Pause(context.Background()); err != nil {
				t.Errorf("the source takes no orders any more: %v", err)
			}
		})
	}
}

func TestModelSourceEndsInTheMiddle(t *testing.T) {
	b, clock := modelLab(nil)
	source, destination, address := modelPair(t, b)
	clock.tick = func() { _ = source.PowerOff(context.Background()) }
	if _, err := source.Migrate(context.Background(), destination, address, MigrateOptions{}); err == nil {
		t.Error("the move did not fail")
	}
	wantDone(t, source, StateOff)
	wantDone(t, destination, StateOff)
}

func TestModelRules(t *testing.T) {
	b, _ := modelLab(nil)
	ctx := context.Background()
	source, destination, address := modelPair(t, b)
	if err := destination.Pause(ctx); err == nil || !strings.Contains(err.Error(), "incoming") {
		t.Errorf("a machine that waits for its state is paused: %v", err)
	}
	if _, err := source.Migrate(ctx, source, address, MigrateOptions{}); err == nil {
		t.Error("a machine moves to itself")
	}
	if err := source.Pause(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Migrate(ctx, destination, address, MigrateOptions{}); err != nil || destination.State() != StatePaused {
		t.Errorf("%v; a machine that stood arrives %s", err, destination.State())
	}
	if err := source.Reset(ctx); err == nil {
		t.Error("a machine that has moved away is reset")
	}
	if _, err := b.Start(ctx, Spec{ID: "x", Dir: "unused", MemoryMB: 0, VCPUs: 1}); err == nil {
		t.Error("a machine without memory starts")
	}
	if b.Name() != "model" || b.Accel() != "none" {
		t.Errorf("backing %s, accel %s", b.Name(), b.Accel())
	}
}

func TestModelIncomingNeedsAnAddressOfThisComputer(t *testing.T) {
	b, _ := modelLab(nil)
	_, err := b.Incoming(context.Background(), modelSpec, netip.MustParseAddrPort("192.0.2.1:8000"))
	var operation *net.OpError
	if !errors.As(err, &operation) || !strings.Contains(err.Error(), "192.0.2.1:8000") {
		t.Errorf("error %v", err)
	}
}

func TestModelCountersFollowFromTime(t *testing.T) {
	b, clock := modelLab(func(c *ModelConfig) { c.CPULoad, c.MemoryUsed = 0.5, 0.25 })
	ctx := context.Background()
	m, err := b.Start(ctx, modelSpec)
	if err != nil {
		t.Fatal(err)
	}
	wait := func() { _ = clock.Sleep(ctx, time.Second) } // 10 s of the machine's
	wait()
	// Two CPUs, half busy, for 10 s.
	if c := m.Counters(); c.CPUSeconds != 10 || c.ResidentBytes != 128<<20 {
		t.Errorf("counters %+v, want 10 s and 128 MiB", c)
	}
	_ = m.Pause(ctx)
	wait()
	if c := m.Counters(); c.CPUSeconds != 10 {
		t.Errorf("a machine that stands uses CPU time: %+v", c)
	}
	_ = m.Resume(ctx)
	wait()
	_ = m.PowerOff(ctx)
	wait()
	if c := m.Counters(); c.CPUSeconds != 20 || c.ResidentBytes != 0 {
		t.Errorf("counters %+v after the end, want 20 s and no memory", c)
	}
}

func TestModelShutdownTakesAWhile(t *testing.T) {
	b, clock := modelLab(nil)
	m, err := b.Start(context.Background(), modelSpec)
	if err != nil {
		t.Fatal(err)
	}
	before := clock.Now()
	if err := m.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantDone(t, m, StateOff)
	if passed := clock.Now().Sub(before); passed != 500*time.Millisecond {
		t.Errorf("%s passed, want 5 s at a scale of 10", passed)
	}
}
