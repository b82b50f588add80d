// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"context"
	"time"

	"livelab.dev/twin/vsphere/registry/fault"
)

// bootDelay lets the client that asked for a reboot see that it was accepted.
const bootDelay = 500 * time.Millisecond

// Reboot takes the host's endpoint away for as long as a boot takes, and brings it back with what only a boot puts into effect.
func (h *Host) Reboot() {
	time.Sleep(bootDelay)
	at := h.door.Addr()
	vcenter := h.vcenterView()
	if vcenter != nil && vcenter.Connected() {
		vcenter.Lost()
	}
	_ = h.door.Close()
	time.Sleep(h.Env.BootTime)

	if f := h.Change(func(s *State) *fault.Failure { s.boot(); return nil }); f != nil {
		h.Logf("%s: boot: %v", h.Label(), f)
	}
	if err := h.door.Listen(context.Background(), at); err != nil {
		h.Logf("%s: boot: %v", h.Label(), err)
		return
	}
	if f := h.Rescan(context.Background(), ScanAll); f != nil {
		h.Logf("%s: boot: %v", h.Label(), f)
	}
	if vcenter != nil {
		vcenter.Found()
	}
}
