// SPDX-License-Identifier: GPL-3.0-or-later

package rest1

import (
	"errors"
	"strconv"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
)

// field is how a field of the model is called and spelt here.
type field struct {
	name  string // here
	inner string // in the model
	// in and out translate a value; nil where both spell it the same. In may refuse.
	in  func(any) (any, error)
	out func(any) any
}

// plain are fields whose names differ by a prefix only.
func plain(prefix string, names ...string) []field {
	var all []field
	for _, n := range names {
		all = append(all, field{name: prefix + n, inner: n})
	}
	return all
}

// mapping is all fields of a resource.
type mapping []field

// into translates what was sent into the model's fields. What the mapping does not have is left out.
func (m mapping) into(sent map[string]any) (map[string]any, error) {
	fields := map[string]any{}
	var wrong fault.Invalid
	for _, f := range m {
		v, ok := sent[f.name]
		if !ok {
			continue
		}
		if f.in != nil {
			var err error
			if v, err = f.in(v); err != nil {
				wrong.Add(f.name, fault.EINVAL, "%v", err)
			}
		}
		fields[f.inner] = v
	}
	return fields, wrong.Err()
}

// from tells an object of the model with the names of here.
func (m mapping) from(object any) map[string]any {
	row := model.ToMap(object)
	shown := map[string]any{"id": row["id"]}
	for _, f := range m {
		v := row[f.inner]
		if f.out != nil {
			v = f.out(v)
		}
		shown[f.name] = v
	}
	return shown
}

// err is an error with the fields' names of here.
func (m mapping) err(err error) error {
	var invalid fault.Invalid
	if !errors.As(err, &invalid) {
		return err
	}
	all := make(fault.Invalid, len(invalid))
	for i, v := range invalid {
		all[i] = fault.Violation{Field: m.nameOf(v.Field), Message: v.Message, Errno: v.Errno}
	}
	return all
}

// nameOf finds a field by its path in the model, the last part first: "groups.0.portal" is a group's portal.
func (m mapping) nameOf(path string) string {
	parts := strings.Split(path, ".")
	for i := len(parts) - 1; i >= 0; i-- {
		for _, f := range m {
			if f.inner == parts[i] || f.name == path {
				return f.name
			}
		}
	}
	return "__all__"
}

// kind makes a resource of a sort of iSCSI object whose fields correspond one to one.
func kind[T any](k model.Kind[T], fields mapping) resource {
	return resource{
		readOnly: []string{"id"},
		rows: func() []map[string]any {
			rows := []map[string]any{}
			for _, object := range k.All() {
				rows = append(rows, fields.from(object))
			}
			return rows
		},
		create: func(sent map[string]any) (any, error) {
			inner, err := fields.into(sent)
			if err != nil {
				return nil, err
			}
			object, err := k.Create(model.Fill[T](inner))
			return model.ToMap(object)["id"], fields.err(err)
		},
		update: func(id string, sent map[string]any) error {
			inner, err := fields.into(sent)
			if err != nil {
				return err
			}
			_, err = k.Update(number(id), model.Fill[T](inner))
			return fields.err(err)
		},
		remove: func(id string, _ map[string]any) error { return k.Delete(number(id), model.Options{Force: true}) },
	}
}

func number(id string) int {
	n, err := strconv.Atoi(id)
	if err != nil {
		return -1 // no object has that
	}
	return n
}

// words translates a value by a table, both ways.
func words(name, inner string, here, there []string) field {
	swap := func(v any, from, to []string) any {
		for i, w := range from {
			if v == w {
				return to[i]
			}
		}
		return v
	}
	return field{name: name, inner: inner, in: func(v any) (any, error) { return swap(v, here, there), nil }, out: func(v any) any { return swap(v, there, here) }}
}

// lines is a text of words here and a list in the model; an empty list is "ALL".
func lines(name, inner string, upper bool) field {
	return field{name: name, inner: inner, in: func(v any) (any, error) {
		text, _ := v.(string)
		list := []any{}
		for _, w := range strings.Fields(text) {
			if strings.EqualFold(w, "ALL") {
				return []any{}, nil
			}
			if upper {
				w = strings.ToUpper(w)
			}
			list = append(list, w)
		}
		return list, nil
	}, out: func(v any) any {
		list, _ := v.([]any)
		if len(list) == 0 {
			return "ALL"
		}
		var all []string
		for _, w := range list {
			text, _ := w.(string)
			all = append(all, text)
		}
		return strings.Join(all, "\n")
	}}
}
