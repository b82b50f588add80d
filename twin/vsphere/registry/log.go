// SPDX-License-Identifier: GPL-3.0-or-later

package registry

import (
	"log"
	"strings"
)

// quietLog passes on what net/http complains about, except handshakes that clients gave up: a client that looks at a
// certificate to learn its thumbprint does just that.
func quietLog(e *Endpoint) *log.Logger {
	return log.New(lineWriter(func(line string) {
		if !strings.Contains(line, "TLS handshake error") {
			e.logf("%s: %s", e.name, line)
		}
	}), "", 0)
}

type lineWriter func(string)

func (w lineWriter) Write(p []byte) (int, error) {
	w(strings.TrimSpace(string(p)))
	return len(p), nil
}
