// SPDX-License-Identifier: GPL-3.0-or-later

package pdu

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
)

func TestWriteAndRead(t *testing.T) {
	for length := range 9 {
		data := bytes.Repeat([]byte{7}, length)
		var h Header
		h[0] = TextRequest
		h.SetUint32(16, 0xcafe)
		var wire bytes.Buffer
		if err := Write(&wire, &h, data); err != nil {
			t.Fatal(err)
		}
		if wire.Len() != HeaderLen+Padded(length) {
			t.Errorf("%d bytes of data make a PDU of %d", length, wire.Len())
		}
		got, gotData, err := Read(&wire, 100)
		if err != nil || got.Opcode() != TextRequest || got.Tag() != 0xcafe || !bytes.Equal(gotData, data) || wire.Len() != 0 {
			t.Errorf("%d bytes: %v %v %v", length, got, gotData, err)
		}
	}
}

func TestReadSkipsAdditionalHeaders(t *testing.T) {
	var h Header
	h[4] = 2 // words
	h.SetDataLen(3)
	wire := append(h[:], "8 bytes.abc\x00next"...)
	r := bytes.NewReader(wire)
	if _, data, err := Read(r, 100); err != nil || string(data) != "abc" || r.Len() != 4 {
		t.Errorf("%q %v, %d left", data, err, r.Len())
	}
}

func TestReadRefuses(t *testing.T) {
	var h Header
	h.SetDataLen(101)
	if _, _, err := Read(bytes.NewReader(append(h[:], make([]byte, 104)...)), 100); err == nil {
		t.Error("a PDU above the limit was read")
	}
	h.SetDataLen(8)
	if _, _, err := Read(bytes.NewReader(append(h[:], 1, 2)), 100); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a PDU cut short: %v", err)
	}
}

func TestText(t *testing.T) {
	pairs := []Pair{{"TargetName", "a"}, {"TargetAddress", "b=c"}, {"TargetName", "d"}}
	if got := ParseText(EncodeText(pairs)); !slices.Equal(got, pairs) {
		t.Errorf("%v", got)
	}
	if got := ParseText([]byte("nothing\x00Key=value\x00\x00")); !slices.Equal(got, []Pair{{"Key", "value"}}) {
		t.Errorf("%v", got)
	}
	if v, ok := Value(pairs, "TargetName"); !ok || v != "a" {
		t.Errorf("%q %v", v, ok)
	}
}

func TestLUN(t *testing.T) {
	for _, n := range []int{0, 1, 255, 256, 1023, 16383} {
		b := bytes.Repeat([]byte{0xff}, 8)
		EncodeLUN(b, n)
		if got, ok := DecodeLUN(b); !ok || got != n {
			t.Errorf("%d becomes %d, %v", n, got, ok)
		}
	}
	if _, ok := DecodeLUN([]byte{0xc1, 1, 0, 0, 0, 0, 0, 0}); ok {
		t.Error("a well-known LUN was taken for a number")
	}
}
