// SPDX-License-Identifier: GPL-3.0-or-later

// Package network is the guests' local network: an Ethernet switch, a gateway
// with DHCP, DNS and address translation, and forwards from loopback addresses
// of this machine to guests. It needs no privileges: frames come from QEMU over
// unix sockets (-netdev stream), and the gateway is gvisor-tap-vsock's.
//
// Two things are added to what gvisor-tap-vsock does, both for live migration.
// Every peer has a bounded queue of its own, because a machine that waits for
// its incoming migration takes no frames and must not hold up the others. And
// a machine that announces itself (RARP) has its address at its new port from
// then on, whatever the old port still delivers late.
package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/containers/gvisor-tap-vsock/pkg/types"
	"github.com/containers/gvisor-tap-vsock/pkg/virtualnetwork"
	"github.com/sirupsen/logrus"

	"livelab.dev/twin/survive"
)

const (
	// gatewayMAC is locally administered, so that it is no vendor's.
	gatewayMAC = "5a:94:ef:e4:0c:ee"
	mtu        = 1500
	// maxSocketPath is what sockaddr_un holds on Linux, without its final NUL.
	maxSocketPath = 107
)

// Config says what the network looks like. All of it is fixed once New has returned.
type Config struct {
	// Subnet in CIDR notation, for instance "192.168.1.0/24".
	Subnet string
	// Gateway is the address of the gateway, DHCP and DNS server, inside Subnet.
	Gateway string
	// Leases are addresses kept for known machines: IP address to MAC address.
	Leases map[string]string
	// Forwards lead from "host:port" on a loopback address of this machine to "guest:port".
	Forwards map[string]string
	// NAT translates destinations of guests: an address they may call to an address of this machine.
	NAT map[string]string
	// Logf takes log lines; nil discards them.
	Logf func(format string, args ...any)
}

// Network is a running network. It is safe for concurrent use.
type Network struct {
	config   Config
	gateway  *virtualnetwork.VirtualNetwork
	stations *stations
	leases   map[string]string // IP address to MAC address, canonical

	ctx     context.Context
	cancel  context.CancelFunc
	tasks   sync.WaitGroup
	mu      sync.Mutex
	closers map[interface{ Close() error }]struct{}
	closed  bool
}

// New starts a network and its forwards. Forwards that cannot be listened on,
// or that are not on a loopback address, are errors.
func New(config Config) (*Network, error) {
	if config.Logf == nil {
		config.Logf = func(string, ...any) {}
	}
	leases, err := checkConfig(config)
	if err != nil {
		return nil, err
	}
	// gvisor-tap-vsock logs to logrus's one global logger; what it says belongs to our log.
	logrus.SetFormatter(&logrus.TextFormatter{DisableTimestamp: true, DisableColors: true})
	logrus.SetOutput(logWriter(config.Logf))
	gateway, err := virtualnetwork.New(&types.Configuration{
		MTU:               mtu,
		Subnet:            config.Subnet,
		GatewayIP:         config.Gateway,
		GatewayMacAddress: gatewayMAC,
		DHCPStaticLeases:  leases,
		NAT:               config.NAT,
		GatewayVirtualIPs: keys(config.NAT),
	})
	if err != nil {
		return nil, fmt.Errorf("network %s: %w", config.Subnet, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := &Network{
		config: config, gateway: gateway, leases: leases,
		stations: newStations(netip.MustParsePrefix(config.Subnet)),
		ctx:      ctx, cancel: cancel,
		closers: map[interface{ Close() error }]struct{}{},
	}
	for local, guest := range config.Forwards {
		if err := n.forward(local, guest); err != nil {
			_ = n.Close()
			return nil, err
		}
	}
	return n, nil
}

// checkConfig validates addresses, and returns the leases with canonical MAC addresses.
func checkConfig(config Config) (map[string]string, error) {
	prefix, err := netip.ParsePrefix(config.Subnet)
	if err != nil || !prefix.Addr().Is4() {
		return nil, fmt.Errorf("network: subnet %q is not an IPv4 network in CIDR notation", config.Subnet)
	}
	if gateway, err := netip.ParseAddr(config.Gateway); err != nil || !prefix.Contains(gateway) {
		return nil, fmt.Errorf("network: gateway %q is not an address inside %s", config.Gateway, prefix)
	}
	leases := map[string]string{}
	for ip, mac := range config.Leases {
		address, err := netip.ParseAddr(ip)
		if err != nil || !prefix.Contains(address) {
			return nil, fmt.Errorf("network: lease %q is not an address inside %s", ip, prefix)
		}
		hardware, err := net.ParseMAC(mac)
		if err != nil || len(hardware) != 6 {
			return nil, fmt.Errorf("network: lease %s: %q is not a MAC address", ip, mac)
		}
		leases[address.String()] = hardware.String()
	}
	return leases, nil
}

// Listen serves QEMU peers on a unix socket that only this user may open. Any number of peers may
// connect (QEMU: -netdev stream,server=off,addr.type=unix,addr.path=PATH), and Listen may
// be called for several paths: they all lead to the same network. A socket left by an earlier process is replaced.
func (n *Network) Listen(path string) error {
	if len(path) > maxSocketPath {
		return fmt.Errorf("network: socket path %s has %d bytes, a unix socket takes at most %d", path, len(path), maxSocketPath)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("network: replace socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = listener.Close()
		return fmt.Errorf("network: %w", err)
	}
	return n.serve(listener, n.attach)
}

// attach plugs a peer into the switch until it goes away.
func (n *Network) attach(conn net.Conn) {
	port := newPort(conn, n.stations, n.config.Logf)
	err := n.gateway.AcceptQemu(n.ctx, port)
	if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, syscall.ECONNRESET) {
		n.config.Logf("network: a peer is cut off: %v", err)
	}
	_ = port.Close()
	n.stations.leave(port)
}

// serve runs handle for every connection that a listener accepts, until Close.
func (n *Network) serve(listener net.Listener, handle func(net.Conn)) error {
	if !n.track(listener) {
		return fmt.Errorf("network: %s: the network is closed", listener.Addr())
	}
	n.tasks.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			n.tasks.Go(func() {
				if n.track(conn) {
					defer n.untrack(conn)
					_ = survive.Do(n.config.Logf, "network: a connection to "+listener.Addr().String(), func() { handle(conn) })
				}
			})
		}
	})
	return nil
}

// track remembers what Close has to close; when the network is closed already, it closes it and says false.
func (n *Network) track(c interface{ Close() error }) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		_ = c.Close()
		return false
	}
	n.closers[c] = struct{}{}
	return true
}

func (n *Network) untrack(c interface{ Close() error }) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.closers, c)
}

// Close ends listeners, peers and forwarded connections, and waits for them. (The gateway's own few
// goroutines stay until the process ends: gvisor-tap-vsock has no way to stop them.)
func (n *Network) Close() error {
	n.mu.Lock()
	n.closed = true
	for c := range n.closers {
		_ = c.Close()
	}
	n.mu.Unlock()
	n.cancel()
	n.tasks.Wait()
	return nil
}

// Address is the IPv4 address that the machine with this MAC address uses, as its own frames show it.
// There is none while the machine is not connected, or asks DHCP for one.
func (n *Network) Address(mac string) (ip string, ok bool) {
	station, ok := n.stations.get(mac)
	if !ok || !station.ip.IsValid() || station.port == nil {
		return "", false
	}
	return station.ip.String(), true
}

// Traffic counts the bytes of the Ethernet frames that the machine with this MAC address has
// received and sent since the network began, over all its moves. Broadcasts count only for their sender.
func (n *Network) Traffic(mac string) (received, sent uint64) {
	station, _ := n.stations.get(mac)
	return station.received, station.sent
}

func keys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

// logWriter hands lines to a log function, but for the switch's error at every peer's end: attach knows better.
type logWriter func(format string, args ...any)

func (w logWriter) Write(p []byte) (int, error) {
	if line := strings.TrimSpace(string(p)); !strings.Contains(line, "cannot receive packets from") {
		w("network: gateway: %s", line)
	}
	return len(p), nil
}
