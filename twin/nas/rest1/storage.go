// SPDX-License-Identifier: GPL-3.0-or-later

package rest1

import (
	"fmt"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
)

func (a *api) storage() {
	a.add("storage/volume", a.volumes())
	a.resources["storage/disk"] = resource{named: "disk_name", rows: a.disks}
}

// Types of vdevs here and in the model.
var vdevHere, vdevThere = []string{"stripe", "mirror", "raidz", "raidz2", "raidz3"}, []string{"STRIPE", "MIRROR", "RAIDZ1", "RAIDZ2", "RAIDZ3"}

var volumeFields = mapping{{name: "volume_name", inner: "name"}, {name: "layout", inner: "topology"}, {name: "encryption", inner: "encryption"}}

func (a *api) volumes() resource {
	return resource{
		named: "name",
		rows: func() []map[string]any {
			return model.View(a.nas, func(s *model.State) []map[string]any {
				rows := []map[string]any{}
				for _, p := range s.Pools {
					rows = append(rows, a.showVolume(s, p))
				}
				return rows
			})
		},
		create: a.createVolume,
		remove: func(id string, body map[string]any) error {
			if destroy, told := body["destroy"].(bool); told && !destroy {
				return fault.Refuse(fault.EINVAL, "This NAS cannot import volumes, so it does not detach them: leave out destroy")
			}
			cascade, told := body["cascade"].(bool)
			return a.nas.DestroyPool(number(id), cascade || !told)
		},
		below: a.inVolume,
	}
}

// createVolume makes a volume. One that is there already is extended by the disks: that is how it is on a real one.
func (a *api) createVolume(sent map[string]any) (any, error) {
	spec, err := volumeSpec(sent)
	if err == nil {
		err = a.nas.CheckPool(spec)
	}
	if err != nil {
		return nil, volumeFields.err(err)
	}
	for _, p := range model.View(a.nas, func(s *model.State) []model.Pool { return s.Pools }) {
		if p.Name == spec.Name {
			return p.ID, volumeFields.err(a.nas.ExtendPool(p.ID, spec))
		}
	}
	id, err := a.nas.CreatePool(spec)
	return id, volumeFields.err(err)
}

func volumeSpec(sent map[string]any) (model.PoolSpec, error) {
	var spec model.PoolSpec
	spec.Name, _ = sent["volume_name"].(string)
	spec.Encryption, _ = sent["encryption"].(bool)
	spec.DuplicateSerial = true // nobody looked at them then
	layout, _ := sent["layout"].([]any)
	vdev := words("vdevtype", "type", vdevHere, vdevThere)
	for _, one := range layout {
		group, _ := one.(map[string]any)
		fields, err := mapping{vdev, {name: "disks", inner: "disks"}}.into(group)
		if err != nil {
			return spec, err
		}
		var v model.VDev
		if err := model.Fill[model.VDev](fields)(&v); err != nil {
			return spec, err
		}
		spec.Topology.Data = append(spec.Topology.Data, v)
	}
	return spec, nil
}

func (a *api) showVolume(s *model.State, p model.Pool) map[string]any {
	used := a.nas.PoolUsed(s, p.Name)
	available, _ := a.nas.Available(s, p.Name)
	total := used + available
	percent := int64(0)
	if total > 0 {
		percent = used * 100 / total
	}
	children := []any{}
	for _, d := range s.Datasets {
		if strings.HasPrefix(d.Name, p.Name+"/") {
			kind := map[string]string{"VOLUME": "zvol", "FILESYSTEM": "dataset"}[d.Type]
			children = append(children, map[string]any{"id": d.Name, "name": d.Name[strings.LastIndex(d.Name, "/")+1:], "path": d.Name, "type": kind, "status": "-"})
		}
	}
	return map[string]any{
		"id": p.ID, "vol_name": p.Name, "name": p.Name, "vol_fstype": "ZFS", "vol_guid": p.GUID, "status": "HEALTHY", "mountpoint": "/mnt/" + p.Name,
		"used": used, "used_pct": fmt.Sprintf("%d%%", percent), "used_si": gib(used), "avail": available, "avail_si": gib(available),
		"total_si": gib(total), "is_decrypted": true, "is_upgraded": true, "vol_encrypt": 0, "vol_encryptkey": "", "children": children,
	}
}

// status is the tree of a volume's parts: its vdevs, and the partitions that they are made of.
func (a *api) status(pool string) []map[string]any {
	leaf := func(id int, name, kind string, children []map[string]any) map[string]any {
		row := map[string]any{"id": id, "name": name, "type": kind, "status": "ONLINE", "read": 0, "write": 0, "cksum": 0}
		if children != nil {
			row["children"] = children
		}
		return row
	}
	return model.View(a.nas, func(s *model.State) []map[string]any {
		for _, p := range s.Pools {
			if p.Name != pool {
				continue
			}
			vdevs := []map[string]any{}
			for i, v := range p.Data {
				devices := []map[string]any{}
				for j, disk := range v.Disks {
					devices = append(devices, leaf(100*i+j+1, disk+"p2", "dev", nil))
				}
				name := "stripe"
				if v.Type != "STRIPE" {
					name = fmt.Sprintf("%s-%d", strings.ToLower(v.Type), i)
				}
				vdevs = append(vdevs, leaf(i+1, name, "vdev", devices))
			}
			return []map[string]any{leaf(1, pool, "root", vdevs)}
		}
		return []map[string]any{}
	})
}

func gib(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/float64(model.GiB)) }

func (a *api) disks() []map[string]any {
	rows := []map[string]any{}
	for i, d := range a.nas.Disks() {
		rows = append(rows, map[string]any{
			"id": i + 1, "disk_name": d.Name, "disk_identifier": "{serial}" + d.Serial, "disk_serial": d.Serial, "disk_size": fmt.Sprint(d.Size),
			"disk_subsystem": strings.TrimRight(d.Name, "0123456789"), "disk_number": i, "disk_description": "", "disk_enabled": true,
			"disk_transfermode": "Auto", "disk_hddstandby": "Always On", "disk_advpowermgmt": "Disabled", "disk_acousticlevel": "Disabled",
			"disk_togglesmart": true, "disk_smartoptions": "", "disk_multipath_name": "", "disk_multipath_member": "",
		})
	}
	return rows
}
