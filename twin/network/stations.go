// SPDX-License-Identifier: GPL-3.0-or-later

package network

import (
	"net"
	"net/netip"
	"sync"
)

type hardwareAddr [6]byte

// station is what is known of a machine's network adapter.
type station struct {
	port     *port // where it is; nil when it is not connected
	claimed  bool  // it announced itself at port: no other port may have it without announcing
	ip       netip.Addr
	received uint64 // bytes
	sent     uint64 // bytes
	moved    chan struct{}
}

// stations knows every adapter that was ever seen, by MAC address.
type stations struct {
	subnet netip.Prefix
	mu     sync.Mutex
	byMAC  map[hardwareAddr]*station
}

func newStations(subnet netip.Prefix) *stations {
	return &stations{subnet: subnet, byMAC: map[hardwareAddr]*station{}}
}

// sent notes a frame that came in at a port, and says whether it counts. It does not when its sender
// has announced itself at another port: the frame is from before its move and only arrives late.
func (s *stations) sent(at *port, frame []byte) bool {
	f := parseFrame(frame)
	if f.source[0]&1 == 1 {
		return true // a group address is no one's own
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.of(f.source)
	if st.port != at {
		if st.claimed && !f.announces {
			return false
		}
		st.moveTo(at)
	}
	st.claimed = st.claimed || f.announces
	st.sent += uint64(len(frame))
	switch {
	case f.asksDHCP:
		st.ip = netip.Addr{}
	case f.senderIP.IsValid() && s.subnet.Contains(f.senderIP):
		st.ip = f.senderIP
	}
	return true
}

// received notes a frame on its way to a machine.
func (s *stations) received(frame []byte) {
	target := hardwareAddr(frame[0:6])
	if target[0]&1 == 1 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(target).received += uint64(len(frame))
}

// leave forgets where the machines of a port were, unless they have moved to another.
func (s *stations) leave(from *port) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.byMAC {
		if st.port == from {
			st.moveTo(nil)
			st.ip = netip.Addr{}
		}
	}
}

// of is the station of a MAC address, made when it is new. The caller holds the lock.
func (s *stations) of(mac hardwareAddr) *station {
	st, ok := s.byMAC[mac]
	if !ok {
		st = &station{moved: make(chan struct{})}
		s.byMAC[mac] = st
	}
	return st
}

// moveTo sets the port and wakes those who wait for a move.
func (st *station) moveTo(to *port) {
	st.port, st.claimed = to, false
	close(st.moved)
	st.moved = make(chan struct{})
}

// get is a copy of what is known of a MAC address.
func (s *stations) get(mac string) (station, bool) {
	hardware, err := net.ParseMAC(mac)
	if err != nil || len(hardware) != 6 {
		return station{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, ok := s.byMAC[hardwareAddr(hardware)]
	if !ok {
		return station{}, false
	}
	return *st, true
}

// user is the MAC address that uses an IP address now.
func (s *stations) user(ip netip.Addr) (mac string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for address, st := range s.byMAC {
		if st.ip == ip && st.port != nil {
			return net.HardwareAddr(address[:]).String(), true
		}
	}
	return "", false
}
