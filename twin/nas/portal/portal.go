// SPDX-License-Identifier: GPL-3.0-or-later

// Package portal is the NAS's iSCSI portal: it stands between the initiators and a tgtd and passes their PDUs on.
//
// What it adds is what FreeNAS has and tgtd has not: disks at LUN 0 (tgtd keeps that for a controller), targets that
// are on some portals and not on others, and access by initiator name and network together.
package portal

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"livelab.dev/twin/iscsi/pdu"
	"livelab.dev/twin/survive"
)

// Visitor is who logs in, and where.
type Visitor struct {
	Initiator string         // its iqn
	Peer      netip.Addr     // where it comes from
	Local     netip.AddrPort // the address it has connected to
	Portal    string         // the portal's listen address as configured
}

// Policy decides who sees what. It is asked on every login and discovery.
type Policy interface {
	// Admit says whether a visitor may log in to a target.
	Admit(v Visitor, target string) bool
	// Targets are the TargetName and TargetAddress pairs that a visitor is told of.
	Targets(v Visitor) []pdu.Pair
	// Backend is the host:port of the tgtd behind, and the address from which it takes connections.
	Backend() (address, source string, err error)
}

// Session is a connection that has logged in.
type Session struct {
	Visitor
	Target string
	Since  time.Time
}

// Portal listens on one address.
type Portal struct {
	Address string

	policy   Policy
	logf     func(format string, args ...any)
	listener net.Listener
	mu       sync.Mutex
	conns    map[*conn]struct{}
	wg       sync.WaitGroup
}

// Listen opens a portal on a host:port.
func Listen(address string, policy Policy, logf func(format string, args ...any)) (*Portal, error) {
	l, err := Open(address)
	if err != nil {
		return nil, fmt.Errorf("iSCSI portal %s: %w", address, err)
	}
	p := &Portal{Address: address, policy: policy, logf: logf, listener: l, conns: map[*conn]struct{}{}}
	p.wg.Go(p.serve)
	return p, nil
}

// Open listens on a host:port. One that is in use is tried again for a moment: a process that was just started holds a
// copy of a socket closed at that time until it runs its program.
func Open(address string) (net.Listener, error) {
	for tries := 10; ; tries-- {
		l, err := net.Listen("tcp", address)
		if tries == 0 || !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Close ends the portal and its sessions.
func (p *Portal) Close() error {
	err := p.listener.Close()
	p.Drop(func(Session) bool { return true })
	p.wg.Wait()
	return err
}

// Sessions are those that have logged in, discovery sessions among them (with an empty target).
func (p *Portal) Sessions() []Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sessions []Session
	for c := range p.conns {
		if s, ok := c.loggedIn(); ok {
			sessions = append(sessions, s)
		}
	}
	slices.SortFunc(sessions, func(a, b Session) int { return a.Since.Compare(b.Since) })
	return sessions
}

// Drop ends the sessions that match, and connections that have not logged in yet when an empty session matches.
func (p *Portal) Drop(match func(Session) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if s, _ := c.loggedIn(); match(s) {
			c.close()
		}
	}
}

func (p *Portal) serve() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			p.logf("iSCSI portal %s: %v", p.Address, err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		p.wg.Go(func() { _ = survive.Do(p.logf, "iSCSI portal "+p.Address, func() { p.handle(client) }) })
	}
}

func (p *Portal) handle(client net.Conn) {
	address, source, err := p.policy.Backend()
	var server net.Conn
	if err == nil {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
		server, err = dialer.Dial("tcp", address)
	}
	if err != nil {
		p.logf("iSCSI portal %s: %v", p.Address, err)
		_ = client.Close()
		return
	}
	c := newConn(p, client, server)
	p.mu.Lock()
	p.conns[c] = struct{}{}
	p.mu.Unlock()
	if err := c.run(); err != nil {
		p.logf("iSCSI portal %s: %s: %v", p.Address, c.visitor.Peer, err)
	}
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}
