// SPDX-License-Identifier: GPL-3.0-or-later

// Package rest2 is the REST API v2.0 of FreeNAS 11.2 to TrueNAS 25.10: HTTP in front of the middleware's methods.
package rest2

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/middleware"
	"livelab.dev/twin/nas/versions"
)

// Prefix is where the API is.
const Prefix = "/api/v2.0/"

// maxBody is the largest request body, in bytes.
const maxBody = 1 << 20

// Handler answers requests below Prefix.
func Handler(m *middleware.Middleware, logf func(string, ...any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !authorized(m, r) {
			logf("nas: %s %s from %s: wrong credentials", r.Method, r.URL.Path, r.RemoteAddr)
			w.Header().Set("WWW-Authenticate", `Basic realm="FreeNAS"`)
			http.Error(w, "401: Unauthorized", http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			answer(w, http.StatusRequestEntityTooLarge, message(err.Error()))
			return
		}
		request := &request{m: m, r: r, body: body}
		if err := request.find(); err != nil {
			notHere(w, err)
			return
		}
		request.answer(w)
	})
}

// authorized checks a user's password (Basic) or an API key (Bearer). With two factors a password alone does not do.
func authorized(m *middleware.Middleware, r *http.Request) bool {
	if user, password, ok := r.BasicAuth(); ok {
		return !m.NAS.TwoFactor() && m.NAS.PasswordOK(user, password)
	}
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return m.NAS.KeyOK(key)
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Token ")
	return ok && m.NAS.TokenOK(token)
}

// request is one call on its way to a method.
type request struct {
	m    *middleware.Middleware
	r    *http.Request
	body []byte

	name   string // of the method
	method versions.Method
	args   []any // those from the URL
}

var (
	errPath   = errors.New("404: Not Found")
	errMethod = errors.New("405: Method Not Allowed")
)

func notHere(w http.ResponseWriter, err error) {
	status := http.StatusNotFound
	if errors.Is(err, errMethod) {
		status = http.StatusMethodNotAllowed
	}
	http.Error(w, err.Error(), status)
}

// find takes the path and the verb for a method: GET pool/id/1 is pool.get_instance, POST pool/id/1/export pool.export.
func (q *request) find() error {
	var parts []string
	for _, part := range strings.Split(strings.Trim(strings.TrimPrefix(q.r.URL.EscapedPath(), strings.TrimSuffix(Prefix, "/")), "/"), "/") {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return errPath
		}
		parts = append(parts, plain)
	}
	for i := 1; i+1 < len(parts); i++ {
		if parts[i] == "id" {
			return q.findItem(strings.Join(parts[:i], "."), parts[i+1], parts[i+2:])
		}
	}
	return q.findPlain(strings.Join(parts, "."))
}

// try takes a method when this version has it.
func (q *request) try(name string) bool {
	method, ok := q.m.Method(name)
	if ok {
		q.name, q.method = name, method
	}
	return ok
}

func (q *request) findPlain(name string) error {
	_, isList := q.m.Method(name + ".query")
	_, isSingle := q.m.Method(name + ".config")
	_, isMethod := q.m.Method(name)
	if strings.HasPrefix(name, "auth.") || !isList && !isSingle && !isMethod {
		return errPath
	}
	var ok bool
	switch q.r.Method {
	case http.MethodGet:
		ok = isList && q.try(name+".query") || isSingle && q.try(name+".config") ||
			isMethod && q.try(name) && (len(q.method.Params) == 0 || isQuery(q.method))
	case http.MethodPost:
		ok = isList && q.try(name+".create") || isMethod && q.try(name) && len(q.method.Params) > 0
	case http.MethodPut:
		ok = isSingle && q.try(name+".update")
	}
	if !ok {
		return errMethod
	}
	return nil
}

func (q *request) findItem(name, id string, rest []string) error {
	if _, ok := q.m.Method(name + ".query"); !ok || len(rest) > 1 {
		return errPath
	}
	var ok bool
	switch {
	case len(rest) == 1:
		if ok = q.r.Method == http.MethodPost && q.try(name+"."+rest[0]); !ok {
			return errPath
		}
	case q.r.Method == http.MethodGet:
		ok = q.try(name + ".get_instance")
	case q.r.Method == http.MethodPut:
		ok = q.try(name + ".update")
	case q.r.Method == http.MethodDelete:
		ok = q.try(name + ".delete")
	}
	if !ok {
		return errMethod
	}
	q.args = []any{asID(q.method.Params[0], id)}
	return nil
}

// asID is an id from a path as the method takes it: a number, or a text.
func asID(p versions.Field, id string) any {
	if p.Kind != versions.String {
		if n, err := versions.Decode([]byte(id)); err == nil {
			if _, ok := n.(int64); ok {
				return n
			}
		}
	}
	return id
}

func isQuery(m versions.Method) bool {
	return len(m.Params) == 2 && m.Params[0].Name == "query-filters"
}

func (q *request) answer(w http.ResponseWriter) {
	if err := q.arguments(); err != nil {
		answer(w, http.StatusBadRequest, message(err.Error()))
		return
	}
	result, err := q.m.Call(q.name, q.args)
	var invalid fault.Invalid
	var refused fault.Refusal
	var missing fault.Missing
	switch {
	case err == nil:
		answer(w, http.StatusOK, result)
	case errors.As(err, &invalid):
		answer(w, http.StatusUnprocessableEntity, byField(invalid))
	case errors.As(err, &refused):
		answer(w, http.StatusUnprocessableEntity, map[string]any{"message": refused.Message, "errno": refused.Errno})
	case errors.As(err, &missing):
		answer(w, http.StatusNotFound, message(err.Error()))
	default:
		answer(w, http.StatusInternalServerError, map[string]any{"message": err.Error(), "traceback": nil})
	}
}

func message(text string) any { return map[string]any{"message": text} }

// byField is {"schema.field": [{"message": …, "errno": …}]}.
func byField(invalid fault.Invalid) map[string][]map[string]any {
	all := map[string][]map[string]any{}
	for _, v := range invalid {
		all[v.Field] = append(all[v.Field], map[string]any{"message": v.Message, "errno": v.Errno})
	}
	return all
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

// arguments adds those of the body or, of a query, of the URL.
func (q *request) arguments() error {
	if q.r.Method == http.MethodGet {
		if isQuery(q.method) {
			filters, options := fromURL(q.r.URL.Query())
			q.args = append(q.args, filters, options)
		}
		return nil
	}
	if len(strings.TrimSpace(string(q.body))) == 0 {
		return nil
	}
	sent, err := versions.Decode(q.body)
	if err != nil {
		return fmt.Errorf("the body is not valid JSON: %w", err)
	}
	params := q.method.Params[len(q.args):]
	object, isObject := sent.(map[string]any)
	switch {
	case len(params) == 1 && (!isObject || !takes(params[0], object)):
		q.args = append(q.args, sent)
	case len(params) == 0:
	case !isObject && len(params) > 0:
		q.args = append(q.args, sent)
	default:
		return q.named(params, object)
	}
	return nil
}

// takes says whether a body names the only parameter, which is no object itself: {"force": true}.
func takes(p versions.Field, body map[string]any) bool {
	_, ok := body[p.Name]
	return ok && p.Kind != versions.Object && len(body) == 1
}

// named takes the members of a body for the parameters of their names. Those behind the last that was sent are left out.
func (q *request) named(params []versions.Field, body map[string]any) error {
	var later []any
	for _, p := range params {
		value, sent := body[p.Name]
		delete(body, p.Name)
		if !sent && p.Filled {
			value = p.Default
		}
		later = append(later, value)
		if sent || p.Required {
			q.args = append(q.args, later...)
			later = nil
		}
	}
	for name := range body {
		return fmt.Errorf("%s takes no %q", q.name, name)
	}
	return nil
}
