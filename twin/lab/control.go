// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// serveControl answers on the control socket, which only this user can open.
func (l *Lab) serveControl() (stop func() error, err error) {
	path := l.Dir.controlSocket()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(l.Status()) // the reader went away
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			l.logf("control socket: %v", err)
		}
	}()
	return server.Close, nil
}

func (d Dir) controlSocket() string { return d.Socket("control") }

// AskStatus asks the process that serves a directory. When none does, the status says so.
func AskStatus(ctx context.Context, d Dir) (Status, error) {
	off := Status{Dir: string(d)}
	process, err := ReadProcess(d)
	if err != nil || !process.Alive() {
		return off, err
	}
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", d.controlSocket())
	}}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://control/status", nil)
	if err != nil {
		return off, err
	}
	response, err := client.Do(request)
	if err != nil {
		return off, fmt.Errorf("process %d runs, but does not answer: %w", process.PID, err)
	}
	defer func() { _ = response.Body.Close() }()
	var status Status
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil {
		return off, fmt.Errorf("process %d: answer of the control socket: %w", process.PID, err)
	}
	return status, nil
}

// Status is the state of the data centre now.
func (l *Lab) Status() Status {
	return Status{
		Running: true, PID: os.Getpid(), Since: l.began, Dir: string(l.Dir),
		Backing: l.Config.Backing, Accel: l.accel(), Endpoints: l.Endpoints(), Machines: l.machines(),
		Facts: facts(l.Config.Backing, l.accel(), l.Config.NAS), Calls: l.calls(),
	}
}
