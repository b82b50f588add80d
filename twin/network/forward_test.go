// SPDX-License-Identifier: GPL-3.0-or-later

package network

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// guest is a machine with a TCP stack, whose cable can be put into another peer: that is what a move looks like.
type guest struct {
	t     *testing.T
	stack *stack.Stack
	cable *channel.Endpoint
	mu    sync.Mutex
	at    *peer
}

func newGuest(t *testing.T, mac, ip string) *guest {
	t.Helper()
	hardware, err := net.ParseMAC(mac)
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{t: t, cable: channel.New(1024, mtu, tcpip.LinkAddress(hardware))}
	g.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
	})
	if err := g.stack.CreateNIC(1, ethernet.New(g.cable)); err != nil {
		t.Fatal(err)
	}
	address := tcpip.ProtocolAddress{
		Protocol:          ipv4.ProtocolNumber,
		AddressWithPrefix: tcpip.AddressWithPrefix{Address: tcpip.AddrFrom4(netip.MustParseAddr(ip).As4()), PrefixLen: 24},
	}
	if err := g.stack.AddProtocolAddress(1, address, stack.AddressProperties{}); err != nil {
		t.Fatal(err)
	}
	g.stack.SetRouteTable([]tcpip.Route{{Destination: address.AddressWithPrefix.Subnet(), NIC: 1}})
	ctx, cancel := context.WithCancel(context.Background())
	go g.send(ctx)
	t.Cleanup(func() {
		cancel()
		g.stack.Destroy()
	})
	return g
}

// send puts the guest's frames onto the cable; what it sends while it is nowhere is lost.
func (g *guest) send(ctx context.Context) {
	for {
		packet := g.cable.ReadContext(ctx)
		if packet == nil {
			return
		}
		frame := packet.ToView().AsSlice()
		packet.DecRef()
		g.mu.Lock()
		if g.at != nil {
			_ = g.at.write(frame)
		}
		g.mu.Unlock()
	}
}

// plugInto connects the guest to a peer; nil takes it off the network, though the peer stays.
func (g *guest) plugInto(p *peer) {
	g.mu.Lock()
	g.at = p
	g.mu.Unlock()
	if p != nil {
		go g.receive(p)
	}
}

// arrive connects the guest to a peer, which announces it, and returns when the network knows.
func (g *guest) arrive(n *Network, p *peer) {
	g.t.Helper()
	before, _ := n.stations.get(p.mac.String())
	g.plugInto(p)
	p.announce()
	eventually(g.t, "the network knows where the guest is", func() bool {
		st, ok := n.stations.get(p.mac.String())
		return ok && st.claimed && st.port != before.port
	})
}

func (g *guest) receive(p *peer) {
	for {
		frame, err := p.read()
		if err != nil {
			return
		}
		g.mu.Lock()
		here := g.at == p
		g.mu.Unlock()
		if here {
			packet := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
			g.cable.InjectInbound(0, packet)
			packet.DecRef()
		}
	}
}

// serve runs handle for each connection to a port of the guest.
func (g *guest) serve(port uint16, handle func(net.Conn)) {
	g.t.Helper()
	listener, err := gonet.ListenTCP(g.stack, tcpip.FullAddress{NIC: 1, Port: port}, ipv4.ProtocolNumber)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go handle(conn)
		}
	}()
}

func echo(conn net.Conn) {
	_, _ = io.Copy(conn, conn)
	_ = conn.Close()
}

// freeAddress is a loopback address that no one listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func call(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	return conn
}

// wantReset fails unless a call to the address is reset; the time that takes is returned.
func wantReset(t *testing.T, address string) time.Duration {
	t.Helper()
	start := time.Now()
	conn, err := net.Dial("tcp", address) // may see the reset itself
	if err == nil {
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
		_, err = conn.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ended with %v, want a reset", err)
	}
	return time.Since(start)
}

func TestForwardReachesTheGuestAndCarriesHalfCloses(t *testing.T) {
	local := freeAddress(t)
	n, path := lab(t, map[string]string{local: webIP + ":80"})
	web := newGuest(t, webMAC, webIP)
	web.serve(80, echo)
	p := plug(t, path, webMAC)
	web.arrive(n, p)
	conn := call(t, local)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	go func() {
		_, _ = conn.Write(sent)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(conn)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d of %d bytes came back, %v", len(got), len(sent), err)
	}
}

func TestForwardToAClosedPortIsReset(t *testing.T) {
	local := freeAddress(t)
	n, path := lab(t, map[string]string{local: webIP + ":81"})
	web := newGuest(t, webMAC, webIP)
	p := plug(t, path, webMAC)
	web.arrive(n, p)
	wantReset(t, local)
}

func TestForwardToAMachineThatIsDownIsResetAtOnce(t *testing.T) {
	local, other := freeAddress(t), freeAddress(t)
	n, path := lab(t, map[string]string{local: webIP + ":80", other: "192.168.1.77:80"})
	if took := wantReset(t, local); took > dialTimeout/2 {
		t.Errorf("it took %s though no machine is there", took)
	}
	p := plug(t, path, webMAC)
	p.arp(webIP, "192.168.1.1")
	eventually(t, "the machine is there", func() bool { _, ok := n.Address(webMAC); return ok })
	// It is there, but its system does not answer.
	if took := wantReset(t, local); took > 2*dialTimeout {
		t.Errorf("it took %s until the caller knew that the guest does not answer", took)
	}
	// Of this address no one knows anything.
	if took := wantReset(t, other); took > 2*dialTimeout {
		t.Errorf("it took %s until the caller knew that there is no such guest", took)
	}
	_ = p.conn.Close()
	eventually(t, "the machine has left", func() bool { _, ok := n.Address(webMAC); return !ok })
	if took := wantReset(t, local); took > dialTimeout/2 {
		t.Errorf("it took %s though the machine has left", took)
	}
}

func TestConnectionsEndWithTheMachine(t *testing.T) {
	local := freeAddress(t)
	n, path := lab(t, map[string]string{local: webIP + ":80"})
	web := newGuest(t, webMAC, webIP)
	web.serve(80, echo)
	p := plug(t, path, webMAC)
	web.arrive(n, p)
	conn := call(t, local)
	exchange(t, conn, "before")
	_ = p.conn.Close()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ended with %v, want a reset", err)
	}
}

func exchange(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != text {
		t.Fatalf("%q came back as %q, %v", text, got, err)
	}
}

func TestConnectionsSurviveTheMove(t *testing.T) {
	local := freeAddress(t)
	n, path := lab(t, map[string]string{local: webIP + ":80"})
	web := newGuest(t, webMAC, webIP)
	web.serve(80, echo)
	source := plug(t, path, webMAC)
	web.arrive(n, source)
	conn := call(t, local)
	exchange(t, conn, "at the source")

	destination := plug(t, path, webMAC) // connected, and silent until it has arrived
	exchange(t, conn, "while the destination waits")
	web.plugInto(nil)
	if _, err := conn.Write([]byte("into the gap")); err != nil {
		t.Fatal(err)
	}
	web.arrive(n, destination)
	got := make([]byte, len("into the gap"))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "into the gap" {
		t.Fatalf("%q, %v: what was sent during the move has to arrive", got, err)
	}
	_ = source.conn.Close()
	time.Sleep(moveGrace + 500*time.Millisecond)
	exchange(t, conn, "at the destination, long after the source has left")
}

func TestCloseEndsForwardsAndPeers(t *testing.T) {
	local := freeAddress(t)
	n, path := lab(t, map[string]string{local: webIP + ":80"})
	p := plug(t, path, webMAC)
	p.announce()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.read(); err == nil {
		t.Error("a peer is still connected")
	}
	if conn, err := net.Dial("tcp", local); err == nil {
		_ = conn.Close()
		t.Error("the forward still listens")
	}
	if err := n.Listen(path); err == nil {
		t.Error("a closed network listens")
	}
}
