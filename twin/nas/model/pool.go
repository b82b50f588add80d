// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"livelab.dev/twin/nas/fault"
)

// minDisks is how many disks a vdev of each type needs, and parity how many of them do not add room. A mirror's room is
// that of one disk.
var (
	minDisks = map[string]int{"STRIPE": 1, "MIRROR": 2, "RAIDZ1": 3, "RAIDZ2": 4, "RAIDZ3": 5}
	parity   = map[string]int{"RAIDZ1": 1, "RAIDZ2": 2, "RAIDZ3": 3}
)

// slop is the share of a pool, one in so many bytes, that ZFS keeps for itself.
const slop = 32

var poolForm = regexp.MustCompile(`^[a-zA-Z][-_.:a-zA-Z0-9]*$`)

// PoolSpec is what a pool is made of.
type PoolSpec struct {
	Name     string `json:"name"`
	Topology struct {
		Data    []VDev   `json:"data"`
		Log     []VDev   `json:"log"`
		Cache   []VDev   `json:"cache"`
		Special []VDev   `json:"special"`
		Dedup   []VDev   `json:"dedup"`
		Spares  []string `json:"spares"`
	} `json:"topology"`
	Encryption      bool `json:"encryption"`
	DuplicateSerial bool `json:"allow_duplicate_serials"`
}

// CheckPool finds what is wrong with a new pool's own description, before any disk is looked at.
func (n *NAS) CheckPool(spec PoolSpec) error {
	var wrong fault.Invalid
	if spec.Name == "" {
		wrong.Add("name", fault.EINVAL, "This field is required")
	}
	if spec.Encryption {
		wrong.Add("encryption", fault.EINVAL, "This NAS keeps no data in its pools, so it does not encrypt them")
	}
	checkTopology(spec, &wrong)
	return wrong.Err()
}

// CreatePool makes a pool and answers with its id.
func (n *NAS) CreatePool(spec PoolSpec) (int, error) {
	id := 0
	err := n.change(func(next *State) error {
		var wrong fault.Invalid
		if !poolForm.MatchString(spec.Name) {
			wrong.Add("name", fault.EINVAL, "Pool name must begin with a letter and hold letters, digits, - _ . and : only")
		}
		if slices.ContainsFunc(next.Pools, func(p Pool) bool { return p.Name == spec.Name }) {
			wrong.Add("name", fault.EEXIST, "A pool with this name already exists.")
		}
		n.checkDisks(next, spec, &wrong)
		if err := wrong.Err(); err != nil {
			return err
		}
		p := Pool{ID: next.id("pool"), Name: spec.Name, GUID: guid(), Data: spec.Topology.Data}
		next.Pools = append(next.Pools, p)
		id = p.ID
		return os.MkdirAll(filepath.Join(n.cfg.Dir, "mnt", p.Name), 0o700)
	})
	return id, err
}

func checkTopology(spec PoolSpec, wrong *fault.Invalid) {
	t := spec.Topology
	if len(t.Data) == 0 {
		wrong.Add("topology.data", fault.EINVAL, "At least one vdev is required")
	}
	if len(t.Log)+len(t.Cache)+len(t.Spares)+len(t.Special)+len(t.Dedup) > 0 {
		wrong.Add("topology", fault.EINVAL, "This NAS has no log, cache, special, dedup or spare disks: give data vdevs only")
	}
	for i, v := range t.Data {
		least, known := minDisks[v.Type]
		if !known {
			wrong.Add(fmt.Sprintf("topology.data.%d.type", i), fault.EINVAL, "This NAS has no %s", v.Type)
		} else if len(v.Disks) < least {
			wrong.Add(fmt.Sprintf("topology.data.%d.disks", i), fault.EINVAL, "You need at least %d disk(s) for this vdev type.", least)
		}
	}
}

// checkDisks finds disks that are not there, are in use, are named twice, or cannot be told apart.
func (n *NAS) checkDisks(state *State, spec PoolSpec, wrong *fault.Invalid) {
	var missing, used, seen, twins []string
	serials := map[string]string{}
	for _, v := range spec.Topology.Data {
		for _, name := range v.Disks {
			disk, ok := n.Disk(name)
			switch {
			case !ok:
				missing = append(missing, name)
			case n.UsedBy(state, disk) != "" || slices.Contains(seen, name):
				used = append(used, name)
			case serials[disk.Serial] != "":
				twins = append(twins, fmt.Sprintf("'%s' (%s, %s)", disk.Serial, serials[disk.Serial], name))
			}
			serials[disk.Serial] = name
			seen = append(seen, name)
		}
	}
	if missing != nil {
		wrong.Add("topology", fault.EINVAL, "The following disks were not found in system: %s.", strings.Join(missing, ","))
	}
	if used != nil {
		wrong.Add("topology", fault.EINVAL, "The following disks are already in use: %s.", strings.Join(used, ","))
	}
	if twins != nil && !spec.DuplicateSerial {
		wrong.Add("topology", fault.EINVAL, "Disks have duplicate serial numbers: %s.", strings.Join(twins, ", "))
	}
}

// UsedBy says what has a disk: the system, a pool of this NAS, or an extent. Empty when it is free. The disks of a pool
// that is not imported are free for the NAS itself, as on the real one.
func (n *NAS) UsedBy(state *State, d Disk) string {
	if pool := state.poolOf(d.Name); pool != "" {
		return pool
	}
	if d.System {
		return n.bootPool()
	}
	for _, e := range state.Extents {
		if e.Disk != nil && *e.Disk == d.Name {
			return "extent " + e.Name
		}
	}
	return ""
}

func (n *NAS) bootPool() string {
	if n.Version.REST || n.Version.JSONRPC {
		return "boot-pool"
	}
	return "freenas-boot"
}

// ExportedPool is the pool, not imported here, that a disk belongs to; empty once another pool has taken the disk.
func (n *NAS) ExportedPool(state *State, d Disk) string {
	if state.poolOf(d.Name) != "" {
		return ""
	}
	return d.ExportedPool
}

func findPool(state *State, id int) (int, error) {
	i := slices.IndexFunc(state.Pools, func(p Pool) bool { return p.ID == id })
	if i < 0 {
		return 0, fault.Missing(fmt.Sprintf("Pool %d does not exist", id))
	}
	return i, nil
}

// ExtendPool adds vdevs to a pool.
func (n *NAS) ExtendPool(id int, spec PoolSpec) error {
	return n.change(func(next *State) error {
		i, err := findPool(next, id)
		if err != nil {
			return err
		}
		var wrong fault.Invalid
		checkTopology(spec, &wrong)
		n.checkDisks(next, spec, &wrong)
		next.Pools[i].Data = append(next.Pools[i].Data, spec.Topology.Data...)
		return wrong.Err()
	})
}

// DestroyPool destroys a pool with all that is in it; with cascade, the extents on it too.
func (n *NAS) DestroyPool(id int, cascade bool) error {
	name := ""
	err := n.change(func(next *State) error {
		i, err := findPool(next, id)
		if err != nil {
			return err
		}
		name = next.Pools[i].Name
		if !cascade && next.usesPool(name) {
			return fault.Refuse(fault.EFAULT, "Pool %s is used by iSCSI extents: set cascade to remove them too", name)
		}
		next.Pools = slices.Delete(next.Pools, i, i+1)
		next.dropDatasets(func(d Dataset) bool { return strings.HasPrefix(d.Name, name+"/") })
		next.dropExtents(func(e Extent) bool { return strings.HasPrefix(e.Path, "/mnt/"+name+"/") })
		return nil
	})
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(filepath.Join(n.cfg.Dir, "mnt", name)), os.RemoveAll(n.zvolFile(name)))
}

// Disk finds a disk by its name.
func (n *NAS) Disk(name string) (Disk, bool) {
	i := slices.IndexFunc(n.cfg.Disks, func(d Disk) bool { return d.Name == name })
	if i < 0 {
		return Disk{}, false
	}
	return n.cfg.Disks[i], true
}

// PoolSize is the sum of a pool's disks, in bytes.
func (n *NAS) PoolSize(p Pool) int64 {
	var sum int64
	for _, v := range p.Data {
		for _, name := range v.Disks {
			d, _ := n.Disk(name)
			sum += d.Size
		}
	}
	return sum
}

// usable is a pool's room in bytes before anything is stored in it.
func (n *NAS) usable(p Pool) int64 {
	var total int64
	for _, v := range p.Data {
		smallest, sum := int64(0), int64(0)
		for _, name := range v.Disks {
			d, _ := n.Disk(name)
			sum += d.Size
			if smallest == 0 || d.Size < smallest {
				smallest = d.Size
			}
		}
		switch v.Type {
		case "STRIPE":
			total += sum
		case "MIRROR":
			total += smallest
		default:
			total += smallest * int64(len(v.Disks)-parity[v.Type])
		}
	}
	return total - total/slop
}

// poolOf is the name of the pool that has a disk, or "".
func (s *State) poolOf(disk string) string {
	for _, p := range s.Pools {
		for _, v := range p.Data {
			if slices.Contains(v.Disks, disk) {
				return p.Name
			}
		}
	}
	return ""
}

func (s *State) usesPool(name string) bool {
	return slices.ContainsFunc(s.Extents, func(e Extent) bool {
		return strings.HasPrefix(e.Path, "/mnt/"+name+"/") || strings.HasPrefix(e.Path, ZvolPath(name)+"/")
	})
}

// guid is a random number of 64 bits in decimal, as ZFS has it.
func guid() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return fmt.Sprint(binary.BigEndian.Uint64(b[:]))
}
