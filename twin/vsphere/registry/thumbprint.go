// SPDX-License-Identifier: GPL-3.0-or-later

package registry

import (
	"encoding/hex"
	"strings"
)

// Thumbprint is a certificate's SHA-1 or SHA-256 as the API writes it.
func Thumbprint[T [20]byte | [32]byte](sum T) string {
	var raw []byte
	switch s := any(sum).(type) {
	case [20]byte:
		raw = s[:]
	case [32]byte:
		raw = s[:]
	}
	pairs := make([]string, len(raw))
	for i, b := range raw {
		pairs[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return strings.Join(pairs, ":")
}
