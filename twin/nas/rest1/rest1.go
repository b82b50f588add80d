// SPDX-License-Identifier: GPL-3.0-or-later

// Package rest1 is the REST API v1.0 of FreeNAS 9.3 to 11.3: resources with fields of their own names, checked as
// Django's forms check them. Where a real one ignores a field that it does not know, this one refuses it, so that a
// misspelt one is seen.
package rest1

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
	"livelab.dev/twin/nas/versions"
)

// Prefix is where the API is.
const Prefix = "/api/v1.0/"

// maxBody is the largest request body, in bytes; pageSize how many objects a list shows that is not told otherwise.
const (
	maxBody  = 1 << 20
	pageSize = 20
)

// resource is a list of objects, or one object.
type resource struct {
	single bool
	schema versions.Type
	// rows are the objects, each with its "id".
	rows func() []map[string]any
	// create and update set checked fields; create answers with the new object's id.
	create func(fields map[string]any) (any, error)
	update func(id string, fields map[string]any) error
	remove func(id string, body map[string]any) error
	// readOnly are fields that are told and, when they are sent back, ignored.
	readOnly []string
	// named says that an object is also found by this field.
	named string
	// below are the resources of one object.
	below func(id string) map[string]resource
}

type api struct {
	nas       *model.NAS
	resources map[string]resource
}

// Handler answers requests below Prefix.
func Handler(nas *model.NAS, logf func(string, ...any)) http.Handler {
	a := &api{nas: nas, resources: map[string]resource{}}
	a.iscsi()
	a.storage()
	a.settings()
	a.resources["network/interface"] = a.interfaces()
	a.resources["services/services"] = a.services()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		if !ok || !nas.PasswordOK(user, password) {
			logf("nas: %s %s from %s: wrong credentials", r.Method, r.URL.Path, r.RemoteAddr)
			w.Header().Set("WWW-Authenticate", `Basic realm="FreeNAS"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if !strings.HasSuffix(r.URL.Path, "/") {
			// A body does not follow: the client sends another request.
			// With one slash in front, or the path would name another host.
			http.Redirect(w, r, "/"+strings.TrimLeft(r.URL.Path, "/")+"/", http.StatusMovedPermanently) //nolint:gosec // It stays on this host.
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			failed(w, err)
			return
		}
		a.serve(w, r, body)
	})
}

// serve finds the resource and does what the verb asks.
func (a *api) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	path := strings.Trim(strings.TrimPrefix(r.URL.Path, Prefix), "/")
	if path == "system/version" && r.Method == http.MethodGet {
		answer(w, http.StatusOK, a.version())
		return
	}
	found, id, ok := find(a.resources, path)
	if !ok {
		http.Error(w, "<h1>Not Found</h1>", http.StatusNotFound)
		return
	}
	var sent map[string]any
	if len(strings.TrimSpace(string(body))) > 0 {
		v, err := versions.Decode(body)
		if sent, ok = v.(map[string]any); err != nil || !ok {
			answer(w, http.StatusBadRequest, map[string]any{"error_message": "The request's body is no JSON object."})
			return
		}
	}
	if sent == nil {
		sent = map[string]any{}
	}
	for _, name := range found.readOnly {
		delete(sent, name)
	}
	found.do(w, r, id, sent)
}

// find takes a path apart: a resource, an object's id, and what is below it.
func find(all map[string]resource, path string) (resource, string, bool) {
	for name, one := range all {
		if path == name {
			return one, "", true
		}
		rest, ok := strings.CutPrefix(path, name+"/")
		if !ok {
			continue
		}
		id, deeper, more := strings.Cut(rest, "/")
		if more && one.below != nil {
			return find(one.below(id), deeper)
		}
		return one, rest, !one.single && !more || one.named == "/"
	}
	return resource{}, "", false
}

func (one resource) do(w http.ResponseWriter, r *http.Request, id string, sent map[string]any) {
	switch {
	case r.Method == http.MethodGet && id == "":
		one.list(w, r)
	case r.Method == http.MethodGet:
		one.answerRow(w, http.StatusOK, id)
	case r.Method == http.MethodPost && id == "" && one.create != nil:
		fields, err := one.schema.CleanForm(sent, false)
		var made any
		if err == nil {
			made, err = one.create(fields)
		}
		if err != nil {
			failed(w, err)
			return
		}
		one.answerRow(w, http.StatusCreated, fmt.Sprint(made))
	case r.Method == http.MethodPut && one.update != nil && (id != "" || one.single):
		one.change(w, id, sent)
	case r.Method == http.MethodDelete && id != "" && one.remove != nil:
		if err := one.remove(one.idOf(id), sent); err != nil {
			failed(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (one resource) change(w http.ResponseWriter, id string, sent map[string]any) {
	if _, there := one.row(id); !there && !one.single {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	fields, err := one.schema.CleanForm(sent, true)
	if err == nil {
		err = one.update(one.idOf(id), fields)
	}
	if err != nil {
		failed(w, err)
		return
	}
	one.answerRow(w, http.StatusOK, id)
}

// row finds an object by its id or its name.
func (one resource) row(id string) (map[string]any, bool) {
	rows := one.rows()
	if one.single {
		return rows[0], true
	}
	for _, row := range rows {
		if fmt.Sprint(row["id"]) == id || one.named != "" && row[one.named] == id {
			return row, true
		}
	}
	return nil, false
}

// idOf is the id of the object that was asked for by id or name.
func (one resource) idOf(id string) string {
	if row, ok := one.row(id); ok && row["id"] != nil {
		return fmt.Sprint(row["id"])
	}
	return id
}

func (one resource) answerRow(w http.ResponseWriter, status int, id string) {
	row, ok := one.row(id)
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	answer(w, status, row)
}

// list shows a page of the objects: offset and limit are the URL's, and no limit is 20.
func (one resource) list(w http.ResponseWriter, r *http.Request) {
	rows := one.rows()
	if one.single {
		answer(w, http.StatusOK, rows[0])
		return
	}
	total, limit := len(rows), pageSize
	if n, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && n >= 0 {
		limit = n
	}
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	offset = min(max(offset, 0), total)
	rows = rows[offset:]
	if limit > 0 {
		rows = rows[:min(limit, len(rows))]
	}
	w.Header().Set("Content-Range", fmt.Sprintf("items %d-%d/%d", offset, offset+len(rows), total))
	answer(w, http.StatusOK, rows)
}

// failed answers an error: 409 with messages for each field, or 400 with one.
func failed(w http.ResponseWriter, err error) {
	var invalid fault.Invalid
	var missing fault.Missing
	var refused fault.Refusal
	var zfs zfsFailure
	switch {
	case errors.As(err, &invalid):
		fields := map[string][]string{}
		for _, v := range invalid {
			name := v.Field
			if name == "" {
				name = "__all__"
			}
			fields[name] = append(fields[name], v.Message)
		}
		answer(w, http.StatusConflict, fields)
	case errors.As(err, &zfs):
		answer(w, http.StatusBadRequest, map[string]any{"__all__": string(zfs)})
	case errors.As(err, &missing):
		w.WriteHeader(http.StatusNotFound)
	case errors.As(err, &refused):
		answer(w, http.StatusBadRequest, map[string]any{"error_message": refused.Message})
	default:
		answer(w, http.StatusInternalServerError, map[string]any{"error_message": "Sorry, this request could not be processed. Please try again later: " + err.Error()})
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
