// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"
	"slices"
	"time"
)

// freeSpaceEvery is how often the datastores' free space is brought up to date; ESXi tells vCenter about every change too.
const freeSpaceEvery = 2 * time.Second

// watchFreeSpace keeps the datastores' free space right while machines' disks come and go, until ctx ends.
func (s *Server) watchFreeSpace(ctx context.Context) {
	ticker := time.NewTicker(freeSpaceEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for _, h := range s.hosts {
				h.refreshFreeSpace()
			}
		}
	}
}

// refreshFreeSpace shows the free space of the host's volumes when it changed.
func (h *Host) refreshFreeSpace() {
	free := map[string]int64{}
	for _, m := range h.storage.Load().volumes {
		if m.VMFS != nil && !m.lost {
			if now := m.VMFS.Free(); now != m.Free {
				free[m.UUID] = now
			}
		}
	}
	if len(free) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	storage := h.storage.Load()
	volumes := slices.Clone(storage.volumes)
	for i := range volumes {
		if now, changed := free[volumes[i].UUID]; changed {
			volumes[i].Free = now
		}
	}
	h.storage.Store(look(h.state(), storage.luns, volumes))
	h.publish()
}
