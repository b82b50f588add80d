// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

// Numbers of the errors that the middleware tells, as FreeBSD has them.
const (
	enoent = 2
	eexist = 17
	einval = 22
	enospc = 28
)

// maxBody is the largest request body, in bytes.
const maxBody = 1 << 20

// Message is one thing that is wrong with a field.
type Message struct {
	Message string `json:"message"`
	Errno   int    `json:"errno"`
}

// Invalid is a ValidationErrors of the middleware: what is wrong, by "schema.field". It is answered with 422.
type Invalid map[string][]Message

func (e Invalid) Error() string {
	var all []string
	for field, messages := range e {
		for _, m := range messages {
			all = append(all, field+": "+m.Message)
		}
	}
	return strings.Join(all, "; ")
}

// add notes a fault of a field.
func (e Invalid) add(field string, errno int, format string, args ...any) {
	e[field] = append(e[field], Message{fmt.Sprintf(format, args...), errno})
}

// err is nil when nothing is wrong.
func (e Invalid) err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// callError is a CallError of the middleware: answered with 422 and a message for the whole call.
type callError Message

func (e callError) Error() string { return e.Message }

func refusal(errno int, format string, args ...any) error {
	return callError{fmt.Sprintf(format, args...), errno}
}

// notFound is answered with 404.
type notFound string

func (e notFound) Error() string { return string(e) }

// call answers one request with something to be sent as JSON.
type call func(r *http.Request) (any, error)

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, do call) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/v2.0"+path, func(w http.ResponseWriter, r *http.Request) { answer(w, r, do) })
	}
	s.systemRoutes(handle)
	s.poolRoutes(handle)
	s.datasetRoutes(handle)
	s.iscsiRoutes(handle)
	s.serviceRoutes(handle)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.authorized(r) {
			s.cfg.Logf("nas: %s %s from %s: wrong credentials", r.Method, r.URL.Path, r.RemoteAddr)
			w.Header().Set("WWW-Authenticate", `Basic realm="FreeNAS"`)
			http.Error(w, "401: Unauthorized", http.StatusUnauthorized)
			return
		}
		if path := strings.TrimRight(r.URL.EscapedPath(), "/"); path != r.URL.EscapedPath() {
			r.URL.RawPath, r.URL.Path = path, strings.TrimRight(r.URL.Path, "/")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		mux.ServeHTTP(w, r)
	})
}

// authorized checks a user's password (Basic) or an API key (Bearer).
func (s *Server) authorized(r *http.Request) bool {
	if user, password, ok := r.BasicAuth(); ok {
		return equal(user, s.cfg.Username) && equal(password, s.cfg.Password)
	}
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || key == "" {
		return false
	}
	if s.cfg.APIKey != "" && equal(key, s.cfg.APIKey) {
		return true
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, k := range s.state.APIKeys {
		if equal(hash(key), k.Hash) {
			return true
		}
	}
	return false
}

func equal(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(hash(a)), []byte(hash(b))) == 1
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func answer(w http.ResponseWriter, r *http.Request, do call) {
	// The body is read here, so that no slow client holds a lock while its request is worked on.
	body, err := io.ReadAll(r.Body)
	var result any
	if err == nil {
		r.Body = io.NopCloser(bytes.NewReader(body))
		result, err = do(r)
	}
	status := http.StatusOK
	var invalid Invalid
	var refused callError
	var missing notFound
	switch {
	case err == nil:
	case errors.As(err, &invalid):
		status, result = http.StatusUnprocessableEntity, invalid
	case errors.As(err, &refused):
		status, result = http.StatusUnprocessableEntity, Message(refused)
	case errors.As(err, &missing):
		status, result = http.StatusNotFound, map[string]string{"message": string(missing)}
	default:
		status, result = http.StatusInternalServerError, map[string]string{"message": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(result)
}

// decode reads a request's JSON onto v, so that what it does not mention stays as it is. Schema names it in errors.
func decode(r *http.Request, schema string, v any) error {
	err := decodeAny(r, v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return nil
	case errors.As(err, &wrong):
		return Invalid{schema + "." + wrong.Field: {{fmt.Sprintf("Not a %s", wrong.Type), einval}}}
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		field := strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`)
		return Invalid{schema + "." + field: {{"Field was not expected", einval}}}
	}
	return refusal(einval, "Request body is not valid JSON: %v", err)
}

func decodeAny(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// newErrorLog takes what net/http has to complain about.
func newErrorLog(logf func(string, ...any)) *log.Logger { return log.New(lineWriter(logf), "", 0) }

type lineWriter func(string, ...any)

func (w lineWriter) Write(b []byte) (int, error) {
	w("nas: API: %s", strings.TrimSpace(string(b)))
	return len(b), nil
}
