// SPDX-License-Identifier: GPL-3.0-or-later

package tgt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Control speaks tgtd's management protocol on its Unix socket, as tgtadm does. It is used in place of tgtadm because
// tgtadm takes CHAP secrets only on its command line, where every user of the machine can read them.
type Control struct {
	Socket string
	// Source is the only address from which initiators may come: the portal's. What reaches tgtd's port from elsewhere
	// on this machine would go round the portal's checks.
	Source string
}

// Modes and operations of the management protocol (tgt's usr/tgtadm.h).
const (
	modeSystem  = 0
	modeTarget  = 1
	modeDevice  = 2
	modeAccount = 7

	opNew    = 0
	opDelete = 1
	opShow   = 2
	opBind   = 3
	opUnbind = 4
	opUpdate = 5

	incoming = 0
	outgoing = 1
)

// request is struct tgtadm_req, in the machine's byte order and alignment.
type request struct {
	Mode, Op        uint32
	Driver          [64]byte
	Len             uint32
	TID             int32
	SID, LUN        uint64
	CID, HostNumber uint32
	DeviceType      uint32
	Direction       uint32
	Pack, Force     uint32
}

// controlTimeout bounds one management exchange; tgtd answers within milliseconds unless it hangs.
const controlTimeout = 10 * time.Second

// Refusal is tgtd's error number for a management request.
type Refusal uint32

// The refusals that callers act on.
const (
	ErrTargetActive Refusal = 19
	ErrLUNActive    Refusal = 20
)

var refusals = []string{"", "unknown error", "out of memory", "no such driver", "no such target", "no such LUN", "no such session",
	"no such connection", "no such binding", "target exists already", "LUN exists already", "binding exists already",
	"access entry exists already", "no such access entry", "account exists already", "no such account", "too many accounts",
	"invalid request", "target has an outgoing account already", "target is in use", "LUN is in use", "driver is in use",
	"operation not supported", "unknown parameter", "removal is prevented"}

func (r Refusal) Error() string {
	if int(r) < len(refusals) {
		return "tgtd: " + refusals[r]
	}
	return fmt.Sprintf("tgtd: error %d", uint32(r))
}

// call sends one request with its parameters.
func (c Control) call(req request, params string) error {
	conn, err := net.DialTimeout("unix", c.Socket, controlTimeout)
	if err != nil {
		return fmt.Errorf("tgtd's management socket: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(controlTimeout)); err != nil {
		return err
	}
	copy(req.Driver[:], "iscsi")
	req.Len = uint32(binary.Size(req))
	if params != "" {
		params += "\x00"
		req.Len += uint32(len(params))
	}
	var buf bytes.Buffer
	if err := binary.Write(&buf, binary.NativeEndian, req); err != nil {
		return err
	}
	buf.WriteString(params)
	if _, err := conn.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("tgtd's management socket: %w", err)
	}
	var head struct{ Err, Len uint32 }
	if err := binary.Read(conn, binary.NativeEndian, &head); err != nil {
		return fmt.Errorf("tgtd's answer: %w", err)
	}
	if head.Err != 0 {
		return Refusal(head.Err)
	}
	// Its text is read to the end, or tgtd would find nobody there to write to.
	_, err = io.CopyN(io.Discard, conn, int64(max(int(head.Len)-8, 0)))
	return err
}

// Ping asks tgtd whether it is there.
func (c Control) Ping() error {
	return c.call(request{Mode: modeSystem, Op: opShow, TID: -1}, "")
}

func (c Control) newTarget(tid int, name string) error {
	return c.call(request{Mode: modeTarget, Op: opNew, TID: int32(tid)}, "targetname="+name)
}

func (c Control) deleteTarget(tid int) error {
	req := request{Mode: modeTarget, Op: opDelete, TID: int32(tid)}
	return whileActive(func() error { return c.call(req, "") })
}

// access lets the portal in to a target (opBind) or shuts it out (opUnbind).
func (c Control) access(tid int, op uint32) error {
	return c.call(request{Mode: modeTarget, Op: op, TID: int32(tid)}, "initiator-address="+c.Source)
}

// newLUN creates a disk. An empty parameter is left to tgtd's default.
func (c Control) newLUN(tid, number int, l LUN) error {
	create := fmt.Sprintf("path=%s,bstype=rdwr,blocksize=%d", l.Path, l.BlockSize)
	if err := c.call(request{Mode: modeDevice, Op: opNew, TID: int32(tid), LUN: uint64(number)}, create); err != nil {
		return fmt.Errorf("LUN %d on %s: %w", number, l.Path, err)
	}
	update := request{Mode: modeDevice, Op: opUpdate, TID: int32(tid), LUN: uint64(number)}
	if err := c.call(update, l.params()); err != nil {
		return fmt.Errorf("parameters of LUN %d: %w", number, errors.Join(err, c.deleteLUN(tid, number)))
	}
	return nil
}

func (c Control) deleteLUN(tid, number int) error {
	req := request{Mode: modeDevice, Op: opDelete, TID: int32(tid), LUN: uint64(number)}
	return whileActive(func() error { return c.call(req, "") })
}

func (c Control) newAccount(a Account) error {
	return c.call(request{Mode: modeAccount, Op: opNew}, "user="+a.User+",password="+a.Secret)
}

func (c Control) deleteAccount(user string) error {
	return c.call(request{Mode: modeAccount, Op: opDelete}, "user="+user)
}

func (c Control) account(tid int, user string, direction, op uint32) error {
	return c.call(request{Mode: modeAccount, Op: op, TID: int32(tid), Direction: direction}, "user="+user)
}

// whileActive tries again for a while when tgtd says that the thing is in use: a command in flight, or a connection
// whose end tgtd has not seen yet, holds it for a moment.
func whileActive(do func() error) error {
	deadline := time.Now().Add(5 * time.Second)
	for {
		err := do()
		var refusal Refusal
		busy := errors.As(err, &refusal) && (refusal == ErrTargetActive || refusal == ErrLUNActive)
		if !busy || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
