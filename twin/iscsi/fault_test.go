// SPDX-License-Identifier: GPL-3.0-or-later

package iscsi

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"livelab.dev/twin/iscsi/pdu"
)

// serve answers one connection with a function, on a port of its own.
func serve(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			answer(conn)
		}
	}()
	return l.Addr().String()
}

// accept lets an initiator in and answers each of its SCSI commands with what reply makes of it.
func accept(reply func(command *pdu.Header) (pdu.Header, []byte)) func(net.Conn) {
	return func(conn net.Conn) {
		defer conn.Close()
		for {
			request, _, err := pdu.Read(conn, 1<<20)
			if err != nil {
				return
			}
			var h pdu.Header
			var data []byte
			if request.Opcode() == pdu.LoginRequest {
				h[0], h[1] = pdu.LoginResponse, request[1]
			} else {
				h, data = reply(request)
			}
			copy(h[16:20], request[16:20])
			if pdu.Write(conn, &h, data) != nil {
				return
			}
		}
	}
}

func dataIn(offset uint32, data []byte) (pdu.Header, []byte) {
	var h pdu.Header
	h[0], h[1] = pdu.DataIn, pdu.FlagFinal|pdu.FlagStatus
	h.SetUint32(40, offset)
	return h, data
}

// A target that does not keep to the rules gets an error, and this side neither panics nor hangs.
func TestBadTargets(t *testing.T) {
	for name, answer := range map[string]func(net.Conn){
		"hangs up":        func(c net.Conn) { _ = c.Close() },
		"no iSCSI":        func(c net.Conn) { _, _ = c.Write(make([]byte, 4096)); _ = c.Close() },
		"data from where": accept(func(*pdu.Header) (pdu.Header, []byte) { return dataIn(1<<31, make([]byte, 16)) }),
		"too much data":   accept(func(*pdu.Header) (pdu.Header, []byte) { return dataIn(0, make([]byte, 64<<10)) }),
		"empty answers":   accept(func(*pdu.Header) (pdu.Header, []byte) { return dataIn(0, nil) }),
		"asks for data nobody has": accept(func(*pdu.Header) (pdu.Header, []byte) {
			var h pdu.Header
			h[0] = pdu.R2T
			h.SetUint32(44, 512)
			return h, nil
		}),
		"a failure without sense": accept(func(*pdu.Header) (pdu.Header, []byte) {
			var h pdu.Header
			h[0], h[3] = pdu.SCSIResponse, statusCheck
			return h, []byte{0, 1}
		}),
	} {
		portal := serve(t, answer)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := Open(ctx, LUN{Portal: portal, IQN: "iqn.x"}, Auth{})
		if err == nil || ctx.Err() != nil {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

func TestSilence(t *testing.T) {
	portal := serve(t, func(net.Conn) {})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Discover(ctx, portal, Auth{}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a target that says nothing: %v", err)
	}
	if _, err := Discover(t.Context(), "127.0.0.1:1", Auth{}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestFindNAA(t *testing.T) {
	local := []byte{1, 3, 0, 8, 0x30, 0, 0, 1, 0, 0, 0, 1}
	registered := append([]byte{1, 3, 0, 16}, 0x65, 0x89, 0xcf, 0xc0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	port := append([]byte{1, 0x13, 0, 16}, registered[4:]...) // names the target port, not the LUN
	page := func(designators ...[]byte) []byte {
		b := []byte{0, 0x83, 0, 0}
		for _, d := range designators {
			b = append(b, d...)
		}
		return b
	}
	const best = "naa.6589cfc0000000010203040506070809"
	for want, data := range map[string][]byte{best: page(local, registered), "naa.3000000100000001": page(port, local), "": page(port, registered[:9])} {
		if got := findNAA(data); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
