// SPDX-License-Identifier: GPL-3.0-or-later

package network

import (
	"encoding/binary"
	"net/netip"
)

const (
	typeIPv4 = 0x0800
	typeARP  = 0x0806
	typeRARP = 0x8035

	arpSize      = 28
	ipv4Size     = 20
	protocolUDP  = 17
	portBootpc   = 68
	portBootps   = 67
	offsetSender = 14 // sender's protocol address in an ARP packet for IPv4 over Ethernet
)

// frameFacts are the few things of a frame that tell where a machine is and which address it uses.
type frameFacts struct {
	source    hardwareAddr
	announces bool       // RARP, as QEMU and ESXi send it to say where a machine is now
	asksDHCP  bool       // a DHCP client without an address yet
	senderIP  netip.Addr // of ARP or IPv4; not valid when there is none
}

// parseFrame reads a frame of at least an Ethernet header.
func parseFrame(frame []byte) frameFacts {
	facts := frameFacts{source: hardwareAddr(frame[6:12])}
	body := frame[minFrame:]
	switch binary.BigEndian.Uint16(frame[12:14]) {
	case typeRARP:
		facts.announces = true
	case typeARP:
		if len(body) >= arpSize {
			facts.senderIP = netip.AddrFrom4([4]byte(body[offsetSender : offsetSender+4]))
		}
	case typeIPv4:
		if len(body) < ipv4Size {
			break
		}
		facts.senderIP = netip.AddrFrom4([4]byte(body[12:16]))
		facts.asksDHCP = facts.senderIP.IsUnspecified() && isDHCPRequest(body)
	}
	return facts
}

// isDHCPRequest tells whether an IPv4 packet goes from the DHCP client's to the DHCP server's port.
func isDHCPRequest(packet []byte) bool {
	header := int(packet[0]&0x0f) * 4
	if packet[9] != protocolUDP || len(packet) < header+4 {
		return false
	}
	return binary.BigEndian.Uint16(packet[header:]) == portBootpc && binary.BigEndian.Uint16(packet[header+2:]) == portBootps
}
