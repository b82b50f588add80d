// SPDX-License-Identifier: GPL-3.0-or-later

package registry

import (
	"maps"
	"sync"
)

// counter counts by name.
type counter struct {
	mu sync.Mutex
	n  map[string]int64
}

func (c *counter) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int64{}
	}
	c.n[name]++
}

func (c *counter) Snapshot() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		return map[string]int64{}
	}
	return maps.Clone(c.n)
}
