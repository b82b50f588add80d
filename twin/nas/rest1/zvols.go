// SPDX-License-Identifier: GPL-3.0-or-later

package rest1

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
	"livelab.dev/twin/nas/versions"
)

// zvolForm is what a zvol's name in a URL must look like.
var zvolForm = regexp.MustCompile(`^\w[\w/-]*$`)

// inVolume are the resources of one volume: its zvols and its datasets.
func (a *api) inVolume(id string) map[string]resource {
	row, ok := a.resources["storage/volume"].row(id)
	if !ok {
		return nil
	}
	pool, _ := row["name"].(string)
	return map[string]resource{"zvols": a.zvols(pool), "datasets": a.datasets(pool), "status": {rows: func() []map[string]any { return a.status(pool) }}}
}

// datasetsOf are a pool's datasets of a type, by their names below the pool.
func (a *api) datasetsOf(pool, kind string) map[string]model.Dataset {
	found := map[string]model.Dataset{}
	for _, d := range model.View(a.nas, func(s *model.State) []model.Dataset { return s.Datasets }) {
		if name, ok := strings.CutPrefix(d.Name, pool+"/"); ok && d.Type == kind {
			found[name] = d
		}
	}
	return found
}

func (a *api) zvols(pool string) resource {
	return resource{
		named:  "/", // a name may hold slashes
		schema: a.nas.Version.V1.Resources["zvols"].With(versions.Extra("compression"), versions.Extra("dedup"), versions.Extra("force")),
		rows: func() []map[string]any {
			all := a.datasetsOf(pool, "VOLUME")
			rows := []map[string]any{}
			for _, name := range slices.Sorted(maps.Keys(all)) {
				if !zvolForm.MatchString(name) {
					continue // the URL cannot name it
				}
				d := all[name]
				rows = append(rows, map[string]any{"id": name, "name": name, "volsize": d.VolSize, "compression": d.Compression, "dedup": d.Dedup,
					"avail": d.VolSize, "refer": 0, "used": a.nas.Used(d)})
			}
			return rows
		},
		create: func(sent map[string]any) (any, error) {
			name, _ := sent["name"].(string)
			size, err := scaled(zfsSizeForm, sent["volsize"])
			if err != nil {
				return nil, fault.Invalid{{Field: "volsize", Message: err.Error(), Errno: fault.EINVAL}}
			}
			spec := model.DatasetSpec{Name: pool + "/" + name, Type: "VOLUME", VolSize: size, ForceSize: true}
			spec.Sparse, _ = sent["sparse"].(bool)
			properties, _ := sent["props"].(map[string]any)
			setProperties(&spec, sent)
			setProperties(&spec, properties)
			return name, zfsError(a.nas.CreateDataset(spec))
		},
		update: func(id string, sent map[string]any) error {
			spec := model.DatasetSpec{ForceSize: true}
			if text, ok := sent["volsize"]; ok {
				size, err := scaled(zfsSizeForm, text)
				if err != nil {
					return fault.Invalid{{Field: "volsize", Message: err.Error(), Errno: fault.EINVAL}}
				}
				spec.VolSize = size
			}
			setProperties(&spec, sent)
			return zfsError(a.nas.UpdateDataset(pool+"/"+id, spec))
		},
		remove: func(id string, _ map[string]any) error { return a.nas.DeleteDataset(pool+"/"+id, true) },
	}
}

func setProperties(spec *model.DatasetSpec, sent map[string]any) {
	set := func(name string, to **string) {
		if v, ok := sent[name].(string); ok {
			v = strings.ToUpper(v)
			*to = &v
		}
	}
	set("compression", &spec.Compression)
	set("dedup", &spec.Dedup)
}

// zfsError is what zfs itself would have said: one text, not one for each field.
func zfsError(err error) error {
	var invalid fault.Invalid
	if !errors.As(err, &invalid) {
		return err
	}
	var all []string
	for _, v := range invalid {
		all = append(all, v.Message)
	}
	return zfsFailure(strings.Join(all, "; "))
}

// zfsFailure is answered with 400 and {"__all__": text}.
type zfsFailure string

func (e zfsFailure) Error() string { return string(e) }

func (a *api) datasets(pool string) resource {
	return resource{
		named:  "/",
		schema: versions.Dataset1,
		rows: func() []map[string]any {
			all := a.datasetsOf(pool, "FILESYSTEM")
			rows := []map[string]any{}
			for _, name := range slices.Sorted(maps.Keys(all)) {
				rows = append(rows, map[string]any{"id": name, "name": name, "pool": pool, "mountpoint": "/mnt/" + pool + "/" + name, "used": 0, "refer": 0})
			}
			return rows
		},
		create: func(sent map[string]any) (any, error) {
			name, _ := sent["name"].(string)
			spec := model.DatasetSpec{Name: pool + "/" + name, Type: "FILESYSTEM"}
			setProperties(&spec, sent)
			return name, zfsError(a.nas.CreateDataset(spec))
		},
		remove: func(id string, _ map[string]any) error { return a.nas.DeleteDataset(pool+"/"+id, true) },
	}
}
