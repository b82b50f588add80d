// SPDX-License-Identifier: GPL-3.0-or-later

package network

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"
)

const (
	// dialTimeout bounds how long a caller waits for a guest that does not answer.
	dialTimeout = 3 * time.Second
	// moveGrace is how long a machine may be at no port before its connections are ended: its
	// old process may leave a moment before the new one announces itself.
	moveGrace = 2 * time.Second
)

// halfCloser is a TCP connection of the gateway's stack.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// forward listens on a loopback address and leads its connections to a guest.
func (n *Network) forward(local, guest string) error {
	address, err := netip.ParseAddrPort(local)
	if err != nil || !address.Addr().IsLoopback() {
		return fmt.Errorf("network: forward from %q: an address and port on loopback (127.0.0.0/8) is needed", local)
	}
	target, err := netip.ParseAddrPort(guest)
	if err != nil || !n.stations.subnet.Contains(target.Addr()) {
		return fmt.Errorf("network: forward to %q: an address and port inside %s is needed", guest, n.config.Subnet)
	}
	listener, err := net.Listen("tcp", local)
	if err != nil {
		return fmt.Errorf("network: forward to %s: %w", guest, err)
	}
	return n.serve(listener, func(conn net.Conn) { n.connect(conn.(*net.TCPConn), target) })
}

// connect leads one connection to a guest. When the guest is down, or does not answer in time, the
// caller's connection is reset, which no client takes for an answer.
func (n *Network) connect(caller *net.TCPConn, target netip.AddrPort) {
	mac, down := n.machineAt(target.Addr())
	if down {
		reset(caller)
		return
	}
	ctx, cancel := context.WithTimeout(n.ctx, dialTimeout)
	defer cancel()
	conn, err := n.gateway.DialContextTCP(ctx, target.String())
	if err != nil {
		reset(caller)
		return
	}
	done := make(chan struct{})
	defer close(done)
	go n.endWhenDown(mac, target.Addr(), done, caller, conn)
	splice(caller, conn.(halfCloser))
}

// machineAt is the MAC address of the machine that has an IP address by its lease or its frames ("" when no
// one knows), and whether that machine is surely not there.
func (n *Network) machineAt(ip netip.Addr) (mac string, down bool) {
	mac, known := n.leases[ip.String()]
	if !known {
		mac, known = n.stations.user(ip)
	}
	if !known {
		return "", false
	}
	st, seen := n.stations.get(mac)
	return mac, !seen || st.port == nil
}

// endWhenDown closes the two ends of a forwarded connection when the machine at ip is gone for good;
// its TCP cannot say so any more.
func (n *Network) endWhenDown(mac string, ip netip.Addr, done <-chan struct{}, caller *net.TCPConn, guest net.Conn) {
	if mac == "" {
		if mac, _ = n.stations.user(ip); mac == "" {
			return
		}
	}
	for {
		st, _ := n.stations.get(mac)
		wait := (<-chan time.Time)(nil)
		if st.port == nil {
			wait = time.After(moveGrace)
		}
		select {
		case <-done:
			return
		case <-st.moved:
		case <-wait:
			reset(caller)
			_ = guest.Close()
			return
		}
	}
}

// splice copies both ways until both ends have closed. A connection that the guest resets is reset for the caller.
func splice(caller *net.TCPConn, guest halfCloser) {
	finished := make(chan struct{})
	go func() {
		_, _ = io.Copy(guest, caller)
		_ = guest.CloseWrite()
		close(finished)
	}()
	if _, err := io.Copy(caller, guest); err != nil {
		reset(caller)
	} else {
		_ = caller.CloseWrite()
	}
	<-finished
	_ = caller.Close()
	_ = guest.Close()
}

// reset closes a connection so that its other end sees an error instead of an orderly end.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close()
}
