// SPDX-License-Identifier: GPL-3.0-or-later

package iscsi

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"livelab.dev/twin/iscsi/pdu"
)

// SCSI operation codes.
const (
	opTestUnitReady  = 0x00
	opInquiry        = 0x12
	opModeSense6     = 0x1a
	opSyncCache10    = 0x35
	opRead16         = 0x88
	opWrite16        = 0x8a
	opWriteSame16    = 0x93
	opServiceIn16    = 0x9e
	opReportLUNs     = 0xa0
	readCapacity16   = 0x10
	statusGood       = 0x00
	statusCheck      = 0x02
	senseIllegal     = 0x05
	senseUnitAttn    = 0x06
	maxReportedBytes = 16 << 10
)

// SenseError is a CHECK CONDITION of a command.
type SenseError struct {
	Op       byte
	Key      byte   // sense key
	ASC      uint16 // additional sense code and qualifier
	LUN      int
	Location string // host:port/iqn
}

func (e *SenseError) Error() string {
	return fmt.Sprintf("LUN %d of %s: SCSI command 0x%02x failed: sense key %d, code 0x%04x", e.LUN, e.Location, e.Op, e.Key, e.ASC)
}

// command sends one SCSI command and returns what it reads. Unit attentions (news for the initiator, not errors) are
// taken note of by sending it again.
func (s *Session) command(ctx context.Context, lun int, cdb []byte, in int, out []byte) ([]byte, error) {
	defer s.bound(ctx)()
	for try := 0; ; try++ {
		data, err := s.once(lun, cdb, in, out)
		var sense *SenseError
		if try < 8 && errors.As(err, &sense) && sense.Key == senseUnitAttn {
			continue
		}
		if ctx.Err() != nil {
			err = errors.Join(ctx.Err(), err)
		}
		return data, err
	}
}

func (s *Session) once(lun int, cdb []byte, in int, out []byte) ([]byte, error) {
	var h pdu.Header
	h[0], h[1] = pdu.SCSICommand, pdu.FlagFinal|1 // 1: simple task
	length := in
	if in > 0 {
		h[1] |= pdu.FlagRead
	}
	if len(out) > 0 {
		h[1] |= pdu.FlagWrite
		length = len(out)
	}
	h.SetLUN(lun)
	h.SetUint32(16, s.nextTag())
	h.SetUint32(20, uint32(length))
	h.SetUint32(24, s.cmdSN)
	h.SetUint32(28, s.expStatSN)
	copy(h[32:48], cdb)
	s.cmdSN++
	if err := pdu.Write(s.conn, &h, nil); err != nil {
		return nil, err
	}
	result := make([]byte, in)
	received := 0
	for {
		answer, data, err := pdu.Read(s.conn, pduLimit)
		if err != nil {
			return nil, err
		}
		switch answer.Opcode() {
		case pdu.DataIn:
			offset := int(answer.Uint32(40))
			if offset+len(data) > in {
				return nil, fmt.Errorf("the target sends %d bytes at %d; %d were asked for", len(data), offset, in)
			}
			received = max(received, offset+copy(result[offset:], data))
			if answer[1]&pdu.FlagStatus != 0 {
				return result[:received], s.status(answer, lun, cdb[0], nil)
			}
		case pdu.SCSIResponse:
			return result[:received], s.status(answer, lun, cdb[0], data)
		case pdu.R2T:
			err = s.sendData(answer, out)
		case pdu.NOPIn:
			err = s.answerPing(answer)
		case pdu.AsyncMessage:
			s.expStatSN = answer.Uint32(24) + 1
		default:
			err = fmt.Errorf("the target sends PDU 0x%02x in the middle of a command", answer.Opcode())
		}
		if err != nil {
			return nil, err
		}
	}
}

// status takes a command's outcome from its last PDU.
func (s *Session) status(h *pdu.Header, lun int, op byte, data []byte) error {
	s.expStatSN = h.Uint32(24) + 1
	where := s.Target.Portal + "/" + s.Target.IQN
	if response := h[2]; h.Opcode() == pdu.SCSIResponse && response != 0 {
		return fmt.Errorf("LUN %d of %s: the target failed (response 0x%02x)", lun, where, response)
	}
	if h[3] == statusGood {
		return nil
	}
	if h[3] != statusCheck || len(data) < 16 {
		return fmt.Errorf("LUN %d of %s: SCSI command 0x%02x ended with status 0x%02x", lun, where, op, h[3])
	}
	sense := data[2:] // behind its length
	e := &SenseError{Op: op, Key: sense[2] & 0x0f, ASC: binary.BigEndian.Uint16(sense[12:]), LUN: lun, Location: where}
	if sense[0]&0x7f >= 0x72 { // descriptor format
		e.Key, e.ASC = sense[1]&0x0f, binary.BigEndian.Uint16(sense[2:])
	}
	return e
}

// sendData sends the burst that a target asks for.
func (s *Session) sendData(r2t *pdu.Header, out []byte) error {
	offset, length := int(r2t.Uint32(40)), int(r2t.Uint32(44))
	if offset+length > len(out) {
		return fmt.Errorf("the target asks for %d bytes at %d of %d", length, offset, len(out))
	}
	for n, end := 0, offset+length; offset < end; n++ {
		part := out[offset:min(offset+s.targetSegment, end)]
		var h pdu.Header
		h[0] = pdu.DataOut
		if offset+len(part) == end {
			h[1] = pdu.FlagFinal
		}
		copy(h[8:16], r2t[8:16])
		copy(h[16:24], r2t[16:24]) // both tags
		h.SetUint32(28, s.expStatSN)
		h.SetUint32(36, uint32(n))
		h.SetUint32(40, uint32(offset))
		if err := pdu.Write(s.conn, &h, part); err != nil {
			return err
		}
		offset += len(part)
	}
	return nil
}

// answerPing answers a target that asks whether this side is still there.
func (s *Session) answerPing(ping *pdu.Header) error {
	if ping.Uint32(20) == pdu.NoTag {
		return nil
	}
	var h pdu.Header
	h[0], h[1] = pdu.NOPOut|0x40, pdu.FlagFinal
	copy(h[8:16], ping[8:16])
	h.SetUint32(16, pdu.NoTag)
	copy(h[20:24], ping[20:24])
	h.SetUint32(24, s.cmdSN)
	h.SetUint32(28, s.expStatSN)
	return pdu.Write(s.conn, &h, nil)
}

// LUNs asks the target for its LUNs and each LUN for what it is.
func (s *Session) LUNs(ctx context.Context) ([]LUN, error) {
	cdb := make([]byte, 16)
	cdb[0] = opReportLUNs
	binary.BigEndian.PutUint32(cdb[6:], maxReportedBytes)
	data, err := s.command(ctx, 0, cdb, maxReportedBytes, nil)
	if err != nil {
		return nil, err
	}
	luns := []LUN{}
	for i := 8; i+8 <= len(data); i += 8 {
		number, ok := pdu.DecodeLUN(data[i:])
		if !ok {
			continue
		}
		lun, isDisk, err := s.describe(ctx, number)
		var sense *SenseError
		if err != nil && !errors.As(err, &sense) {
			return nil, err
		}
		// A LUN that cannot say what it is (its file is gone, say) does not hide the others.
		if err == nil && isDisk {
			luns = append(luns, lun)
		}
	}
	return luns, nil
}

// describe asks a LUN for its inquiry data, serial, identifiers and size.
func (s *Session) describe(ctx context.Context, number int) (LUN, bool, error) {
	lun := LUN{Portal: s.Target.Portal, IQN: s.Target.IQN, Number: number}
	data, err := s.inquiry(ctx, number, -1)
	if err != nil {
		return lun, false, err
	}
	if len(data) < 36 || data[0] != 0 { // 0: connected, and a direct access device
		return lun, false, nil
	}
	lun.Vendor, lun.Product, lun.Revision = trim(data[8:16]), trim(data[16:32]), trim(data[32:36])
	if data, err = s.inquiry(ctx, number, 0x80); err == nil && len(data) > 4 {
		lun.Serial = trim(data[4:])
	}
	if data, err = s.inquiry(ctx, number, 0x83); err == nil {
		lun.NAA = findNAA(data)
	}
	if data, err = s.inquiry(ctx, number, 0xb1); err == nil && len(data) >= 6 {
		lun.RPM = int(binary.BigEndian.Uint16(data[4:]))
	}
	if lun.Size, lun.BlockSize, err = s.capacity(ctx, number); err != nil {
		return lun, false, err
	}
	cdb := []byte{opModeSense6, 0x08, 0x3f, 0, 255, 0} // without block descriptors, all pages
	if data, err = s.command(ctx, number, cdb, 255, nil); err == nil && len(data) > 2 {
		lun.ReadOnly = data[2]&0x80 != 0
	}
	return lun, true, ctx.Err()
}

func trim(b []byte) string { return strings.TrimSpace(string(bytes.Trim(b, "\x00"))) }

// inquiry asks for a vital product data page, or with page -1 for the standard data.
func (s *Session) inquiry(ctx context.Context, lun, page int) ([]byte, error) {
	cdb := []byte{opInquiry, 0, 0, 0, 255, 0}
	if page >= 0 {
		cdb[1], cdb[2] = 1, byte(page)
	}
	return s.command(ctx, lun, cdb, 255, nil)
}

// findNAA takes the best name out of the device identification page: NAA formats 6, 5, 2 and 3 in this order.
func findNAA(page []byte) string {
	order := map[byte]int{6: 4, 5: 3, 2: 2, 3: 1}
	best, rank := "", 0
	for i := 4; i+4 <= len(page); {
		length := int(page[i+3])
		if i+4+length > len(page) {
			break
		}
		id := page[i+4 : i+4+length]
		if ofLUN := page[i+1]&0x30 == 0; ofLUN && page[i+1]&0x0f == 3 && length >= 8 {
			if r := order[id[0]>>4]; r > rank {
				best, rank = "naa."+hex.EncodeToString(id), r
			}
		}
		i += 4 + length
	}
	return best
}

// capacity is a LUN's size and block size in bytes.
func (s *Session) capacity(ctx context.Context, lun int) (int64, int, error) {
	cdb := make([]byte, 16)
	cdb[0], cdb[1], cdb[13] = opServiceIn16, readCapacity16, 32
	data, err := s.command(ctx, lun, cdb, 32, nil)
	if err != nil {
		return 0, 0, err
	}
	if len(data) < 12 {
		return 0, 0, fmt.Errorf("LUN %d of %s tells no size", lun, s.Target.IQN)
	}
	block := int(binary.BigEndian.Uint32(data[8:]))
	return int64(binary.BigEndian.Uint64(data)+1) * int64(block), block, nil
}
