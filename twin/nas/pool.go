// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// topology is the form in which the API takes the vdevs of a pool.
type topology struct {
	Data  []VDev `json:"data"`
	Log   []VDev `json:"log"`
	Cache []VDev `json:"cache"`
	// Spares are taken for the message that they are not supported.
	Spares []string `json:"spares"`
}

type poolRequest struct {
	Name       string         `json:"name"`
	Topology   topology       `json:"topology"`
	Encryption bool           `json:"encryption"`
	Options    map[string]any `json:"encryption_options"`
	Dedup      *string        `json:"deduplication"`
	Checksum   *string        `json:"checksum"`
	AllowDup   bool           `json:"allow_duplicate_serials"`
}

func (s *Server) poolRoutes(handle func(string, call)) {
	handle("GET /pool", func(r *http.Request) (any, error) {
		return query(r, view(s, func(state *State) []map[string]any {
			var all []map[string]any
			for _, p := range state.Pools {
				all = append(all, s.showPool(state, p))
			}
			return all
		}))
	})
	handle("GET /pool/id/{id}", func(r *http.Request) (any, error) {
		s.mu.RLock()
		defer s.mu.RUnlock()
		i, err := findPool(s.state, r)
		if err != nil {
			return nil, err
		}
		return s.showPool(s.state, s.state.Pools[i]), nil
	})
	handle("POST /pool", s.createPool)
	handle("PUT /pool/id/{id}", s.extendPool)
	handle("POST /pool/id/{id}/export", s.exportPool)
}

func findPool(state *State, r *http.Request) (int, error) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	i := slices.IndexFunc(state.Pools, func(p Pool) bool { return p.ID == id })
	if i < 0 {
		return 0, notFound(fmt.Sprintf("Pool %s does not exist", r.PathValue("id")))
	}
	return i, nil
}

func (s *Server) createPool(r *http.Request) (any, error) {
	var req poolRequest
	if err := decode(r, "pool_create", &req); err != nil {
		return nil, err
	}
	wrong := Invalid{}
	if req.Name == "" {
		wrong.add("pool_create.name", einval, "attribute required")
	}
	checkTopology(req.Topology, "pool_create.topology", wrong)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	return s.runJob("pool.create", []any{req}, func() (any, error) {
		var shown any
		err := s.change(func(next *State) error {
			wrong := Invalid{}
			s.checkNewPool(next, req, wrong)
			if err := wrong.err(); err != nil {
				return err
			}
			p := Pool{ID: next.id("pool"), Name: req.Name, GUID: guid(), Data: req.Topology.Data}
			next.Pools = append(next.Pools, p)
			shown = s.showPool(next, p)
			return os.MkdirAll(filepath.Join(s.cfg.Dir, "mnt", p.Name), 0o700)
		})
		return shown, err
	}), nil
}

func checkTopology(t topology, schema string, wrong Invalid) {
	if len(t.Data) == 0 {
		wrong.add(schema+".data", einval, "At least one vdev is required")
	}
	if len(t.Log)+len(t.Cache)+len(t.Spares) > 0 {
		wrong.add(schema, einval, "This NAS has no log, cache or spare disks: give data vdevs only")
	}
	for i, v := range t.Data {
		least, known := minDisks[v.Type]
		if !known {
			wrong.add(fmt.Sprintf("%s.data.%d.type", schema, i), einval, "Invalid choice: %s", v.Type)
		} else if len(v.Disks) < least {
			wrong.add(fmt.Sprintf("%s.data.%d.disks", schema, i), einval, "You need at least %d disk(s) for this vdev type.", least)
		}
	}
}

func (s *Server) checkNewPool(state *State, req poolRequest, wrong Invalid) {
	if !poolForm.MatchString(req.Name) {
		wrong.add("pool_create.name", einval, "Pool name must begin with a letter and hold letters, digits, - _ . and : only")
	}
	if slices.ContainsFunc(state.Pools, func(p Pool) bool { return p.Name == req.Name }) {
		wrong.add("pool_create.name", eexist, "A pool with this name already exists.")
	}
	s.checkDisks(state, req.Topology.Data, "pool_create.topology", wrong)
}

// checkDisks finds disks that are not there, are in use, or are named twice.
func (s *Server) checkDisks(state *State, vdevs []VDev, field string, wrong Invalid) {
	var missing, used, seen []string
	for _, v := range vdevs {
		for _, name := range v.Disks {
			disk, ok := s.disk(name)
			switch {
			case !ok:
				missing = append(missing, name)
			case disk.System || state.poolOf(name) != "" || slices.Contains(seen, name):
				used = append(used, name)
			}
			seen = append(seen, name)
		}
	}
	if missing != nil {
		wrong.add(field, enoent, "The following disks were not found: %s.", strings.Join(missing, ", "))
	}
	if used != nil {
		wrong.add(field, einval, "The following disks are already in use: %s.", strings.Join(used, ", "))
	}
}

func (s *Server) extendPool(r *http.Request) (any, error) {
	var req struct {
		Topology topology `json:"topology"`
	}
	if err := decode(r, "pool_update", &req); err != nil {
		return nil, err
	}
	return s.runJob("pool.update", []any{r.PathValue("id"), req}, func() (any, error) {
		var shown any
		err := s.change(func(next *State) error {
			i, err := findPool(next, r)
			if err != nil {
				return err
			}
			wrong := Invalid{}
			checkTopology(req.Topology, "pool_update.topology", wrong)
			s.checkDisks(next, req.Topology.Data, "pool_update.topology", wrong)
			next.Pools[i].Data = append(next.Pools[i].Data, req.Topology.Data...)
			shown = s.showPool(next, next.Pools[i])
			return wrong.err()
		})
		return shown, err
	}), nil
}

func (s *Server) exportPool(r *http.Request) (any, error) {
	var req struct {
		Cascade bool `json:"cascade"`
		Restart bool `json:"restart_services"`
		Destroy bool `json:"destroy"`
	}
	if err := decode(r, "options", &req); err != nil {
		return nil, err
	}
	if !req.Destroy {
		return nil, refusal(einval, "This NAS cannot import pools, so it does not export them: set destroy")
	}
	return s.runJob("pool.export", []any{r.PathValue("id"), req}, func() (any, error) {
		name := ""
		err := s.change(func(next *State) error {
			i, err := findPool(next, r)
			if err != nil {
				return err
			}
			name = next.Pools[i].Name
			if !req.Cascade && next.usesPool(name) {
				return refusal(einval, "Pool %s is used by iSCSI extents: set cascade to remove them too", name)
			}
			next.Pools = slices.Delete(next.Pools, i, i+1)
			next.dropDatasets(func(d Dataset) bool { return strings.HasPrefix(d.Name, name+"/") })
			next.dropExtents(func(e Extent) bool { return strings.HasPrefix(e.Path, "/mnt/"+name+"/") })
			return nil
		})
		if err == nil {
			err = os.RemoveAll(filepath.Join(s.cfg.Dir, "mnt", name))
		}
		if err == nil {
			err = os.RemoveAll(s.zvolFile(name))
		}
		return true, err
	}), nil
}

// usable is a pool's room in bytes before anything is stored in it.
func (s *Server) usable(p Pool) int64 {
	var total int64
	for _, v := range p.Data {
		smallest, sum := int64(0), int64(0)
		for _, name := range v.Disks {
			d, _ := s.disk(name)
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

func (s *Server) showPool(state *State, p Pool) map[string]any {
	var raw int64
	data := []map[string]any{}
	for i, v := range p.Data {
		var members []map[string]any
		for _, name := range v.Disks {
			d, _ := s.disk(name)
			raw += d.Size
			members = append(members, showVDev("DISK", name, name, nil))
		}
		if v.Type == "STRIPE" {
			data = append(data, members...)
		} else {
			data = append(data, showVDev(v.Type, fmt.Sprintf("%s-%d", strings.ToLower(v.Type), i), "", members))
		}
	}
	used := s.poolUsed(state, p.Name)
	none := []any{}
	return map[string]any{
		"id": p.ID, "name": p.Name, "guid": p.GUID, "path": "/mnt/" + p.Name, "status": "ONLINE", "healthy": true,
		"status_detail": nil, "warning": false, "is_decrypted": true, "encrypt": 0, "encryptkey": "", "scan": nil,
		"size": raw, "allocated": used, "free": raw - used, "fragmentation": "0",
		"topology": map[string]any{"data": data, "log": none, "cache": none, "spare": none, "special": none, "dedup": none},
	}
}

func showVDev(kind, name, disk string, children []map[string]any) map[string]any {
	v := map[string]any{"type": kind, "name": name, "status": "ONLINE", "path": nil, "device": nil, "disk": nil, "children": children}
	if disk != "" {
		v["path"], v["device"], v["disk"], v["children"] = "/dev/"+disk+"p2", disk+"p2", disk, []any{}
	}
	return v
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
		return strings.HasPrefix(e.Path, "/mnt/"+name+"/") || strings.HasPrefix(e.Path, "zvol/"+name+"/")
	})
}

// guid is a random number of 64 bits in decimal, as ZFS has it.
func guid() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return fmt.Sprint(binary.BigEndian.Uint64(b[:]))
}
