// SPDX-License-Identifier: GPL-3.0-or-later

package portal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"livelab.dev/twin/iscsi/pdu"
	"livelab.dev/twin/survive"
)

// Sizes in bytes: of the buffers for each direction, and of the largest PDU that is looked into.
const (
	bufferSize = 256 << 10
	textLimit  = 256 << 10
)

// scsiReportLUNs is the operation code of REPORT LUNS.
const scsiReportLUNs = 0xa0

// conn is one initiator's connection and its counterpart to tgtd.
type conn struct {
	portal         *Portal
	client, server net.Conn
	visitor        Visitor // the initiator's name is set by the login goroutine only, before session
	session        atomic.Pointer[Session]

	pending atomic.Int32 // REPORT LUNS commands under way; spares the lock when there is none
	mu      sync.Mutex
	reports map[uint32]bool // their task tags
}

func newConn(p *Portal, client, server net.Conn) *conn {
	v := Visitor{Portal: p.Address}
	if a, err := netip.ParseAddrPort(client.RemoteAddr().String()); err == nil {
		v.Peer = a.Addr().Unmap()
	}
	if a, err := netip.ParseAddrPort(client.LocalAddr().String()); err == nil {
		v.Local = a
	}
	return &conn{portal: p, client: client, server: server, visitor: v, reports: map[uint32]bool{}}
}

func (c *conn) loggedIn() (Session, bool) {
	if s := c.session.Load(); s != nil {
		return *s, true
	}
	return Session{}, false
}

func (c *conn) close() {
	_ = c.client.Close()
	_ = c.server.Close()
}

// run passes PDUs both ways until one side ends; then it ends the other.
func (c *conn) run() error {
	results := make(chan error, 2)
	go c.oneWay(results, func() error { return c.pass(c.server, c.client, c.fromInitiator) })
	go c.oneWay(results, func() error { return c.pass(c.client, c.server, c.fromTarget) })
	first, _ := <-results, <-results // The second ends because the first did.
	if first == nil || errors.Is(first, io.EOF) || errors.Is(first, net.ErrClosed) || errors.Is(first, syscall.ECONNRESET) {
		return nil
	}
	return first
}

// oneWay does one direction and ends the connection with it, also where a PDU was too much for the one who looked at it.
func (c *conn) oneWay(results chan<- error, pass func() error) {
	err := error(nil)
	defer c.close()
	if failed := survive.Do(c.portal.logf, "iSCSI portal "+c.portal.Address, func() { err = pass() }); failed != nil {
		err = failed
	}
	results <- err
}

// edit looks at a PDU whose header has been read. It may change the header, and may read the body and return another;
// handled is false when the body is still to be copied as it is.
type edit func(h *pdu.Header, body io.Reader) (data []byte, handled bool, err error)

// pass copies PDUs from src to dst. Nothing is held back: what has been read is sent before waiting for more.
func (c *conn) pass(dst io.Writer, src io.Reader, look edit) error {
	r, w := bufio.NewReaderSize(src, bufferSize), bufio.NewWriterSize(dst, bufferSize)
	for {
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		var h pdu.Header
		if _, err := io.ReadFull(r, h[:]); err != nil {
			return err
		}
		data, handled, err := look(&h, r)
		if err != nil {
			return errors.Join(err, w.Flush())
		}
		if handled {
			err = pdu.Write(w, &h, data)
		} else if _, err = w.Write(h[:]); err == nil {
			_, err = io.CopyN(w, r, int64(h.BodyLen()))
		}
		if err != nil {
			return err
		}
	}
}

func (c *conn) fromInitiator(h *pdu.Header, body io.Reader) ([]byte, bool, error) {
	switch h.Opcode() {
	case pdu.LoginRequest:
		data, err := pdu.ReadBody(body, h, textLimit)
		if err == nil && c.session.Load() == nil {
			err = c.admit(h, pdu.ParseText(data))
		}
		return data, true, err
	case pdu.SCSICommand:
		if h[32] == scsiReportLUNs {
			// It goes to tgtd's controller at LUN 0, which is always there, whichever LUN it was sent to.
			c.mu.Lock()
			c.reports[h.Tag()] = true
			c.mu.Unlock()
			c.pending.Add(1)
			return nil, false, nil
		}
		shiftLUN(h, 1)
	case pdu.TaskRequest, pdu.DataOut:
		shiftLUN(h, 1)
	}
	return nil, false, nil
}

// admit checks a session's first login request.
func (c *conn) admit(h *pdu.Header, text []pdu.Pair) error {
	name, named := pdu.Value(text, "InitiatorName")
	if !named {
		return nil // tgtd knows what to say to that
	}
	c.visitor.Initiator = name
	target, _ := pdu.Value(text, "TargetName")
	kind, _ := pdu.Value(text, "SessionType")
	if kind == "Discovery" {
		target = ""
	} else if !c.portal.policy.Admit(c.visitor, target) {
		return errors.Join(fmt.Errorf("%s may not log in to %q", name, target), c.refuse(h))
	}
	c.session.Store(&Session{Visitor: c.visitor, Target: target, Since: time.Now()})
	return nil
}

// refuse answers a login as a target does that the initiator must not know of: class 2 (initiator error), detail 3 (not
// found). Nothing else is sent to the initiator at that time, as the other direction waits for tgtd.
func (c *conn) refuse(request *pdu.Header) error {
	var h pdu.Header
	h[0] = pdu.LoginResponse
	copy(h[8:20], request[8:20]) // ISID, TSIH and task tag
	h.SetUint32(28, request.Uint32(24))
	h.SetUint32(32, request.Uint32(24))
	h[36], h[37] = 2, 3
	return pdu.Write(c.client, &h, nil)
}

func (c *conn) fromTarget(h *pdu.Header, body io.Reader) ([]byte, bool, error) {
	switch h.Opcode() {
	case pdu.TextResponse:
		data, err := pdu.ReadBody(body, h, textLimit)
		if _, ok := pdu.Value(pdu.ParseText(data), "TargetName"); err == nil && ok {
			data = pdu.EncodeText(c.targets())
			h[1] = pdu.FlagFinal
		}
		return data, true, err
	case pdu.DataIn, pdu.SCSIResponse:
		if h.Opcode() == pdu.DataIn {
			shiftLUN(h, -1)
		}
		if c.pending.Load() > 0 && c.isReport(h) {
			data, err := pdu.ReadBody(body, h, textLimit)
			return hideController(h, data), true, err
		}
	case pdu.R2T, pdu.AsyncMessage:
		shiftLUN(h, -1)
	}
	return nil, false, nil
}

// targets are those that the visitor may know of. In a normal session SendTargets tells of its own target alone.
func (c *conn) targets() []pdu.Pair {
	s, ok := c.loggedIn()
	if !ok {
		return nil
	}
	all := c.portal.policy.Targets(s.Visitor)
	if s.Target == "" {
		return all
	}
	var own []pdu.Pair
	mine := false
	for _, p := range all {
		if p.Key == "TargetName" {
			mine = p.Value == s.Target
		}
		if mine {
			own = append(own, p)
		}
	}
	return own
}

// isReport says whether a PDU belongs to a REPORT LUNS command, and forgets the command with its status.
func (c *conn) isReport(h *pdu.Header) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reports[h.Tag()] {
		return false
	}
	if h.Opcode() == pdu.SCSIResponse || h[1]&pdu.FlagStatus != 0 {
		delete(c.reports, h.Tag())
		c.pending.Add(-1)
	}
	return true
}

// shiftLUN moves a header's LUN by one. A target's PDU with LUN 0 has an unused field and is left as it is.
func shiftLUN(h *pdu.Header, by int) {
	if n, ok := h.LUN(); ok && n+by >= 0 {
		h.SetLUN(n + by)
	}
}
