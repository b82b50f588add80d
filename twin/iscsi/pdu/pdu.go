// SPDX-License-Identifier: GPL-3.0-or-later

// Package pdu reads and writes iSCSI protocol data units (RFC 7143): the 48-byte basic header segment and the
// key=value texts of login and discovery. Digests are not supported: both ends of the twin negotiate them away.
package pdu

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// HeaderLen is the size in bytes of the basic header segment.
const HeaderLen = 48

// MaxDataLen is the largest data segment, in bytes, that the 24-bit length field can tell.
const MaxDataLen = 1<<24 - 1

// Opcodes of RFC 7143, section 11.2.1.2. Those from 0x20 on are sent by the target.
const (
	NOPOut         = 0x00
	SCSICommand    = 0x01
	TaskRequest    = 0x02
	LoginRequest   = 0x03
	TextRequest    = 0x04
	DataOut        = 0x05
	LogoutRequest  = 0x06
	NOPIn          = 0x20
	SCSIResponse   = 0x21
	TaskResponse   = 0x22
	LoginResponse  = 0x23
	TextResponse   = 0x24
	DataIn         = 0x25
	LogoutResponse = 0x26
	R2T            = 0x31
	AsyncMessage   = 0x32
	Reject         = 0x3f
)

// Flags of the header's second byte.
const (
	FlagFinal     = 0x80 // the last PDU of a sequence
	FlagContinue  = 0x40 // text goes on in the next PDU
	FlagRead      = 0x40 // SCSI command: data comes in
	FlagWrite     = 0x20 // SCSI command: data goes out
	FlagOverflow  = 0x04 // SCSI response, Data-In: residual is an overflow
	FlagUnderflow = 0x02 // SCSI response, Data-In: residual is an underflow
	FlagStatus    = 0x01 // Data-In: carries the command's status
)

// NoTag is the reserved task tag.
const NoTag = 0xffffffff

// Header is a basic header segment as it is on the wire.
type Header [HeaderLen]byte

// Opcode is the PDU's kind.
func (h *Header) Opcode() byte { return h[0] & 0x3f }

// DataLen is the length in bytes of the data segment, without its padding.
func (h *Header) DataLen() int { return int(h[5])<<16 | int(h[6])<<8 | int(h[7]) }

// SetDataLen sets the length in bytes of the data segment.
func (h *Header) SetDataLen(n int) { h[5], h[6], h[7] = byte(n>>16), byte(n>>8), byte(n) }

// AHSLen is the length in bytes of the additional header segments.
func (h *Header) AHSLen() int { return int(h[4]) * 4 }

// BodyLen is what follows this header on the wire, in bytes: additional headers, data and padding.
func (h *Header) BodyLen() int { return h.AHSLen() + Padded(h.DataLen()) }

// Tag is the initiator task tag.
func (h *Header) Tag() uint32 { return h.Uint32(16) }

// Uint32 reads the big-endian word at a byte offset.
func (h *Header) Uint32(offset int) uint32 { return binary.BigEndian.Uint32(h[offset:]) }

// SetUint32 writes a big-endian word at a byte offset.
func (h *Header) SetUint32(offset int, v uint32) { binary.BigEndian.PutUint32(h[offset:], v) }

// LUN is the logical unit number in the header, and whether it has one of the two forms that carry a plain number.
func (h *Header) LUN() (int, bool) { return DecodeLUN(h[8:16]) }

// SetLUN writes a logical unit number, 0 to 16383.
func (h *Header) SetLUN(n int) { EncodeLUN(h[8:16], n) }

// DecodeLUN reads an eight-byte LUN of SAM's peripheral or flat addressing method.
func DecodeLUN(b []byte) (int, bool) {
	switch b[0] >> 6 {
	case 0:
		return int(b[1]), b[0] == 0
	case 1:
		return int(b[0]&0x3f)<<8 | int(b[1]), true
	}
	return 0, false
}

// EncodeLUN writes an eight-byte LUN: numbers up to 255 by peripheral addressing, greater ones by flat addressing.
func EncodeLUN(b []byte, n int) {
	clear(b[:8])
	if n > 255 {
		b[0] = 0x40 | byte(n>>8)
	}
	b[1] = byte(n)
}

// Padded rounds a data segment's length up to a multiple of four bytes.
func Padded(n int) int { return (n + 3) &^ 3 }

// Read reads a whole PDU. It fails when its body would be longer than limit bytes.
func Read(r io.Reader, limit int) (*Header, []byte, error) {
	var h Header
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, nil, err
	}
	data, err := ReadBody(r, &h, limit)
	return &h, data, err
}

// ReadBody reads what follows a header and returns its data segment without padding.
func ReadBody(r io.Reader, h *Header, limit int) ([]byte, error) {
	if h.BodyLen() > limit {
		return nil, fmt.Errorf("iSCSI PDU 0x%02x carries %d bytes; at most %d are taken", h.Opcode(), h.BodyLen(), limit)
	}
	body := make([]byte, h.BodyLen())
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return body[h.AHSLen() : h.AHSLen()+h.DataLen()], nil
}

// Write sends a PDU without additional headers; it sets the header's length fields from data.
func Write(w io.Writer, h *Header, data []byte) error {
	h[4] = 0
	h.SetDataLen(len(data))
	buf := make([]byte, HeaderLen+Padded(len(data)))
	copy(buf, h[:])
	copy(buf[HeaderLen:], data)
	_, err := w.Write(buf)
	return err
}

// Pair is one key=value of a login or text PDU. Order and repetition matter in discovery, so it is no map.
type Pair struct{ Key, Value string }

// ParseText splits a text segment into its pairs; what has no "=" is left out.
func ParseText(data []byte) []Pair {
	var pairs []Pair
	for field := range strings.SplitSeq(string(data), "\x00") {
		if key, value, ok := strings.Cut(field, "="); ok {
			pairs = append(pairs, Pair{key, value})
		}
	}
	return pairs
}

// EncodeText makes a text segment of pairs.
func EncodeText(pairs []Pair) []byte {
	var b strings.Builder
	for _, p := range pairs {
		b.WriteString(p.Key + "=" + p.Value + "\x00")
	}
	return []byte(b.String())
}

// Value is the first value of a key, and whether it is there.
func Value(pairs []Pair, key string) (string, bool) {
	for _, p := range pairs {
		if p.Key == key {
			return p.Value, true
		}
	}
	return "", false
}
