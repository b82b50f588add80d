// SPDX-License-Identifier: GPL-3.0-or-later

// Package installer is a stand-in for the installer of TrueNAS 24.10 and later: JSON-RPC over a WebSocket without TLS, by
// which a machine is installed over the network. Nobody logs in to it until somebody adopts it.
package installer

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"livelab.dev/twin/nas/model"
	"livelab.dev/twin/nas/versions"
)

// Config says what is to be installed.
type Config struct {
	Version *versions.Version
	Listen  string // host:port
	Disks   []model.Disk
	Ports   []model.Port
	// Rebooted is called once, when the machine starts again after an installation.
	Rebooted func(Result)
	Logf     func(format string, args ...any)
}

// Result is what was installed.
type Result struct {
	Username string
	Password string
	Disks    []string // that the system is on
	Wiped    []string // whose pools are gone
	// Ports are the adapters as they are to come up.
	Ports []model.Port
}

// Installer is a running installer.
type Installer struct {
	cfg      Config
	server   *http.Server
	listener net.Listener

	mu         sync.Mutex
	key        string // of the one who has adopted the machine; empty while nobody has
	installing bool
	result     *Result
	clients    map[*client]bool
}

// Start opens the installer's port.
func Start(cfg Config) (*Installer, error) {
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, err
	}
	i := &Installer{cfg: cfg, listener: l, clients: map[*client]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc(cfg.Version.Installer, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != cfg.Version.Installer {
			http.NotFound(w, r)
			return
		}
		i.accept(w, r)
	})
	i.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := i.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			cfg.Logf("nas: installer: %v", err)
		}
	}()
	return i, nil
}

// Close ends the installer and its connections.
func (i *Installer) Close() error {
	err := i.server.Close()
	i.disconnect()
	return err
}

func (i *Installer) disconnect() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for c := range i.clients {
		_ = c.conn.CloseNow()
	}
}

// client is one connection.
type client struct {
	conn    *websocket.Conn
	trusted bool // has adopted the machine or shown the key
}

// maxMessage is the largest request, in bytes.
const maxMessage = 1 << 20

func (i *Installer) accept(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // the client was told
	}
	conn.SetReadLimit(maxMessage)
	c := &client{conn: conn}
	i.mu.Lock()
	i.clients[c] = true
	i.mu.Unlock()
	defer func() {
		i.mu.Lock()
		delete(i.clients, c)
		i.mu.Unlock()
		_ = conn.CloseNow()
	}()
	for {
		_, data, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		i.receive(r.Context(), c, data)
	}
}

// receive answers one request.
func (i *Installer) receive(ctx context.Context, c *client, data []byte) {
	v, err := versions.Decode(data)
	request, ok := v.(map[string]any)
	if err != nil || !ok {
		c.send(ctx, map[string]any{"jsonrpc": "2.0", "id": nil, "error": map[string]any{"code": -32700, "message": "Invalid JSON was received by the server."}})
		return
	}
	answer := map[string]any{"jsonrpc": "2.0", "id": request["id"]}
	name, _ := request["method"].(string)
	result, err := i.call(ctx, c, name, arguments(request["params"]))
	var refused refusal
	switch {
	case errors.As(err, &refused):
		answer["error"] = map[string]any{"code": refused.code, "message": refused.text, "data": map[string]any{"errno": refused.errno}}
	case err != nil:
		answer["error"] = map[string]any{"code": -32603, "message": "Internal JSON-RPC error."}
	default:
		answer["result"] = result
	}
	c.send(ctx, answer)
}

// arguments are a request's: a list, or one that is no list.
func arguments(params any) []any {
	switch p := params.(type) {
	case nil, map[string]any:
		return nil
	case []any:
		return p
	}
	return []any{params}
}

func (c *client) send(ctx context.Context, message any) {
	data, err := json.Marshal(message)
	if err == nil {
		_ = c.conn.Write(ctx, websocket.MessageText, data) // one that is gone is noticed by the next read
	}
}

// notify calls every client.
func (i *Installer) notify(ctx context.Context, method string, params any) {
	i.mu.Lock()
	var all []*client
	for c := range i.clients {
		all = append(all, c)
	}
	i.mu.Unlock()
	for _, c := range all {
		c.send(ctx, map[string]any{"jsonrpc": "2.0", "method": method, "params": []any{params}})
	}
}

func newKey() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // crypto/rand.Read never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
