// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"livelab.dev/twin/iscsi/pdu"
	"livelab.dev/twin/nas/portal"
	"livelab.dev/twin/nas/tgt"
	"livelab.dev/twin/survive"
)

// service is iSCSI: a tgtd and the portals before it.
type service struct {
	nas *NAS
	// shared is what the portals decide by. It is apart from the NAS's lock, so that a login never waits for a change
	// of the configuration that itself waits for sessions to end.
	shared atomic.Pointer[live]

	mu      sync.Mutex
	dir     string // of the management socket
	daemon  *tgt.Daemon
	applied tgt.Config
	portals map[string]*portal.Portal // by listen address
}

// live is a running service's configuration and its tgtd. It is never changed, only replaced.
type live struct {
	state  *State
	daemon *tgt.Daemon
}

func newService(s *NAS) *service { return &service{nas: s, portals: map[string]*portal.Portal{}} }

// start starts tgtd and opens the portals. It does nothing when iSCSI is running.
func (v *service) start(state *State) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.daemon != nil {
		return nil
	}
	if err := v.startDaemon(state); err != nil {
		return err
	}
	if err := v.openPortals(state); err != nil {
		v.stopLocked()
		return err
	}
	return nil
}

func (v *service) startDaemon(state *State) error {
	dir, err := runDir(v.nas.cfg)
	if err != nil {
		return err
	}
	d, err := tgt.StartDaemon(dir, v.nas.cfg.Logf)
	if err != nil {
		return err
	}
	v.dir, v.daemon = dir, d
	v.applied = tgt.Config{}
	wanted := v.nas.targetConfig(state)
	if err := d.Apply(v.applied, wanted); err != nil {
		v.stopLocked()
		return err
	}
	v.applied = wanted
	v.shared.Store(&live{state, d})
	survive.Go(v.nas.Logf, "nas: the watch over tgtd", func() { v.watch(d) })
	return nil
}

// watch starts tgtd again when it ends by itself. Initiators reconnect as they do after any loss of connection.
func (v *service) watch(d *tgt.Daemon) {
	<-d.Done()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.daemon != d {
		return
	}
	v.nas.cfg.Logf("nas: tgtd has ended by itself; it is started again")
	state := v.shared.Load().state
	d.Stop()
	v.daemon = nil
	if err := v.startDaemon(state); err != nil {
		v.nas.cfg.Logf("nas: tgtd: %v", err)
		v.stopLocked()
	}
}

// apply brings a running service in line with a new state.
func (v *service) apply(state *State) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.daemon == nil {
		return nil
	}
	wanted := v.nas.targetConfig(state)
	v.shared.Store(&live{state, v.daemon})
	v.endSessions(state)
	if err := v.openPortals(state); err != nil {
		return err
	}
	if err := v.daemon.Apply(v.applied, wanted); err != nil {
		// What tgtd has now is not known; a new one is given what it had.
		before := v.applied
		v.stopDaemon()
		return errors.Join(err, v.restart(before))
	}
	v.applied = wanted
	return nil
}

func (v *service) restart(config tgt.Config) error {
	d, err := tgt.StartDaemon(v.dir, v.nas.cfg.Logf)
	if err != nil {
		v.stopLocked()
		return err
	}
	v.daemon, v.applied = d, config
	v.shared.Store(&live{v.shared.Load().state, d})
	survive.Go(v.nas.Logf, "nas: the watch over tgtd", func() { v.watch(d) })
	return d.Apply(tgt.Config{}, config)
}

// endSessions drops those that the new state does not allow any more.
func (v *service) endSessions(state *State) {
	for _, p := range v.portals {
		p.Drop(func(s portal.Session) bool { return s.Target != "" && !admitted(state, v.nas, s.Visitor, s.Target) })
	}
}

// openPortals closes the portals that are gone and opens those that are new.
func (v *service) openPortals(state *State) error {
	wanted := map[string]bool{}
	for _, p := range state.Portals {
		for _, address := range v.nas.listens(state, p) {
			wanted[address] = true
		}
	}
	for address, p := range v.portals {
		if !wanted[address] {
			delete(v.portals, address)
			_ = p.Close()
		}
	}
	for _, address := range slices.Sorted(maps.Keys(wanted)) {
		if v.portals[address] == nil {
			p, err := portal.Listen(address, v, v.nas.cfg.Logf)
			if err != nil {
				return err
			}
			v.portals[address] = p
		}
	}
	return nil
}

func (v *service) stop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stopLocked()
}

func (v *service) stopLocked() {
	for address, p := range v.portals {
		delete(v.portals, address)
		_ = p.Close()
	}
	v.stopDaemon()
	v.shared.Store(nil)
}

func (v *service) stopDaemon() {
	if d := v.daemon; d != nil {
		v.daemon = nil
		d.Stop()
	}
}

func (v *service) close() {
	v.stop()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.dir != "" && v.nas.cfg.RunDir == "" && !strings.HasPrefix(v.dir, v.nas.cfg.Dir) {
		_ = os.Remove(v.dir)
	}
	v.dir = ""
}

func (v *service) pid() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.daemon == nil {
		return 0
	}
	return v.daemon.PID()
}

// maxSocketDir leaves room in a Unix socket's 107 bytes for the names that tgtd adds.
const maxSocketDir = 80

// runDir is a private directory with a path short enough for a socket.
func runDir(cfg Config) (string, error) {
	dir := cfg.RunDir
	if dir == "" {
		dir = filepath.Join(cfg.Dir, "run")
	}
	if len(dir) > maxSocketDir && cfg.RunDir == "" {
		dir = filepath.Join(os.TempDir(), fmt.Sprintf("labtwin-nas-%d-%s", os.Getuid(), hash(cfg.Dir)[:16]))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	// In a shared directory somebody else may have made it first.
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // A directory needs its x.
		return "", fmt.Errorf("%s must be this user's own: %w", dir, err)
	}
	return dir, nil
}

// Backend, Admit and Targets are the portals' policy.
func (v *service) Backend() (address, source string, err error) {
	if l := v.shared.Load(); l != nil {
		return l.daemon.Address, l.daemon.Source, nil
	}
	return "", "", errors.New("iSCSI is not running")
}

func (v *service) Admit(who portal.Visitor, target string) bool {
	l := v.shared.Load()
	return l != nil && admitted(l.state, v.nas, who, target)
}

func (v *service) Targets(who portal.Visitor) []pdu.Pair {
	l := v.shared.Load()
	if l == nil {
		return nil
	}
	return visible(l.state, v.nas, who)
}

// StartISCSI starts iSCSI. It does nothing when it runs.
func (n *NAS) StartISCSI() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.service.start(n.state)
}

// StopISCSI ends iSCSI and every session.
func (n *NAS) StopISCSI() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.service.stop()
}

// ReloadISCSI brings a running service in line with the configuration.
func (n *NAS) ReloadISCSI() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.service.apply(n.state)
}

// EnableISCSI says whether iSCSI starts with the NAS.
func (n *NAS) EnableISCSI(enable bool) error {
	return n.change(func(next *State) error {
		next.Service.Enable = enable
		return nil
	})
}
