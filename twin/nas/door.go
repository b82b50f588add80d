// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"livelab.dev/twin/nas/portal"
)

// door is where the API is reached: one port on each of the NAS's addresses. They may move while it runs.
type door struct {
	port    uint16
	tls     *tls.Config
	logf    func(string, ...any)
	handler http.Handler

	mu   sync.Mutex
	open map[netip.Addr]*entrance
}

// entrance is the API on one address.
type entrance struct {
	*http.Server
	// end ends WebSockets, which the server itself does not know any more.
	end context.CancelFunc
}

func (e *entrance) close() error {
	e.end()
	return e.Close()
}

// move opens the addresses that are new and then closes those that are gone. When one cannot be opened, nothing changes.
func (d *door) move(to []netip.Addr) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == nil {
		d.open = map[netip.Addr]*entrance{}
	}
	fresh := map[netip.Addr]net.Listener{}
	for _, a := range to {
		if d.open[a] != nil || fresh[a] != nil {
			continue
		}
		l, err := portal.Open(netip.AddrPortFrom(a, d.port).String())
		if err != nil {
			for _, l := range fresh {
				_ = l.Close()
			}
			return err
		}
		fresh[a] = l
	}
	for a, l := range fresh {
		d.serve(a, l)
	}
	for a, server := range d.open {
		if !slices.Contains(to, a) {
			delete(d.open, a)
			// The answer to the call that moves the address is still to be sent.
			time.AfterFunc(lastAnswer, func() { _ = server.close() })
		}
	}
	return nil
}

// lastAnswer is how long connections to an address that is gone are kept.
const lastAnswer = 500 * time.Millisecond

func (d *door) serve(a netip.Addr, l net.Listener) {
	ctx, end := context.WithCancel(context.Background())
	server := &http.Server{
		Handler: d.handler, BaseContext: func(net.Listener) context.Context { return ctx }, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: log.New(lineWriter(d.logf), "", 0),
	}
	d.open[a] = &entrance{server, end}
	go func() {
		if err := server.Serve(tls.NewListener(l, d.tls)); !errors.Is(err, http.ErrServerClosed) {
			d.logf("nas: API: %v", err)
		}
	}()
}

func (d *door) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	for a, server := range d.open {
		delete(d.open, a)
		err = errors.Join(err, server.close())
	}
	return err
}

type lineWriter func(string, ...any)

func (w lineWriter) Write(b []byte) (int, error) {
	w("nas: API: %s", strings.TrimSpace(string(b)))
	return len(b), nil
}
