// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"
	"time"

	"livelab.dev/twin/survive"
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
				_ = survive.Do(h.Logf, "vsphere: a look at the free space", h.RefreshFreeSpace)
			}
		}
	}
}
