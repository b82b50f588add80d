// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"net/http"

	"livelab.dev/twin/nas/jsonrpc"
	"livelab.dev/twin/nas/middleware"
	"livelab.dev/twin/nas/model"
	"livelab.dev/twin/nas/rest1"
	"livelab.dev/twin/nas/rest2"
	"livelab.dev/twin/nas/versions"
)

// handler leads to the dialects that this version speaks. Every other path is not found, with or without a login.
func handler(version *versions.Version, nas *model.NAS, logf func(string, ...any)) http.Handler {
	mux := http.NewServeMux()
	m := middleware.New(nas)
	if version.V1 != nil {
		mux.Handle(rest1.Prefix, rest1.Handler(nas, logf))
	}
	if version.REST {
		mux.Handle(rest2.Prefix, rest2.Handler(m, logf))
	}
	if version.JSONRPC {
		jsonrpc.Register(mux, m, logf)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "404: Not Found", http.StatusNotFound) })
	return mux
}
