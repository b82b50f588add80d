// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"livelab.dev/twin/hypervisor"
	"livelab.dev/twin/survive"
)

// Config says how machines run.
type Config struct {
	// Backing runs them. Required.
	Backing hypervisor.Backing
	// Dir holds uploads on their way, console logs and the list of machines. Made when missing, mode 0700. Required.
	Dir string
	// GuestAddress is the IPv4 address that the adapter with a MAC address uses; false while it is not known. Default: never known.
	GuestAddress func(mac string) (ip string, ok bool)
	// BandwidthBps bounds a vMotion, in bytes per second. Default: the backing's own, a gigabit link.
	BandwidthBps int64
	// Logf logs one line. Default: no log.
	Logf func(format string, args ...any)

	// SampleEvery is how often counters and guests are looked at. Default: 1 s.
	SampleEvery time.Duration
}

// Manager has all machines of a data centre. It is safe for concurrent use.
type Manager struct {
	Cfg    Config
	Ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // what still runs in the background
	// rounds are what is done again and again; placing before a machine is placed; closing when the manager closes.
	rounds  []func(now time.Time, tick int)
	placing []func()
	closing []func()

	mu          sync.Mutex
	inventories []*Inventory
	machines    map[string]*VM      // by id
	arriving    map[int]*sync.Mutex // by host number; held while a machine is received there
	aligning    sync.Mutex          // held while the registries are made to show the same
	closed      bool
}

// New makes a manager. It has no machines until an inventory is attached.
func New(cfg Config) (*Manager, error) {
	if cfg.Backing == nil {
		return nil, errors.New("machines: no backing: Config.Backing is nil")
	}
	if cfg.Dir == "" {
		return nil, errors.New("machines: no directory: Config.Dir is empty")
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	if cfg.GuestAddress == nil {
		cfg.GuestAddress = func(string) (string, bool) { return "", false }
	}
	if cfg.Logf == nil {
		cfg.Logf = func(string, ...any) {}
	}
	if cfg.SampleEvery == 0 {
		cfg.SampleEvery = time.Second
	}
	m := &Manager{Cfg: cfg, machines: map[string]*VM{}, arriving: map[int]*sync.Mutex{}}
	m.Ctx, m.cancel = context.WithCancel(context.Background())
	return m, nil
}

// EachRound has something done in each round of Watch.
func (m *Manager) EachRound(work func(now time.Time, tick int)) { m.rounds = append(m.rounds, work) }

// BeforePlacing has something done before a place is looked for, for a new machine.
func (m *Manager) BeforePlacing(work func()) { m.placing = append(m.placing, work) }

// OnClose has something ended when the manager closes.
func (m *Manager) OnClose(work func()) { m.closing = append(m.closing, work) }

// Watch begins to look at the machines again and again. Call it once, when everything that wants a part in it has one.
func (m *Manager) Watch() { m.Background(m.watch) }

// Close ends all machines at once, as a power cut would, and everything that is being done with them.
func (m *Manager) Close() error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.cancel()
	for _, end := range m.closing {
		end()
	}
	m.work.Wait()
	var err error
	for _, mc := range m.All() {
		if process := mc.Running(); process != nil {
			err = errors.Join(err, process.PowerOff(context.Background()))
		}
	}
	return err
}

// All machines, in no order.
func (m *Manager) All() []*VM {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]*VM, 0, len(m.machines))
	for _, mc := range m.machines {
		list = append(list, mc)
	}
	return list
}

// Background runs work that Close waits for. It does not run at all once Close was called.
func (m *Manager) Background(work func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	m.work.Add(1)
	go func() {
		defer m.work.Done()
		_ = survive.Do(m.Cfg.Logf, "vsphere: the machines' background", work)
	}()
}

// watch looks at the machines again and again: what they use, and what their guests' addresses are.
func (m *Manager) watch() {
	ticker := time.NewTicker(m.Cfg.SampleEvery)
	defer ticker.Stop()
	for tick := 0; ; tick++ {
		select {
		case <-m.Ctx.Done():
			return
		case now := <-ticker.C:
			_ = survive.Do(m.Cfg.Logf, "vsphere: a look at the machines", func() { m.look(now, tick) })
		}
	}
}

// look is one round of watch.
func (m *Manager) look(now time.Time, tick int) {
	m.Align()
	for _, work := range m.rounds {
		work(now, tick)
	}
	for _, mc := range m.All() {
		mc.lookAtGuest()
	}
}

// Machine is what a status page says of a machine.
type Machine struct {
	Name  string
	Host  string // name of the host that it is registered on
	State string // poweredOn, poweredOff or suspended
	IP    string // empty when not known
}

// Machines lists all machines.
func (m *Manager) Machines() []Machine {
	var list []Machine
	for _, mc := range m.All() {
		list = append(list, mc.status())
	}
	return list
}

// Attached are the inventories.
func (m *Manager) Attached() []*Inventory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.inventories)
}

// HostNumbers are the hosts that any inventory shows.
func (m *Manager) HostNumbers() []int {
	seen := map[int]bool{}
	for _, inv := range m.Attached() {
		for _, entity := range inv.All("HostSystem") {
			if h := inv.HostOf(entity.Reference()); h != nil {
				seen[h.Number()] = true
			}
		}
	}
	return slices.Collect(maps.Keys(seen))
}

// HostNumbered is a host that some registry shows, nil for none.
func (m *Manager) HostNumbered(number int) ESXi {
	for _, inv := range m.Attached() {
		for _, entity := range inv.All("HostSystem") {
			if h := inv.HostOf(entity.Reference()); h != nil && h.Number() == number {
				return h
			}
		}
	}
	return nil
}
