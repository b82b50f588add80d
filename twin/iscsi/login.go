// SPDX-License-Identifier: GPL-3.0-or-later

package iscsi

import (
	"context"
	"crypto/md5" //nolint:gosec // As said where it is used.
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"livelab.dev/twin/iscsi/pdu"
)

// ioTimeout bounds the wait for one PDU where the context sets no earlier end.
const ioTimeout = 60 * time.Second

// Sizes in bytes: of the data segments that this side takes, of one burst, and of a PDU that is refused.
const (
	maxSegment = 256 << 10
	maxBurst   = 1 << 20
	pduLimit   = maxSegment + 1<<10
)

// Stages of a login (RFC 7143, section 11.12.3).
const (
	stageSecurity    = 0
	stageOperational = 1
	stageFull        = 3
	flagTransit      = 0x80
)

// Session is a login to a target.
type Session struct {
	Target Target

	conn          net.Conn
	isid          [6]byte
	tsih          uint16
	cmdSN         uint32
	expStatSN     uint32
	tag           uint32
	targetSegment int // bytes of data that the target takes in one PDU
}

// ErrAuth says that the two sides did not accept each other's credentials.
var ErrAuth = errors.New("authentication failed")

// Login logs in to a target. Close ends the session.
func Login(ctx context.Context, t Target, auth Auth) (*Session, error) {
	s, err := login(ctx, t, auth)
	if err != nil {
		return nil, fmt.Errorf("login to %s at %s: %w", t.IQN, t.Portal, err)
	}
	return s, nil
}

// login begins a discovery session when the target has no name.
func login(ctx context.Context, t Target, auth Auth) (*Session, error) {
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", t.Portal)
	if err != nil {
		return nil, err
	}
	s := &Session{Target: t, conn: conn, targetSegment: 8192}
	s.isid[0] = 0x80 // random format
	_, _ = rand.Read(s.isid[1:4])
	_, _ = rand.Read(s.isid[4:])
	defer s.bound(ctx)()
	if err := s.negotiate(auth); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return s, nil
}

// bound makes the connection's reads and writes end with the context, or after ioTimeout. The function it returns ends
// that again.
func (s *Session) bound(ctx context.Context) func() {
	deadline := time.Now().Add(ioTimeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	_ = s.conn.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetDeadline(time.Now()) })
	return func() { stop() }
}

func (s *Session) negotiate(auth Auth) error {
	name := auth.Initiator
	if name == "" {
		name = DefaultInitiator
	}
	keys := []pdu.Pair{{Key: "InitiatorName", Value: name}}
	if s.Target.IQN == "" {
		keys = append(keys, pdu.Pair{Key: "SessionType", Value: "Discovery"})
	} else {
		keys = append(keys, pdu.Pair{Key: "SessionType", Value: "Normal"}, pdu.Pair{Key: "TargetName", Value: s.Target.IQN})
	}
	if err := s.security(keys, auth); err != nil {
		return err
	}
	return s.operational()
}

// security is the first stage: who is who.
func (s *Session) security(keys []pdu.Pair, auth Auth) error {
	mutual := auth.MutualUser != "" && s.Target.IQN != ""
	method := "None"
	if auth.User != "" {
		method = "CHAP,None"
	}
	keys = append(keys, pdu.Pair{Key: "AuthMethod", Value: method})
	transit := byte(0)
	if auth.User == "" {
		transit = flagTransit | stageOperational
	}
	answer, err := s.loginStep(stageSecurity<<2|transit, keys)
	if err != nil {
		return err
	}
	chosen, _ := pdu.Value(answer, "AuthMethod")
	switch {
	case chosen == "CHAP":
		return s.chap(auth, mutual)
	case mutual:
		return fmt.Errorf("%w: the target does not prove that it is %s", ErrAuth, auth.MutualUser)
	case transit == 0:
		_, err = s.loginStep(stageSecurity<<2|flagTransit|stageOperational, nil)
	}
	return err
}

// chap proves this side to the target and, when mutual, has the target prove itself (RFC 7143, section 12.1.3).
func (s *Session) chap(auth Auth, mutual bool) error {
	answer, err := s.loginStep(stageSecurity<<2, []pdu.Pair{{Key: "CHAP_A", Value: "5"}}) // 5 is MD5
	if err != nil {
		return err
	}
	id, challenge, err := readChallenge(answer)
	if err != nil {
		return err
	}
	keys := []pdu.Pair{{Key: "CHAP_N", Value: auth.User}, {Key: "CHAP_R", Value: respond(id, auth.Password, challenge)}}
	var own [17]byte // an identifier and a challenge
	_, _ = rand.Read(own[:])
	if mutual {
		keys = append(keys, pdu.Pair{Key: "CHAP_I", Value: strconv.Itoa(int(own[0]))},
			pdu.Pair{Key: "CHAP_C", Value: "0x" + hex.EncodeToString(own[1:])})
	}
	answer, err = s.loginStep(stageSecurity<<2|flagTransit|stageOperational, keys)
	if err != nil || !mutual {
		return err
	}
	name, _ := pdu.Value(answer, "CHAP_N")
	proof, _ := pdu.Value(answer, "CHAP_R")
	want := respond(own[0], auth.MutualPassword, own[1:])
	if name != auth.MutualUser || subtle.ConstantTimeCompare([]byte(strings.ToLower(proof)), []byte(want)) != 1 {
		return fmt.Errorf("%w: the target does not prove that it is %s", ErrAuth, auth.MutualUser)
	}
	return nil
}

func readChallenge(answer []pdu.Pair) (byte, []byte, error) {
	number, _ := pdu.Value(answer, "CHAP_I")
	text, _ := pdu.Value(answer, "CHAP_C")
	id, err := strconv.ParseUint(number, 0, 8)
	if err != nil || len(text) < 4 {
		return 0, nil, fmt.Errorf("%w: the target sent no CHAP challenge", ErrAuth)
	}
	decode := hex.DecodeString
	if strings.EqualFold(text[:2], "0b") {
		decode = base64.StdEncoding.DecodeString
	}
	challenge, err := decode(text[2:])
	return byte(id), challenge, err
}

func respond(id byte, secret string, challenge []byte) string {
	sum := md5.Sum(append(append([]byte{id}, secret...), challenge...)) //nolint:gosec // CHAP is made of it (RFC 1994).
	return "0x" + hex.EncodeToString(sum[:])
}

// operational is the second stage: how the two talk.
func (s *Session) operational() error {
	keys := []pdu.Pair{{Key: "HeaderDigest", Value: "None"}, {Key: "DataDigest", Value: "None"},
		{Key: "MaxRecvDataSegmentLength", Value: strconv.Itoa(maxSegment)}}
	if s.Target.IQN != "" {
		keys = append(keys, pdu.Pair{Key: "InitialR2T", Value: "Yes"}, pdu.Pair{Key: "ImmediateData", Value: "No"},
			pdu.Pair{Key: "MaxBurstLength", Value: strconv.Itoa(maxBurst)}, pdu.Pair{Key: "FirstBurstLength", Value: strconv.Itoa(maxSegment)},
			pdu.Pair{Key: "MaxOutstandingR2T", Value: "1"}, pdu.Pair{Key: "MaxConnections", Value: "1"},
			pdu.Pair{Key: "DataPDUInOrder", Value: "Yes"}, pdu.Pair{Key: "DataSequenceInOrder", Value: "Yes"},
			pdu.Pair{Key: "DefaultTime2Wait", Value: "2"}, pdu.Pair{Key: "DefaultTime2Retain", Value: "0"},
			pdu.Pair{Key: "ErrorRecoveryLevel", Value: "0"})
	}
	// The target may want more rounds before it goes on; each is answered with nothing new.
	for range 8 {
		h, answer, err := s.loginExchange(stageOperational<<2|flagTransit|stageFull, keys)
		if err != nil {
			return err
		}
		if v, ok := pdu.Value(answer, "MaxRecvDataSegmentLength"); ok {
			if n, err := strconv.Atoi(v); err == nil && n >= 512 {
				s.targetSegment = min(n, maxSegment)
			}
		}
		if h[1]&flagTransit != 0 && h[1]&3 == stageFull {
			s.tsih = uint16(h[14])<<8 | uint16(h[15])
			return nil
		}
		keys = nil
	}
	return errors.New("the target does not finish the login")
}

func (s *Session) loginStep(flags byte, keys []pdu.Pair) ([]pdu.Pair, error) {
	_, answer, err := s.loginExchange(flags, keys)
	return answer, err
}

func (s *Session) loginExchange(flags byte, keys []pdu.Pair) (*pdu.Header, []pdu.Pair, error) {
	var h pdu.Header
	h[0], h[1] = pdu.LoginRequest|0x40, flags // logins are immediate
	copy(h[8:14], s.isid[:])
	h.SetUint32(24, s.cmdSN)
	h.SetUint32(28, s.expStatSN)
	if err := pdu.Write(s.conn, &h, pdu.EncodeText(keys)); err != nil {
		return nil, nil, err
	}
	answer, data, err := pdu.Read(s.conn, pduLimit)
	if err != nil {
		return nil, nil, err
	}
	if answer.Opcode() != pdu.LoginResponse {
		return nil, nil, fmt.Errorf("the target answers the login with PDU 0x%02x", answer.Opcode())
	}
	s.expStatSN = answer.Uint32(24) + 1
	return answer, pdu.ParseText(data), loginError(answer[36], answer[37])
}

// loginError reads a login's status (RFC 7143, section 11.13.5).
func loginError(class, detail byte) error {
	switch {
	case class == 0:
		return nil
	case class == 2 && detail == 1:
		return fmt.Errorf("%w: wrong user or password", ErrAuth)
	case class == 2 && detail == 2:
		return fmt.Errorf("%w: this initiator may not use the target", ErrAuth)
	case class == 2 && detail == 3:
		return errors.New("the target does not exist, or is not for this initiator")
	case class == 3:
		return fmt.Errorf("the target cannot serve now (status 0x%02x%02x)", class, detail)
	}
	return fmt.Errorf("the target refuses the login (status 0x%02x%02x)", class, detail)
}

// Close logs out and ends the connection.
func (s *Session) Close() {
	var h pdu.Header
	h[0], h[1] = pdu.LogoutRequest|0x40, pdu.FlagFinal
	h.SetUint32(16, s.nextTag())
	h.SetUint32(24, s.cmdSN)
	h.SetUint32(28, s.expStatSN)
	_ = s.conn.SetDeadline(time.Now().Add(2 * time.Second))
	if pdu.Write(s.conn, &h, nil) == nil {
		_, _, _ = pdu.Read(s.conn, pduLimit) // the target ends the connection behind its answer
	}
	_ = s.conn.Close()
}

func (s *Session) nextTag() uint32 {
	s.tag++
	return s.tag
}

// sendTargets asks for all targets, in as many rounds as the target needs.
func (s *Session) sendTargets(ctx context.Context) ([]pdu.Pair, error) {
	defer s.bound(ctx)()
	var text []byte
	data, transfer := pdu.EncodeText([]pdu.Pair{{Key: "SendTargets", Value: "All"}}), uint32(pdu.NoTag)
	tag := s.nextTag()
	for {
		var h pdu.Header
		h[0], h[1] = pdu.TextRequest, pdu.FlagFinal
		h.SetUint32(16, tag)
		h.SetUint32(20, transfer)
		h.SetUint32(24, s.cmdSN)
		h.SetUint32(28, s.expStatSN)
		s.cmdSN++
		if err := pdu.Write(s.conn, &h, data); err != nil {
			return nil, err
		}
		answer, part, err := pdu.Read(s.conn, pduLimit)
		if err != nil {
			return nil, err
		}
		if answer.Opcode() != pdu.TextResponse {
			return nil, fmt.Errorf("the target answers SendTargets with PDU 0x%02x", answer.Opcode())
		}
		s.expStatSN = answer.Uint32(24) + 1
		text = append(text, part...)
		if answer[1]&pdu.FlagFinal != 0 {
			return pdu.ParseText(text), nil
		}
		data, transfer = nil, answer.Uint32(20)
	}
}
