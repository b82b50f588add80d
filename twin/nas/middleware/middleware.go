// SPDX-License-Identifier: GPL-3.0-or-later

// Package middleware is the methods of API v2.0 and of JSON-RPC, which are the same: "iscsi.portal.create" and the like.
// It checks arguments by the tables of the NAS's version, asks the model, and tells what it says as that version does.
package middleware

import (
	"fmt"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
	"livelab.dev/twin/nas/versions"
)

// Middleware answers calls.
type Middleware struct {
	NAS  *model.NAS
	Jobs *Jobs

	methods map[string]handler
}

// handler does one method. Its arguments are checked, one for each parameter.
type handler func(args []any) (any, error)

// Unknown says that there is no such method in this version.
type Unknown string

func (e Unknown) Error() string { return "Method does not exist" }

// New makes the middleware of a NAS.
func New(nas *model.NAS) *Middleware {
	m := &Middleware{NAS: nas, Jobs: newJobs(nas.Logf), methods: map[string]handler{}}
	m.iscsiMethods()
	m.storageMethods()
	m.datasetMethods()
	m.networkMethods()
	m.systemMethods()
	m.serviceMethods()
	m.accountMethods()
	m.coreMethods()
	return m
}

// Method is a method's table, where this version has it and it is done here. Those of a session (auth, subscriptions)
// are done by the dialect.
func (m *Middleware) Method(name string) (versions.Method, bool) {
	method, ok := m.NAS.Version.Methods[name]
	return method, ok
}

// Call does a method. A job is started and answered with its number.
func (m *Middleware) Call(name string, args []any) (any, error) {
	method, ok := m.Method(name)
	do := m.methods[name]
	if !ok || do == nil {
		return nil, Unknown(name)
	}
	cleaned, err := method.Clean(args)
	if err != nil {
		return nil, err
	}
	if !method.Job {
		result, err := do(cleaned)
		return result, fault.Under(method.Prefix(), err)
	}
	if check := m.beforehand(name); check != nil {
		if err := check(cleaned); err != nil {
			return nil, fault.Under(method.Prefix(), err)
		}
	}
	return m.Jobs.start(name, args, func() (any, error) {
		result, err := do(cleaned)
		return result, fault.Under(method.Prefix(), err)
	}), nil
}

// show tells an object with the fields that this version has.
func (m *Middleware) show(kind string, object any) map[string]any {
	row := model.ToMap(object)
	fields, limited := m.NAS.Version.Replies[kind]
	if !limited {
		return row
	}
	kept := map[string]any{}
	for _, f := range fields {
		kept[f] = row[f]
	}
	return kept
}

func number(v any) int {
	n, _ := v.(int64)
	return int(n)
}

func flag(v any) bool {
	b, _ := v.(bool)
	return b
}

func word(v any) string {
	s, _ := v.(string)
	return s
}

func member(v any, name string) any {
	m, _ := v.(map[string]any)
	return m[name]
}

// rows answers "query" and "get_instance" of a kind, by id.
func (m *Middleware) rows(kind string, all func() []map[string]any) {
	m.methods[kind+".query"] = func(args []any) (any, error) { return Query(all(), args[0], args[1]) }
	m.methods[kind+".get_instance"] = func(args []any) (any, error) {
		for _, row := range all() {
			if fmt.Sprint(row["id"]) == fmt.Sprint(args[0]) {
				return row, nil
			}
		}
		return nil, fault.Missing(fmt.Sprintf("%s %v does not exist", kind, args[0]))
	}
}
