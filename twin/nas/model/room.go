// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"strings"
	"syscall"
)

// Used is the room that a dataset takes of its pool, in bytes: a zvol's whole size, unless it is sparse.
func (n *NAS) Used(d Dataset) int64 {
	if d.Type != "VOLUME" {
		return 0
	}
	if !d.Sparse {
		return d.VolSize
	}
	return allocated(n.zvolFile(d.Name))
}

// allocated is what a sparse file takes on this machine's disk, in bytes.
func allocated(file string) int64 {
	var st syscall.Stat_t
	if syscall.Stat(file, &st) != nil {
		return 0
	}
	return st.Blocks * 512
}

// PoolUsed is the room that a pool has given away, in bytes.
func (n *NAS) PoolUsed(state *State, pool string) int64 {
	var used int64
	for _, d := range state.Datasets {
		if strings.HasPrefix(d.Name, pool+"/") {
			used += n.Used(d)
		}
	}
	for _, e := range state.Extents {
		if strings.HasPrefix(e.Path, "/mnt/"+pool+"/") {
			used += allocated(n.backing(e))
		}
	}
	return used
}

// Available is the room left in a dataset's pool, in bytes, and whether there is such a pool.
func (n *NAS) Available(state *State, dataset string) (int64, bool) {
	name, _, _ := strings.Cut(dataset, "/")
	for _, p := range state.Pools {
		if p.Name == name {
			return max(n.usable(p)-n.PoolUsed(state, name), 0), true
		}
	}
	return 0, false
}
