// SPDX-License-Identifier: GPL-3.0-or-later

package middleware

import (
	"fmt"
	"strings"

	"livelab.dev/twin/nas/model"
)

func (m *Middleware) datasetMethods() {
	m.rows("pool.dataset", func() []map[string]any { return model.View(m.NAS, m.showDatasets) })
	one := func(name string) (any, error) { return m.methods["pool.dataset.get_instance"]([]any{name}) }
	m.methods["pool.dataset.create"] = func(args []any) (any, error) {
		spec := model.DatasetSpec{Type: "FILESYSTEM"}
		if err := model.Fill[model.DatasetSpec](args[0])(&spec); err != nil {
			return nil, err
		}
		if err := m.NAS.CreateDataset(spec); err != nil {
			return nil, err
		}
		return one(spec.Name)
	}
	m.methods["pool.dataset.update"] = func(args []any) (any, error) {
		var spec model.DatasetSpec
		if err := model.Fill[model.DatasetSpec](args[1])(&spec); err != nil {
			return nil, err
		}
		if err := m.NAS.UpdateDataset(word(args[0]), spec); err != nil {
			return nil, err
		}
		return one(word(args[0]))
	}
	m.methods["pool.dataset.delete"] = func(args []any) (any, error) {
		return true, m.NAS.DeleteDataset(word(args[0]), flag(member(args[1], "recursive")))
	}
}

// showDatasets is every dataset as the API tells it, those of the pools themselves included, each with its children.
func (m *Middleware) showDatasets(state *model.State) []map[string]any {
	all := []map[string]any{}
	for _, p := range state.Pools {
		all = append(all, m.showDataset(state, model.Dataset{Name: p.Name, Type: "FILESYSTEM"}))
	}
	for _, d := range state.Datasets {
		all = append(all, m.showDataset(state, d))
	}
	return all
}

func (m *Middleware) showDataset(state *model.State, d model.Dataset) map[string]any {
	pool, _, _ := strings.Cut(d.Name, "/")
	available, _ := m.NAS.Available(state, d.Name)
	used := m.NAS.Used(d)
	if d.Name == pool {
		used = m.NAS.PoolUsed(state, pool)
	}
	children := []map[string]any{}
	for _, other := range state.Datasets {
		if rest, ok := strings.CutPrefix(other.Name, d.Name+"/"); ok && !strings.Contains(rest, "/") {
			children = append(children, m.showDataset(state, other))
		}
	}
	shown := map[string]any{
		"id": d.Name, "name": d.Name, "pool": pool, "type": d.Type, "children": children,
		"encrypted": false, "encryption_root": nil, "key_loaded": false, "locked": false,
		"used": bytesProperty(used), "available": bytesProperty(available), "comments": setting(d.Comments, ""),
		"readonly": setting(d.ReadOnly, "OFF"), "compression": setting(d.Compression, "LZ4"), "sync": setting(d.Sync, "STANDARD"),
		"deduplication": setting(d.Dedup, "OFF"),
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
func property(value, raw string, parsed any, source string) map[string]any {
	return map[string]any{"value": value, "rawvalue": raw, "parsed": parsed, "source": source}
}

// setting is a property that is inherited where it was not set.
func setting(value, inherited string) map[string]any {
	source := "LOCAL"
	if value == "" {
		value, source = inherited, "INHERITED"
	}
	return property(value, strings.ToLower(value), strings.ToLower(value), source)
}

func bytesProperty(n int64) map[string]any { return property(HumanBytes(n), fmt.Sprint(n), n, "LOCAL") }

// HumanBytes writes a number of bytes as ZFS does: 12G, 1.50T.
func HumanBytes(n int64) string {
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
