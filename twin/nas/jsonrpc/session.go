// SPDX-License-Identifier: GPL-3.0-or-later

// Package jsonrpc is the API of TrueNAS 25.04 and later: JSON-RPC 2.0 over WebSocket, in front of the middleware's methods.
package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"livelab.dev/twin/nas/middleware"
)

// Limits of a connection: the bytes of a message before and after the login, the calls that run at a time, and the calls
// that run or wait.
const (
	maxAnonymous = 8 << 10
	maxMessage   = 64 << 10
	softLimit    = 10
	hardLimit    = 20
)

// writeLimit is how long a client may take to read an answer.
const writeLimit = 30 * time.Second

// Register adds the paths of the API: the newest version's under two names, and the list of versions. Older versions are
// told of, as a TrueNAS does, but not served here.
func Register(mux *http.ServeMux, m *middleware.Middleware, logf func(string, ...any)) {
	apis := m.NAS.Version.APIs
	handler := handler(m, logf)
	mux.Handle("/api/current", handler)
	mux.Handle("/api/"+apis[len(apis)-1], handler)
	mux.HandleFunc("GET /api/versions", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(apis) // the client may be gone
	})
}

func handler(m *middleware.Middleware, logf func(string, ...any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // no browser's page is served here
		if err != nil {
			return // the client was told
		}
		s := &session{m: m, conn: conn, logf: logf, remote: r.RemoteAddr, legacyJobs: true, running: make(chan struct{}, softLimit), subscriptions: map[string]func(){}}
		defer s.close()
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		s.serve(ctx)
	})
}

// session is one client's connection.
type session struct {
	m      *middleware.Middleware
	conn   *websocket.Conn
	logf   func(string, ...any)
	remote string

	mu            sync.Mutex
	loggedIn      bool
	waitsForOTP   bool
	triesOTP      int
	legacyJobs    bool // a job's call is answered with its number
	calls         int  // that run or wait
	subscriptions map[string]func()

	running chan struct{}
	pending sync.WaitGroup
}

func (s *session) close() {
	s.mu.Lock()
	for _, stop := range s.subscriptions {
		stop()
	}
	s.mu.Unlock()
	_ = s.conn.CloseNow()
	s.pending.Wait()
}

// serve reads calls until the connection ends or a message is against the rules.
func (s *session) serve(ctx context.Context) {
	s.conn.SetReadLimit(-1) // serve has its own, with its own words
	for {
		kind, reader, err := s.conn.Reader(ctx)
		if err != nil {
			return
		}
		limit, text := int64(maxMessage), "Max message length is 64 kB"
		if !s.isLoggedIn() {
			limit, text = maxAnonymous, "Anonymous connection max message length is 8 kB"
		}
		data, err := io.ReadAll(io.LimitReader(reader, limit+1))
		switch {
		case err != nil:
			return
		case kind != websocket.MessageText:
			_ = s.conn.Close(websocket.StatusUnsupportedData, "Only text messages are supported")
			return
		case int64(len(data)) > limit:
			_ = s.conn.Close(websocket.StatusMessageTooBig, text)
			return
		}
		s.receive(ctx, data)
	}
}

func (s *session) isLoggedIn() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loggedIn
}

// receive starts a call, or refuses it when there are too many.
func (s *session) receive(ctx context.Context, data []byte) {
	r, err := parse(data)
	if err != nil {
		s.answer(ctx, r.id, nil, err)
		return
	}
	s.mu.Lock()
	crowded := s.calls >= hardLimit
	if !crowded {
		s.calls++
	}
	s.mu.Unlock()
	if crowded {
		s.answer(ctx, r.id, nil, rpcError{Code: codeTooMany, Message: "Maximum number of concurrent calls (20) has exceeded."})
		return
	}
	s.pending.Go(func() {
		s.running <- struct{}{}
		defer func() {
			<-s.running
			s.mu.Lock()
			s.calls--
			s.mu.Unlock()
		}()
		result, err := s.call(ctx, r)
		s.answer(ctx, r.id, result, err)
	})
}

// open are the methods that need no login.
var open = []string{"auth.login", "auth.login_ex", "auth.login_ex_continue", "auth.login_with_api_key", "auth.login_with_token",
	"auth.legacy_api_key_login", "auth.legacy_token_login", "auth.mechanism_choices", "core.ping", "core.set_options"}

func (s *session) call(ctx context.Context, r request) (any, error) {
	method, ok := s.m.Method(r.method)
	if !ok {
		return nil, middleware.Unknown(r.method)
	}
	if !s.isLoggedIn() && !slices.Contains(open, r.method) {
		return nil, rpcError{codeCall, "Method call error", errorData(notLoggedIn, "ENOTAUTHENTICATED", errors.New("[ENOTAUTHENTICATED] Not authenticated"), nil)}
	}
	if do := s.own(r.method); do != nil {
		args, err := method.Clean(r.params)
		if err != nil {
			return nil, err
		}
		return do(ctx, args)
	}
	result, err := s.m.Call(r.method, r.params)
	if err != nil || !method.Job {
		return result, err
	}
	s.mu.Lock()
	legacy := s.legacyJobs
	s.mu.Unlock()
	if id, isJob := result.(int); isJob && !legacy {
		return s.m.Jobs.Wait(id)
	}
	return result, nil
}

func (s *session) answer(ctx context.Context, id, result any, err error) {
	message := map[string]any{"jsonrpc": protocolName, "id": id}
	if err != nil {
		message["error"] = refused(err)
	} else {
		message["result"] = result
	}
	s.send(ctx, message)
}

func (s *session) send(ctx context.Context, message any) {
	data, err := json.Marshal(message)
	if err != nil {
		s.logf("nas: JSON-RPC: %v", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	_ = s.conn.Write(ctx, websocket.MessageText, data) // a client that is gone is noticed by the next read
}
