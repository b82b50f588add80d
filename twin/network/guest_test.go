// SPDX-License-Identifier: GPL-3.0-or-later

package network

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

const (
	webMAC   = "00:50:56:00:01:50"
	otherMAC = "00:50:56:00:01:51"
	webIP    = "192.168.1.50"
)

// lab is a network with a lease for the web server, and the path of its socket.
func lab(t *testing.T, forwards map[string]string) (*Network, string) {
	t.Helper()
	n, err := New(Config{
		Subnet: "192.168.1.0/24", Gateway: "192.168.1.1",
		Leases: map[string]string{webIP: webMAC}, Forwards: forwards, Logf: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	dir, err := os.MkdirTemp("", "net")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "lan.sock")
	if err := n.Listen(path); err != nil {
		t.Fatal(err)
	}
	return n, path
}

// peer is QEMU's end of a -netdev stream.
type peer struct {
	t    *testing.T
	conn net.Conn
	mac  net.HardwareAddr
}

func plug(t *testing.T, path, mac string) *peer {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	hardware, err := net.ParseMAC(mac)
	if err != nil {
		t.Fatal(err)
	}
	return &peer{t: t, conn: conn, mac: hardware}
}

// send serializes layers into one frame.
func (p *peer) send(parts ...gopacket.SerializableLayer) {
	p.t.Helper()
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, parts...); err != nil {
		p.t.Fatal(err)
	}
	if err := p.write(buffer.Bytes()); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) write(frame []byte) error {
	_, err := p.conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
	return err
}

// next is the next frame for this peer, nil when none comes within the time.
func (p *peer) next(within time.Duration) gopacket.Packet {
	_ = p.conn.SetReadDeadline(time.Now().Add(within))
	frame, err := p.read()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	if err != nil {
		p.t.Fatalf("peer %s: %v", p.mac, err)
	}
	return gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
}

// text is what data put into a frame; the link layer pads short frames with zeros.
func text(packet gopacket.Packet) string {
	return strings.TrimRight(string(packet.LinkLayer().LayerPayload()), "\x00")
}

func (p *peer) read() ([]byte, error) {
	var length [lengthSize]byte
	if _, err := io.ReadFull(p.conn, length[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err := io.ReadFull(p.conn, frame)
	return frame, err
}

// announce sends the RARP that QEMU sends when a machine arrives.
func (p *peer) announce() {
	p.t.Helper()
	p.send(
		&layers.Ethernet{SrcMAC: p.mac, DstMAC: layers.EthernetBroadcast, EthernetType: typeRARP},
		&layers.ARP{
			AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4,
			Operation: 3, SourceHwAddress: p.mac, SourceProtAddress: net.IPv4zero.To4(),
			DstHwAddress: p.mac, DstProtAddress: net.IPv4zero.To4(),
		},
	)
}

// arp asks who has an address.
func (p *peer) arp(own, asked string) {
	p.t.Helper()
	p.send(
		&layers.Ethernet{SrcMAC: p.mac, DstMAC: layers.EthernetBroadcast, EthernetType: layers.EthernetTypeARP},
		&layers.ARP{
			AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4,
			Operation: layers.ARPRequest, SourceHwAddress: p.mac, SourceProtAddress: net.ParseIP(own).To4(),
			DstHwAddress: make([]byte, 6), DstProtAddress: net.ParseIP(asked).To4(),
		},
	)
}

// data sends a frame of an experimental type with some text.
func (p *peer) data(to net.HardwareAddr, content string) {
	p.t.Helper()
	p.send(&layers.Ethernet{SrcMAC: p.mac, DstMAC: to, EthernetType: 0x88b5}, gopacket.Payload(content))
}

// wantData waits for a frame of data with this text; other frames on the way there are left out.
func (p *peer) wantData(wanted string) {
	p.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		packet := p.next(time.Until(deadline))
		if packet != nil && text(packet) == wanted {
			return
		}
	}
	p.t.Fatalf("peer %s: no frame %q within 5 s", p.mac, wanted)
}

// meet returns when a hears what b broadcasts: both are connected then, and the switch knows where b is.
func meet(t *testing.T, a, b *peer) {
	t.Helper()
	eventually(t, "peers hear each other", func() bool {
		b.data(layers.EthernetBroadcast, "hello")
		packet := a.next(20 * time.Millisecond)
		return packet != nil && text(packet) == "hello"
	})
}

// eventually fails the test when what does not become true within 5 s.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if check() {
			return
		}
	}
	t.Fatalf("not within 5 s: %s", what)
}
