// SPDX-License-Identifier: GPL-3.0-or-later

package network

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// dhcp sends a DHCP message and returns the answer to it.
func (p *peer) dhcp(kind layers.DHCPMsgType) *layers.DHCPv4 {
	p.t.Helper()
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: net.IPv4zero, DstIP: net.IPv4bcast}
	udp := &layers.UDP{SrcPort: portBootpc, DstPort: portBootps}
	_ = udp.SetNetworkLayerForChecksum(ip)
	p.send(
		&layers.Ethernet{SrcMAC: p.mac, DstMAC: layers.EthernetBroadcast, EthernetType: layers.EthernetTypeIPv4}, ip, udp,
		&layers.DHCPv4{
			Operation: layers.DHCPOpRequest, HardwareType: layers.LinkTypeEthernet, HardwareLen: 6, Xid: 7, ClientHWAddr: p.mac,
			ClientIP: net.IPv4zero, YourClientIP: net.IPv4zero, NextServerIP: net.IPv4zero, RelayAgentIP: net.IPv4zero,
			Options: layers.DHCPOptions{layers.NewDHCPOption(layers.DHCPOptMessageType, []byte{byte(kind)})},
		},
	)
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		if packet := p.next(time.Until(deadline)); packet != nil {
			answer, ok := packet.Layer(layers.LayerTypeDHCPv4).(*layers.DHCPv4)
			if ok && bytes.Equal(answer.ClientHWAddr, p.mac) { // others' answers are broadcast as well
				return answer
			}
		}
	}
	p.t.Fatal("no answer to DHCP within 5 s")
	return nil
}

func TestDHCPGivesTheReservedAddress(t *testing.T) {
	_, path := lab(t, nil)
	web, other := plug(t, path, webMAC), plug(t, path, otherMAC)
	for _, kind := range []layers.DHCPMsgType{layers.DHCPMsgTypeDiscover, layers.DHCPMsgTypeRequest} {
		if answer := web.dhcp(kind); answer.YourClientIP.String() != webIP {
			t.Errorf("%v: offered %s, want %s", kind, answer.YourClientIP, webIP)
		}
	}
	if answer := other.dhcp(layers.DHCPMsgTypeDiscover); answer.YourClientIP.String() == webIP {
		t.Errorf("another machine got the reserved address %s", webIP)
	}
}

func TestAddressIsWhatTheMachineUses(t *testing.T) {
	n, path := lab(t, nil)
	web := plug(t, path, webMAC)
	if ip, ok := n.Address(webMAC); ok {
		t.Errorf("address %s before the machine sent anything", ip)
	}
	web.arp(webIP, "192.168.1.1")
	eventually(t, "address known", func() bool { ip, ok := n.Address(strings.ToUpper(webMAC)); return ok && ip == webIP })
	web.dhcp(layers.DHCPMsgTypeDiscover)
	if ip, ok := n.Address(webMAC); ok {
		t.Errorf("address %s while the machine asks for one", ip)
	}
	web.arp(webIP, "192.168.1.1")
	eventually(t, "address known again", func() bool { _, ok := n.Address(webMAC); return ok })
	_ = web.conn.Close()
	eventually(t, "no address after it left", func() bool { _, ok := n.Address(webMAC); return !ok })
}

func TestAnnouncedMachineMovesAtOnce(t *testing.T) {
	n, path := lab(t, nil)
	other := plug(t, path, otherMAC)
	source := plug(t, path, webMAC)
	meet(t, source, other)
	source.arp(webIP, "192.168.1.1")
	source.data(other.mac, "hello")
	other.wantData("hello")

	destination := plug(t, path, webMAC)
	destination.announce()
	eventually(t, "moved", func() bool { st, _ := n.stations.get(webMAC); return st.claimed })
	// A frame that the source had sent before, and that is read only now, must not take the machine back.
	source.data(other.mac, "late")
	other.data(destination.mac, "after the move")
	destination.wantData("after the move")

	_ = source.conn.Close()
	// The source's place is cleared in its own time; broadcasts show when that has been done.
	time.Sleep(50 * time.Millisecond)
	other.data(destination.mac, "after the source left")
	destination.wantData("after the source left")
	if ip, ok := n.Address(webMAC); !ok || ip != webIP {
		t.Errorf("address %q %v after the move, want %s", ip, ok, webIP)
	}
	// The late frame was dropped on its way, so it comes before nothing.
	destination.data(other.mac, "end")
	for {
		packet := other.next(5 * time.Second)
		if packet == nil {
			t.Fatal("no end")
		}
		switch text(packet) {
		case "late":
			t.Fatal("a frame from before the move was delivered after it")
		case "end":
			return
		}
	}
}

func TestMachineComesBackWhenItsNewPlaceFails(t *testing.T) {
	n, path := lab(t, nil)
	other, source := plug(t, path, otherMAC), plug(t, path, webMAC)
	meet(t, source, other)
	destination := plug(t, path, webMAC)
	destination.announce()
	eventually(t, "moved", func() bool { st, _ := n.stations.get(webMAC); return st.claimed })
	_ = destination.conn.Close()
	eventually(t, "left", func() bool { st, _ := n.stations.get(webMAC); return st.port == nil })
	source.data(other.mac, "still here")
	other.wantData("still here")
	other.data(source.mac, "welcome back")
	source.wantData("welcome back")
}

// A machine that waits for its incoming migration reads nothing at all.
func TestPeerThatDoesNotReadStallsNoOne(t *testing.T) {
	_, path := lab(t, nil)
	waiting := plug(t, path, otherMAC)
	waiting.data(layers.EthernetBroadcast, "I will not read")
	a, b := plug(t, path, webMAC), plug(t, path, "00:50:56:00:01:52")
	meet(t, a, b)
	filler := strings.Repeat("x", 1400)
	// Far more than the queue and the socket's buffers hold, for the waiting machine and as broadcasts.
	for i := range 3 * queueFrames {
		a.data(waiting.mac, filler)
		if i%2 == 0 {
			a.data(layers.EthernetBroadcast, fmt.Sprintf("broadcast %d", i))
			b.wantData(fmt.Sprintf("broadcast %d", i))
		}
	}
	a.data(b.mac, "done")
	b.wantData("done")
	if answer := b.dhcp(layers.DHCPMsgTypeDiscover); answer.YourClientIP == nil {
		t.Error("the gateway gives no lease while a peer does not read")
	}
}

func TestBadLengthEndsOnlyThatPeer(t *testing.T) {
	_, path := lab(t, nil)
	bad, a, b := plug(t, path, otherMAC), plug(t, path, webMAC), plug(t, path, "00:50:56:00:01:52")
	for _, length := range [][]byte{{0, 0, 0, 3}, {0xff, 0xff, 0xff, 0xff}} {
		if _, err := bad.conn.Write(append(length, 1, 2, 3)); err != nil {
			t.Fatal(err)
		}
		if _, err := bad.read(); err == nil {
			t.Errorf("length %v was taken", length)
		}
		bad = plug(t, path, otherMAC)
	}
	meet(t, a, b)
}

func TestTrafficIsCountedPerMachine(t *testing.T) {
	n, path := lab(t, nil)
	a, b := plug(t, path, webMAC), plug(t, path, otherMAC)
	meet(t, a, b)
	a.data(b.mac, strings.Repeat("x", 86))
	b.wantData(strings.Repeat("x", 86))
	if _, sent := n.Traffic(webMAC); sent != 100 {
		t.Errorf("sent %d bytes, want a frame of 100", sent)
	}
	if received, _ := n.Traffic(otherMAC); received != 100 {
		t.Errorf("received %d bytes, want a frame of 100", received)
	}
	if received, sent := n.Traffic("no address"); received != 0 || sent != 0 {
		t.Errorf("traffic %d %d of nothing", received, sent)
	}
}

func TestBadConfigIsRefusedPlainly(t *testing.T) {
	good := Config{Subnet: "192.168.1.0/24", Gateway: "192.168.1.1"}
	for name, change := range map[string]func(*Config){
		"not-a-subnet":    func(c *Config) { c.Subnet = "not-a-subnet" },
		"10.0.0.1":        func(c *Config) { c.Gateway = "10.0.0.1" },
		"10.0.0.2":        func(c *Config) { c.Leases = map[string]string{"10.0.0.2": webMAC} },
		"not-a-mac":       func(c *Config) { c.Leases = map[string]string{webIP: "not-a-mac"} },
		"192.0.2.1:80":    func(c *Config) { c.Forwards = map[string]string{"192.0.2.1:80": webIP + ":80"} },
		"192.168.2.50:80": func(c *Config) { c.Forwards = map[string]string{"127.0.0.1:0": "192.168.2.50:80"} },
	} {
		config := good
		change(&config)
		n, err := New(config)
		if err == nil {
			_ = n.Close()
		}
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v does not name it", name, err)
		}
	}
}

func TestListenTellsWhyItCannot(t *testing.T) {
	n, path := lab(t, nil)
	if err := n.Listen("/tmp/" + strings.Repeat("x", 120)); err == nil || !strings.Contains(err.Error(), "107") {
		t.Errorf("long path: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket mode %v %v, want 0600", info.Mode(), err)
	}
	if err := n.Listen(path); err != nil {
		t.Errorf("a socket that an earlier process left is not replaced: %v", err)
	}
}

func TestParseFrameReadsOnlyWhatIsThere(t *testing.T) {
	header := append(append(make([]byte, 6), 0, 0x50, 0x56, 0, 1, 0x50), 0x08, 0x06)
	short := parseFrame(append(header, 1, 2, 3))
	if short.senderIP.IsValid() {
		t.Errorf("a cut ARP packet gives the address %v", short.senderIP)
	}
	buffer := gopacket.NewSerializeBuffer()
	ip := &layers.IPv4{Version: 4, IHL: 5, SrcIP: net.ParseIP(webIP), DstIP: net.ParseIP("192.168.1.1")}
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true}, ip); err != nil {
		t.Fatal(err)
	}
	packet := append(append(header[:12:12], 0x08, 0x00), buffer.Bytes()...)
	if facts := parseFrame(packet); facts.senderIP != netip.MustParseAddr(webIP) || facts.announces || facts.asksDHCP {
		t.Errorf("IPv4 from %s read as %+v", webIP, facts)
	}
}
