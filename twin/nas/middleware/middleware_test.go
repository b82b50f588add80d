// SPDX-License-Identifier: GPL-3.0-or-later

package middleware

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"livelab.dev/twin/nas/model"
	"livelab.dev/twin/nas/versions"
)

// bySession are methods that belong to a client's connection, not to the NAS.
var bySession = []string{"core.subscribe", "core.unsubscribe", "core.set_options"}

// Every method that a version has in its table is done.
func TestEveryMethodIsDone(t *testing.T) {
	for _, name := range versions.Names() {
		v, err := versions.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		nas, err := model.New(model.Config{Dir: t.TempDir(), Version: v, Hostname: "nas.local", Logf: t.Logf,
			Ports: []model.Port{{Name: "em0", Address: netip.MustParsePrefix("127.0.0.1/8")}}})
		if err != nil {
			t.Fatal(err)
		}
		m := New(nas)
		for method := range v.Methods {
			if m.methods[method] == nil && !strings.HasPrefix(method, "auth.") && !slices.Contains(bySession, method) {
				t.Errorf("%s: %s is in the table and nothing does it", name, method)
			}
		}
	}
}

// A mistake in a job fails that job, says why, and leaves the NAS as it was.
func TestJobSurvivesPanic(t *testing.T) {
	jobs := newJobs(t.Logf)
	var seen []string
	jobs.Watch(func(event string, job map[string]any) { seen = append(seen, fmt.Sprint(event, " ", job["state"])) })
	id := jobs.start("pool.create", nil, func() (any, error) {
		var disks []string
		return disks[1], nil
	})
	if _, err := jobs.Wait(id); err == nil || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("it ended with %v", err)
	}
	_ = jobs.Rows() // Whoever watches has been told when this returns.
	if want := []string{"added RUNNING", "changed FAILED"}; !slices.Equal(seen, want) {
		t.Errorf("told %v, want %v", seen, want)
	}
	if result, err := jobs.Wait(jobs.start("pool.create", nil, func() (any, error) { return 1, nil })); err != nil || result != 1 {
		t.Errorf("the next one: %v, %v", result, err)
	}
}

func TestQuery(t *testing.T) {
	rows := func() []map[string]any {
		return []map[string]any{{"id": int64(1), "name": "a"}, {"id": int64(2), "name": "b"}, {"id": int64(10), "name": "ab"}}
	}
	f := func(parts ...any) []any { return []any{parts} }
	for _, c := range []struct {
		filters []any
		options map[string]any
		want    string
	}{
		{nil, nil, "[1 2 10]"},
		{f("id", "=", int64(2)), nil, "[2]"},
		{f("id", "=", "2"), nil, "[]"}, // a text is no number
		{f("id", "=", Loose("2")), nil, "[2]"},
		{f("name", "^", "a"), nil, "[1 10]"},
		{f("id", ">", int64(1)), nil, "[2 10]"},
		{f("id", "<=", int64(2)), nil, "[1 2]"},
		{f("name", "in", []any{"a", "b"}), nil, "[1 2]"},
		{f("name", "nin", []any{"a", "b"}), nil, "[10]"},
		{f("name", "~", "^.$"), nil, "[1 2]"},
		{f("OR", []any{[]any{"id", "=", int64(1)}, []any{"id", "=", int64(10)}}), nil, "[1 10]"},
		{nil, map[string]any{"order_by": []any{"-id"}, "limit": int64(2)}, "[10 2]"},
		{nil, map[string]any{"offset": int64(1)}, "[2 10]"},
	} {
		result, err := Query(rows(), c.filters, c.options)
		if err != nil {
			t.Fatal(err)
		}
		ids := []any{}
		for _, row := range result.([]map[string]any) {
			ids = append(ids, row["id"])
		}
		if got := fmt.Sprint(ids); got != c.want {
			t.Errorf("%v %v: %s, want %s", c.filters, c.options, got, c.want)
		}
	}
	if n, err := Query(rows(), nil, map[string]any{"count": true}); err != nil || n != 3 {
		t.Errorf("count: %v %v", n, err)
	}
	if _, err := Query(rows(), f("id", "=", int64(7)), map[string]any{"get": true}); err == nil {
		t.Error("get of nothing is something")
	}
	if _, err := Query(rows(), f("id", "is", int64(7)), nil); err == nil {
		t.Error("an unknown operator")
	}
}
