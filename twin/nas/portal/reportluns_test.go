// SPDX-License-Identifier: GPL-3.0-or-later

package portal

import (
	"encoding/binary"
	"slices"
	"testing"

	"livelab.dev/twin/iscsi/pdu"
)

// reported makes the data of REPORT LUNS that tells of some LUNs while there are more, and reads it again.
func reported(available int, luns ...int) []byte {
	data := make([]byte, 8+8*len(luns))
	binary.BigEndian.PutUint32(data, uint32(8*available))
	for i, n := range luns {
		pdu.EncodeLUN(data[8+8*i:], n)
	}
	return data
}

func TestHideController(t *testing.T) {
	const status, under, over = pdu.FlagStatus, pdu.FlagStatus | pdu.FlagUnderflow, pdu.FlagStatus | pdu.FlagOverflow
	for _, c := range []struct {
		name       string
		flags      byte
		residual   uint32
		data, want []byte
		flags2     byte
		residual2  uint32
	}{
		{"one disk", under, 100, reported(2, 0, 1), reported(1, 0), under, 108},
		{"no disk", under, 100, reported(1, 0), reported(0), under, 108},
		{"just as long as asked for", status, 0, reported(3, 0, 1, 8), reported(2, 0, 7), under, 8},
		{"not all of them fit", over, 80, reported(12, 0, 1), reported(11, 0), over, 80},
		{"great numbers", status, 0, reported(3, 0, 256, 301), reported(2, 255, 300), under, 8},
		{"status comes by itself", 0, 0, reported(2, 0, 1), reported(1, 0), 0, 0},
	} {
		var h pdu.Header
		h[0], h[1] = pdu.DataIn, c.flags
		h.SetUint32(44, c.residual)
		got := hideController(&h, c.data)
		if !slices.Equal(got, c.want) || h[1] != c.flags2 || h.Uint32(44) != c.residual2 {
			t.Errorf("%s: % x, flags %02x, residual %d", c.name, got, h[1], h.Uint32(44))
		}
	}
}

func TestShiftLUN(t *testing.T) {
	for _, c := range []struct{ from, by, to int }{{0, 1, 1}, {255, 1, 256}, {256, -1, 255}, {1, -1, 0}, {0, -1, 0}, {1023, 1, 1024}} {
		var h pdu.Header
		h.SetLUN(c.from)
		shiftLUN(&h, c.by)
		if n, ok := h.LUN(); !ok || n != c.to {
			t.Errorf("LUN %d moved by %d is %d", c.from, c.by, n)
		}
	}
}
