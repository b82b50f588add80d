// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"fmt"
	"strings"
)

// showDatasets is every dataset as the API tells it, those of the pools themselves included, each with its children.
func (s *Server) showDatasets(state *State) []map[string]any {
	all := []map[string]any{}
	for _, p := range state.Pools {
		all = append(all, s.showDataset(state, Dataset{Name: p.Name, Type: "FILESYSTEM"}))
	}
	for _, d := range state.Datasets {
		all = append(all, s.showDataset(state, d))
	}
	return all
}

func (s *Server) oneDataset(name string) any {
	for _, d := range view(s, s.showDatasets) {
		if d["id"] == name {
			return d
		}
	}
	return nil
}

func (s *Server) showDataset(state *State, d Dataset) map[string]any {
	pool, _, _ := strings.Cut(d.Name, "/")
	available, _ := s.available(state, d.Name)
	used := s.used(d)
	if d.Name == pool {
		used = s.poolUsed(state, pool)
	}
	children := []map[string]any{}
	for _, other := range state.Datasets {
		if rest, ok := strings.CutPrefix(other.Name, d.Name+"/"); ok && !strings.Contains(rest, "/") {
			children = append(children, s.showDataset(state, other))
		}
	}
	shown := map[string]any{
		"id": d.Name, "name": d.Name, "pool": pool, "type": d.Type, "children": children,
		"encrypted": false, "encryption_root": nil, "key_loaded": false, "locked": false,
		"used": bytesProperty(used), "available": bytesProperty(available),
		"comments": property(d.Comments, d.Comments, d.Comments), "readonly": property("OFF", "off", false),
	}
	if d.Type == "FILESYSTEM" {
		shown["mountpoint"] = "/mnt/" + d.Name
		return shown
	}
	reserved := d.VolSize
	if d.Sparse {
		reserved = 0
	}
	shown["mountpoint"] = nil
	shown["volsize"] = bytesProperty(d.VolSize)
	shown["volblocksize"] = bytesProperty(d.VolBlockSize)
	shown["refreservation"] = bytesProperty(reserved)
	return shown
}

// property is a ZFS property in the API's form.
func property(value, raw string, parsed any) map[string]any {
	return map[string]any{"value": value, "rawvalue": raw, "parsed": parsed, "source": "LOCAL"}
}

func bytesProperty(n int64) map[string]any { return property(humanBytes(n), fmt.Sprint(n), n) }

// humanBytes writes a number of bytes as ZFS does: 12G, 1.50T.
func humanBytes(n int64) string {
	units, f := "BKMGTP", float64(n)
	i := 0
	for f >= 1024 && i < len(units)-1 {
		f /= 1024
		i++
	}
	if f == float64(int64(f)) {
		return fmt.Sprintf("%d%s", int64(f), strings.TrimPrefix(units[i:i+1], "B"))
	}
	return fmt.Sprintf("%.2f%c", f, units[i])
}
