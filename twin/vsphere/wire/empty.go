// SPDX-License-Identifier: GPL-3.0-or-later

// Package wire has what govmomi's encoding cannot say.
package wire

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/vmware/govmomi/vim25"
)

// EmptyText stands for a string that is empty but there. govmomi's types leave every empty string out of a response, where ESXi
// sends it and clients tell the two apart. It is a character of Unicode's private use area, taken out again before a response leaves.
const EmptyText = "\uE0E0"

// EmptyStrings takes the mark out of the responses of a handler.
func EmptyStrings(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, vim25.Path) { // A file that is downloaded is passed on as it is.
			w = &emptyWriter{w}
		}
		next.ServeHTTP(w, r)
	})
}

type emptyWriter struct{ http.ResponseWriter }

func (w *emptyWriter) Write(p []byte) (int, error) {
	if !bytes.Contains(p, []byte(EmptyText)) {
		return w.ResponseWriter.Write(p)
	}
	_, err := w.ResponseWriter.Write(bytes.ReplaceAll(p, []byte(EmptyText), nil))
	return len(p), err
}
