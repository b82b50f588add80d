// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// qmpClient speaks QEMU's control protocol: JSON objects over a stream; answers carry the id of their
// command, events none. (https://www.qemu.org/docs/master/interop/qmp-spec.html)
type qmpClient struct {
	conn    *net.UnixConn
	onEvent func(qmpEvent)

	writeMu sync.Mutex
	mu      sync.Mutex
	nextID  int
	waiting map[int]chan qmpMessage
	gone    chan struct{}
}

type qmpEvent struct {
	Name string
	Time time.Time
	Data json.RawMessage
}

type qmpMessage struct {
	ID     *int            `json:"id"`
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Class string `json:"class"`
		Desc  string `json:"desc"`
	} `json:"error"`
	Event     string          `json:"event"`
	Data      json.RawMessage `json:"data"`
	Timestamp struct {
		Seconds      int64 `json:"seconds"`
		Microseconds int64 `json:"microseconds"`
	} `json:"timestamp"`
}

// errGone is the answer to every command once QEMU has closed the connection, as it does when it ends.
var errGone = errors.New("the machine's process has ended")

// newQMP takes a connection and leads it through the greeting. onEvent is called for every event,
// one after the other; it must not issue commands itself.
func newQMP(ctx context.Context, conn *net.UnixConn, onEvent func(qmpEvent)) (*qmpClient, error) {
	c := &qmpClient{conn: conn, onEvent: onEvent, waiting: map[int]chan qmpMessage{}, gone: make(chan struct{})}
	go c.read()
	// Commands before qmp_capabilities are refused; the greeting itself needs no answer.
	if err := c.run(ctx, "qmp_capabilities", nil, nil); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *qmpClient) read() {
	defer close(c.gone)
	decoder := json.NewDecoder(c.conn)
	for {
		var m qmpMessage
		if err := decoder.Decode(&m); err != nil {
			return
		}
		switch {
		case m.Event != "":
			at := time.Unix(m.Timestamp.Seconds, m.Timestamp.Microseconds*1000)
			c.onEvent(qmpEvent{Name: m.Event, Time: at, Data: m.Data})
		case m.ID != nil:
			c.mu.Lock()
			answer := c.waiting[*m.ID]
			delete(c.waiting, *m.ID)
			c.mu.Unlock()
			if answer != nil {
				answer <- m
			}
		}
	}
}

// run executes a command and decodes its answer into result, unless that is nil.
func (c *qmpClient) run(ctx context.Context, command string, arguments, result any) error {
	return c.runWithFile(ctx, command, arguments, result, nil)
}

// runWithFile also passes an open file to QEMU, for the command getfd.
func (c *qmpClient) runWithFile(ctx context.Context, command string, arguments, result any, file *os.File) error {
	id, answer := c.register()
	defer c.forget(id)
	request := map[string]any{"execute": command, "id": id}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := c.write(request, file); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	select {
	case m := <-answer:
		if m.Error != nil {
			return fmt.Errorf("%s: %s", command, m.Error.Desc)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Return, result)
	case <-c.gone:
		return fmt.Errorf("%s: %w", command, errGone)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", command, ctx.Err())
	}
}

func (c *qmpClient) register() (int, chan qmpMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nextID++
	answer := make(chan qmpMessage, 1)
	c.waiting[c.nextID] = answer
	return c.nextID, answer
}

func (c *qmpClient) forget(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

func (c *qmpClient) write(request any, file *os.File) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	var rights []byte
	if file != nil {
		rights = unix.UnixRights(int(file.Fd()))
	}
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	_, _, err = c.conn.WriteMsgUnix(append(line, '\n'), rights, nil)
	if errors.Is(err, unix.EPIPE) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		return errGone
	}
	return err
}
