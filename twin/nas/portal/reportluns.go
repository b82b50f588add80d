// SPDX-License-Identifier: GPL-3.0-or-later

package portal

import (
	"encoding/binary"

	"livelab.dev/twin/iscsi/pdu"
)

// Layout of the data of REPORT LUNS (SPC-4, 6.33), in bytes: a list length, four reserved bytes, then the LUNs.
const (
	listHeader = 8
	lunLen     = 8
)

// hideController takes tgtd's LUN 0 out of the data of REPORT LUNS, counts the others from 0, and sets the residual
// count right where this PDU carries one. Data is a whole list: tgtd sends up to 1023 LUNs in one PDU.
func hideController(h *pdu.Header, data []byte) []byte {
	removed := 0
	if h.Opcode() == pdu.DataIn && h.Uint32(40) == 0 && len(data) >= listHeader {
		kept := data[:listHeader]
		for i := listHeader; i+lunLen <= len(data); i += lunLen {
			n, ok := pdu.DecodeLUN(data[i : i+lunLen])
			if ok && n == 0 {
				removed += lunLen
				continue
			}
			if ok {
				pdu.EncodeLUN(data[i:i+lunLen], n-1)
			}
			kept = append(kept, data[i:i+lunLen]...)
		}
		// The list's length counts all LUNs there are, even those that did not fit.
		binary.BigEndian.PutUint32(kept, binary.BigEndian.Uint32(kept)-lunLen)
		data = kept
	}
	if h.Opcode() == pdu.DataIn && h[1]&pdu.FlagStatus != 0 {
		addResidual(h, removed)
	}
	return data
}

// addResidual tells the initiator that it gets fewer bytes than tgtd has counted.
func addResidual(h *pdu.Header, missing int) {
	switch {
	case missing == 0 || h[1]&pdu.FlagOverflow != 0:
	case h[1]&pdu.FlagUnderflow != 0:
		h.SetUint32(44, h.Uint32(44)+uint32(missing))
	default:
		h[1] |= pdu.FlagUnderflow
		h.SetUint32(44, uint32(missing))
	}
}
