// SPDX-License-Identifier: GPL-3.0-or-later

package middleware

import (
	"livelab.dev/twin/nas/model"
)

func (m *Middleware) iscsiMethods() {
	m.methods["iscsi.global.config"] = func([]any) (any, error) {
		return m.show("iscsi.global", model.View(m.NAS, func(s *model.State) model.Global { return s.Global })), nil
	}
	m.methods["iscsi.global.update"] = func(args []any) (any, error) {
		global, err := m.NAS.UpdateGlobal(model.Fill[model.Global](args[0]))
		return m.show("iscsi.global", global), err
	}
	m.methods["iscsi.global.sessions"] = func(args []any) (any, error) {
		var rows []map[string]any
		for _, s := range m.NAS.Sessions() {
			rows = append(rows, m.show("iscsi.session", s))
		}
		return Query(rows, args[0], args[1])
	}
	m.methods["iscsi.global.client_count"] = func([]any) (any, error) {
		clients := map[string]bool{}
		for _, s := range m.NAS.Sessions() {
			clients[s.Initiator] = true
		}
		return len(clients), nil
	}
	m.methods["iscsi.portal.listen_ip_choices"] = func([]any) (any, error) { return m.NAS.ListenChoices(), nil }
	m.methods["iscsi.extent.disk_choices"] = func([]any) (any, error) { return m.NAS.DiskChoices(), nil }
	kind(m, "iscsi.portal", m.NAS.Portals(), m.showPortal, force)
	kind(m, "iscsi.initiator", m.NAS.Initiators(), nil, force)
	kind(m, "iscsi.auth", m.NAS.Auths(), nil, force)
	kind(m, "iscsi.target", m.NAS.Targets(), showGroups, func(more []any) model.Options {
		return model.Options{Force: flag(more[0]), Remove: len(more) > 1 && flag(more[1])}
	})
	kind(m, "iscsi.extent", m.NAS.Extents(), nil, func(more []any) model.Options {
		return model.Options{Remove: flag(more[0]), Force: flag(more[1])}
	})
	kind(m, "iscsi.targetextent", m.NAS.Links(), nil, force)
}

// force reads a deletion's only further argument, where it has one.
func force(more []any) model.Options { return model.Options{Force: len(more) > 0 && flag(more[0])} }

// kind adds the five calls of a sort of object. Shown completes what is told of one.
func kind[T any](m *Middleware, name string, k model.Kind[T], shown func(map[string]any), options func(more []any) model.Options) {
	show := func(object T) map[string]any {
		row := m.show(name, object)
		if shown != nil {
			shown(row)
		}
		return row
	}
	m.rows(name, func() []map[string]any {
		rows := []map[string]any{}
		for _, object := range k.All() {
			rows = append(rows, show(object))
		}
		return rows
	})
	m.methods[name+".create"] = func(args []any) (any, error) {
		object, err := k.Create(model.Fill[T](args[0]))
		return show(object), err
	}
	m.methods[name+".update"] = func(args []any) (any, error) {
		object, err := k.Update(number(args[0]), model.Fill[T](args[1]))
		return show(object), err
	}
	m.methods[name+".delete"] = func(args []any) (any, error) { return true, k.Delete(number(args[0]), options(args[1:])) }
}

// showPortal tells the port of every address, which may be set for all portals at once.
func (m *Middleware) showPortal(row map[string]any) {
	listen, _ := row["listen"].([]any)
	model.View(m.NAS, func(s *model.State) any {
		for _, l := range listen {
			entry, _ := l.(map[string]any)
			entry["port"] = int64(m.NAS.Port(s, model.Listen{Port: number(entry["port"])}))
		}
		return nil
	})
}

// showGroups leaves out what API v1.0 alone has of a target's groups.
func showGroups(row map[string]any) {
	groups, _ := row["groups"].([]any)
	for _, g := range groups {
		if entry, ok := g.(map[string]any); ok {
			delete(entry, "id")
			delete(entry, "initialdigest")
		}
	}
}
