// SPDX-License-Identifier: GPL-3.0-or-later

package nastest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// RPC is a client of JSON-RPC that makes one call at a time.
type RPC struct {
	Conn *websocket.Conn
	// Events are the notifications that came while an answer was waited for.
	Events []M

	nas  *NAS
	next int
}

// RPCError is an answer that is an error.
type RPCError struct {
	Code    int
	Message string
	Data    M
}

func (e *RPCError) Error() string {
	return fmt.Sprintf("%d %s %v", e.Code, e.Message, e.Data["reason"])
}

// rpcLimit is how long an answer may take.
const rpcLimit = 30 * time.Second

// Dial opens a connection to the API, not logged in.
func (n *NAS) Dial() *RPC {
	n.tb.Helper()
	url := "wss" + strings.TrimPrefix(n.URL, "https")
	url = strings.Replace(url, "/api/v2.0", "/api/current", 1)
	conn, _, err := websocket.Dial(context.Background(), url, &websocket.DialOptions{HTTPClient: n.client}) //nolint:bodyclose // Dial closes it.
	if err != nil {
		n.tb.Fatal(err)
	}
	n.tb.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(1 << 22)
	return &RPC{Conn: conn, nas: n}
}

// Login opens a connection and logs in as root.
func (n *NAS) Login() *RPC {
	n.tb.Helper()
	c := n.Dial()
	if ok, err := c.Call("auth.login", "root", Password); err != nil || ok != true {
		n.tb.Fatalf("auth.login: %v %v", ok, err)
	}
	return c
}

// Send sends a text.
func (c *RPC) Send(text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), rpcLimit)
	defer cancel()
	return c.Conn.Write(ctx, websocket.MessageText, []byte(text))
}

// Receive reads the next message.
func (c *RPC) Receive() (M, error) {
	ctx, cancel := context.WithTimeout(context.Background(), rpcLimit)
	defer cancel()
	_, data, err := c.Conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	var m M
	return m, json.Unmarshal(data, &m)
}

// Call makes a call and waits for its answer. An answer that is an error is an *RPCError.
func (c *RPC) Call(method string, params ...any) (any, error) {
	c.next++
	if params == nil {
		params = []any{}
	}
	data, err := json.Marshal(M{"jsonrpc": "2.0", "id": c.next, "method": method, "params": params})
	if err == nil {
		err = c.Send(string(data))
	}
	for err == nil {
		var m M
		if m, err = c.Receive(); err != nil {
			break
		}
		if _, answer := m["id"]; !answer {
			c.Events = append(c.Events, m)
			continue
		}
		if refused, ok := m["error"].(M); ok {
			code, _ := refused["code"].(float64)
			text, _ := refused["message"].(string)
			details, _ := refused["data"].(M)
			return nil, &RPCError{int(code), text, details}
		}
		return m["result"], nil
	}
	return nil, err
}

// OK makes a call that must go well.
func (c *RPC) OK(method string, params ...any) any {
	c.nas.tb.Helper()
	result, err := c.Call(method, params...)
	if err != nil {
		c.nas.tb.Fatalf("%s%v: %v", method, params, err)
	}
	return result
}

// Job makes a call that starts a job, waits for its end and returns it.
func (c *RPC) Job(method string, params ...any) M {
	c.nas.tb.Helper()
	id := c.OK(method, params...)
	for range 1000 {
		job := c.OK("core.get_jobs", []any{[]any{"id", "=", id}}, M{"get": true}).(M)
		if job["state"] != "RUNNING" && job["state"] != "WAITING" {
			return job
		}
		time.Sleep(10 * time.Millisecond)
	}
	c.nas.tb.Fatalf("%s: job %v does not end", method, id)
	return nil
}
