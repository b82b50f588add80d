// SPDX-License-Identifier: GPL-3.0-or-later

package middleware

import (
	"fmt"
	"strconv"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
)

func (m *Middleware) storageMethods() {
	m.rows("pool", func() []map[string]any {
		return model.View(m.NAS, func(state *model.State) []map[string]any {
			rows := []map[string]any{}
			for _, p := range state.Pools {
				rows = append(rows, m.showPool(state, p))
			}
			return rows
		})
	})
	m.methods["pool.create"] = func(args []any) (any, error) {
		spec, err := poolSpec(args[0])
		if err != nil {
			return nil, err
		}
		id, err := m.NAS.CreatePool(spec)
		if err != nil {
			return nil, err
		}
		return m.methods["pool.get_instance"]([]any{id})
	}
	m.methods["pool.update"] = func(args []any) (any, error) {
		spec, err := poolSpec(args[1])
		if err == nil && len(spec.Topology.Data) > 0 {
			err = m.NAS.ExtendPool(number(args[0]), spec)
		}
		if err != nil {
			return nil, err
		}
		return m.methods["pool.get_instance"](args)
	}
	m.methods["pool.export"] = func(args []any) (any, error) {
		return nil, m.NAS.DestroyPool(number(args[0]), flag(member(args[1], "cascade")))
	}
	m.diskMethods()
}

// beforehand is what a job's call is refused for at once, before there is a job.
func (m *Middleware) beforehand(name string) handler2 {
	switch name {
	case "pool.create":
		return func(args []any) error {
			spec, err := poolSpec(args[0])
			if err != nil {
				return err
			}
			return m.NAS.CheckPool(spec)
		}
	case "pool.export":
		return func(args []any) error {
			if !flag(member(args[1], "destroy")) {
				return fault.Refuse(fault.EINVAL, "This NAS cannot import pools, so it does not export them: set destroy")
			}
			return nil
		}
	}
	return nil
}

// handler2 checks arguments.
type handler2 func(args []any) error

func poolSpec(sent any) (model.PoolSpec, error) {
	var spec model.PoolSpec
	return spec, model.Fill[model.PoolSpec](sent)(&spec)
}

func (m *Middleware) diskMethods() {
	m.methods["disk.query"] = func(args []any) (any, error) {
		return Query(m.disks(func(d model.Disk, _ usage) map[string]any { return m.showDisk(d) }), args[0], args[1])
	}
	unused := func() []map[string]any { return m.disks(m.showUnused) }
	used := func() []map[string]any { return m.disks(m.showUsed) }
	m.methods["disk.get_unused"] = func([]any) (any, error) { return unused(), nil }
	m.methods["disk.get_used"] = func([]any) (any, error) { return used(), nil }
	m.methods["disk.details"] = func(args []any) (any, error) {
		switch word(member(args[0], "type")) {
		case "USED":
			return used(), nil
		case "UNUSED":
			return unused(), nil
		}
		return map[string]any{"used": used(), "unused": unused()}, nil
	}
}

// usage is what has a disk: a pool of this NAS, the system or an extent; or a pool that is not imported.
type usage struct{ by, exported string }

// disks are those that are shown.
func (m *Middleware) disks(show func(model.Disk, usage) map[string]any) []map[string]any {
	rows := []map[string]any{}
	for _, d := range m.NAS.Disks() {
		u := model.View(m.NAS, func(state *model.State) usage {
			return usage{m.NAS.UsedBy(state, d), m.NAS.ExportedPool(state, d)}
		})
		if row := show(d, u); row != nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// hasDetails says that the disks of a pool that is not imported count as used.
func (m *Middleware) hasDetails() bool {
	_, ok := m.Method("disk.details")
	return ok
}

// showUnused tells a free disk. Before 24.10 the disks of a pool that is not imported are among them: since 22.12 with
// that pool's name, before that without a word.
func (m *Middleware) showUnused(d model.Disk, u usage) map[string]any {
	if u.by != "" || u.exported != "" && m.hasDetails() {
		return nil
	}
	return m.describe(d, u)
}

func (m *Middleware) showUsed(d model.Disk, u usage) map[string]any {
	if u.by == "" && u.exported == "" {
		return nil
	}
	return m.describe(d, u)
}

// describe is a disk with what has it, as far as the version tells that.
func (m *Middleware) describe(d model.Disk, u usage) map[string]any {
	row := m.showDisk(d)
	if !m.NAS.Version.Linux {
		return row
	}
	row["exported_zpool"], row["duplicate_serial"] = orNil(u.exported), m.twins(d)
	if m.hasDetails() {
		delete(row, "pool")
		row["imported_zpool"], row["partitions"] = orNil(u.by), []any{}
	}
	return row
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (m *Middleware) showDisk(d model.Disk) map[string]any {
	letters := strings.TrimRight(d.Name, "0123456789")
	number, _ := strconv.Atoi(strings.TrimPrefix(d.Name, letters)) // none on Linux
	identifier := "{serial_lunid}" + d.Serial + "_0"
	if !m.NAS.Version.Linux {
		identifier = "{serial}" + d.Serial
	}
	if d.Serial == "" {
		identifier = "{devicename}" + d.Name
	}
	row := map[string]any{
		"identifier": identifier, "name": d.Name, "devname": d.Name, "subsystem": strings.TrimRight(letters, "abcdefghijklmnopqrstuvwxyz") + letters, "number": int64(number),
		"serial": d.Serial, "size": d.Size, "description": "", "model": "labtwin disk", "type": "HDD", "rotationrate": nil,
		"bus": "SCSI", "enclosure": nil, "pool": nil, "hddstandby": "ALWAYS ON", "advpowermgmt": "DISABLED",
		"togglesmart": true, "smartoptions": "", "expiretime": nil, "lunid": nil, "zfs_guid": nil,
	}
	if !m.NAS.Version.Linux {
		row["multipath_name"], row["multipath_member"] = "", ""
	}
	row["pool"] = orNil(model.View(m.NAS, func(state *model.State) string { return m.NAS.UsedBy(state, d) }))
	return row
}

// twins are the other disks with a disk's serial number.
func (m *Middleware) twins(d model.Disk) []any {
	names := []any{}
	for _, o := range m.NAS.Disks() {
		if o.Name != d.Name && o.Serial == d.Serial {
			names = append(names, o.Name)
		}
	}
	return names
}

func (m *Middleware) showPool(state *model.State, p model.Pool) map[string]any {
	data := []any{}
	for i, v := range p.Data {
		members := []any{}
		for _, name := range v.Disks {
			members = append(members, m.showVDev("DISK", name, name, nil))
		}
		if v.Type == "STRIPE" {
			data = append(data, members...)
		} else {
			data = append(data, m.showVDev(v.Type, fmt.Sprintf("%s-%d", strings.ToLower(v.Type), i), "", members))
		}
	}
	size, used := m.NAS.PoolSize(p), m.NAS.PoolUsed(state, p.Name)
	none := []any{}
	return map[string]any{
		"id": int64(p.ID), "name": p.Name, "guid": p.GUID, "path": "/mnt/" + p.Name, "status": "ONLINE", "healthy": true,
		"status_detail": nil, "status_code": "OK", "warning": false, "is_decrypted": true, "encrypt": 0, "encryptkey": "", "scan": nil,
		"size": size, "allocated": used, "free": size - used, "fragmentation": "0", "freeing": 0, "autotrim": setting("", "OFF"),
		"topology": map[string]any{"data": data, "log": none, "cache": none, "spare": none, "special": none, "dedup": none},
	}
}

func (m *Middleware) showVDev(kind, name, disk string, children []any) map[string]any {
	v := map[string]any{"type": kind, "name": name, "status": "ONLINE", "path": nil, "device": nil, "disk": nil, "children": children}
	if disk != "" {
		part := "p2"
		if m.NAS.Version.Linux {
			part = "1"
		}
		v["path"], v["device"], v["disk"], v["children"] = "/dev/"+disk+part, disk+part, disk, []any{}
	}
	return v
}
