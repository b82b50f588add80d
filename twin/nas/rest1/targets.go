// SPDX-License-Identifier: GPL-3.0-or-later

package rest1

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
)

func lower(v any) (any, error) {
	text, _ := v.(string)
	return strings.ToLower(text), nil
}

// groupFields are those of a way to a target. The first 9.3 has them in the target itself.
var groupFields = mapping{{name: "iscsi_target_portalgroup", inner: "portal"}, {name: "iscsi_target_initiatorgroup", inner: "initiator"},
	words("iscsi_target_authtype", "authmethod", authHere, authThere), optional("iscsi_target_authgroup", "auth"),
	{name: "iscsi_target_initialdigest", inner: "initialdigest", out: func(v any) any {
		if v == nil {
			return "Auto"
		}
		return v
	}}}

func (a *api) targets() resource {
	fields := mapping{{name: "iscsi_target_name", inner: "name", in: lower}, {name: "iscsi_target_alias", inner: "alias"}}
	if _, grouped := a.nas.Version.V1.Resources["services/iscsi/targetgroup"]; grouped {
		return kind(a.nas.Targets(), append(fields, words("iscsi_target_mode", "mode", []string{"iscsi", "fc", "both"}, []string{"ISCSI", "FC", "BOTH"})))
	}
	fields = append(fields, field{name: "iscsi_target_serial", inner: "serial"}, field{name: "iscsi_target_logical_blocksize", inner: "logical_blocksize"})
	return a.ungrouped(fields)
}

// ungrouped are targets that have one group each, which is told as a part of them.
func (a *api) ungrouped(fields mapping) resource {
	k := a.nas.Targets()
	one := kind(k, fields)
	both := append(slices.Clone(fields), groupFields...)
	one.rows = func() []map[string]any {
		rows := []map[string]any{}
		for _, t := range k.All() {
			row, group := fields.from(t), map[string]any{}
			if len(t.Groups) > 0 {
				group = groupFields.from(t.Groups[0])
			}
			for _, f := range groupFields {
				row[f.name] = group[f.name]
			}
			rows = append(rows, row)
		}
		return rows
	}
	fill := func(sent map[string]any) (func(*model.Target) error, error) {
		inner, err := fields.into(sent)
		if err != nil {
			return nil, err
		}
		group, err := groupFields.into(sent)
		return func(t *model.Target) error {
			t.Groups = slices.Clone(t.Groups)
			if len(t.Groups) == 0 {
				t.Groups = []model.Group{{Authmethod: model.AuthNone}}
			}
			if err := fillGroup(&t.Groups[0], group); err != nil {
				return err
			}
			return model.Fill[model.Target](inner)(t)
		}, err
	}
	one.create = func(sent map[string]any) (any, error) {
		set, err := fill(sent)
		if err != nil {
			return nil, err
		}
		made, err := k.Create(set)
		return made.ID, both.err(err)
	}
	one.update = func(id string, sent map[string]any) error {
		set, err := fill(sent)
		if err == nil {
			_, err = k.Update(number(id), set)
		}
		return both.err(err)
	}
	return one
}

// fillGroup sets fields of a group and keeps the others.
func fillGroup(g *model.Group, fields map[string]any) error {
	all := model.ToMap(*g)
	for name, v := range fields {
		all[name] = v
	}
	return model.Fill[model.Group](all)(g)
}

// groups are the ways to targets, each an object of its own.
func (a *api) groups() resource {
	k := a.nas.Targets()
	return resource{
		readOnly: []string{"id"},
		rows: func() []map[string]any {
			rows := []map[string]any{}
			for _, t := range k.All() {
				for _, g := range t.Groups {
					row := groupFields.from(g)
					row["iscsi_target"] = t.ID
					rows = append(rows, row)
				}
			}
			return rows
		},
		create: func(sent map[string]any) (any, error) {
			target, _ := sent["iscsi_target"].(int64)
			fields, err := groupFields.into(sent)
			if err != nil {
				return nil, err
			}
			made, err := k.Update(int(target), func(t *model.Target) error {
				g := model.Group{Authmethod: model.AuthNone}
				t.Groups = append(slices.Clone(t.Groups), g)
				return fillGroup(&t.Groups[len(t.Groups)-1], fields)
			})
			if err != nil {
				return nil, groupError(err)
			}
			return made.Groups[len(made.Groups)-1].ID, nil
		},
		update: func(id string, sent map[string]any) error {
			fields, err := groupFields.into(sent)
			if err != nil {
				return err
			}
			return a.changeGroup(id, func(t *model.Target, i int) error { return fillGroup(&t.Groups[i], fields) })
		},
		remove: func(id string, _ map[string]any) error {
			return a.changeGroup(id, func(t *model.Target, i int) error {
				t.Groups = slices.Delete(t.Groups, i, i+1)
				return nil
			})
		},
	}
}

// groupError tells a target that is not there as the wrong choice that it is.
func groupError(err error) error {
	if missing := fault.Missing(""); errors.As(err, &missing) {
		var wrong fault.Invalid
		wrong.Add("iscsi_target", fault.ENOENT, "%s", string(missing))
		return wrong
	}
	return groupFields.err(err)
}

func (a *api) changeGroup(id string, change func(t *model.Target, i int) error) error {
	k := a.nas.Targets()
	for _, t := range k.All() {
		i := slices.IndexFunc(t.Groups, func(g model.Group) bool { return fmt.Sprint(g.ID) == id })
		if i < 0 {
			continue
		}
		_, err := k.Update(t.ID, func(t *model.Target) error {
			t.Groups = slices.Clone(t.Groups)
			return change(t, i)
		})
		return groupFields.err(err)
	}
	return fault.Missing("group " + id)
}

// links are the extents of targets. A change that leaves target and extent as they are is refused: the check does not
// leave out the object itself.
func (a *api) links() resource {
	fields := mapping{{name: "iscsi_target", inner: "target"}, {name: "iscsi_extent", inner: "extent"}, {name: "iscsi_lunid", inner: "lunid"}}
	one := kind(a.nas.Links(), fields)
	create, update := one.create, one.update
	one.create = func(sent map[string]any) (any, error) {
		if sent["iscsi_lunid"] == nil {
			delete(sent, "iscsi_lunid") // the NAS chooses
		}
		return create(sent)
	}
	one.update = func(id string, sent map[string]any) error {
		wanted, _ := one.row(id)
		for _, name := range []string{"iscsi_target", "iscsi_extent"} {
			if v, ok := sent[name]; ok {
				wanted[name] = v
			}
		}
		for _, row := range one.rows() {
			if row["iscsi_target"] == wanted["iscsi_target"] && row["iscsi_extent"] == wanted["iscsi_extent"] {
				var wrong fault.Invalid
				wrong.Add("__all__", fault.EEXIST, "Extent is already in this target.")
				return wrong
			}
		}
		return update(id, sent)
	}
	return one
}
