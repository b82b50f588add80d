// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"net/http"

	"livelab.dev/twin/nas/jsonrpc"
	"livelab.dev/twin/nas/middleware"
	"livelab.dev/twin/nas/rest1"
	"livelab.dev/twin/nas/rest2"
)

// handler leads to the dialects that this version speaks. Every other path is not found, with or without a login.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	m := middleware.New(s.nas)
	if s.version.V1 != nil {
		mux.Handle(rest1.Prefix, rest1.Handler(s.nas, s.cfg.Logf))
	}
	if s.version.REST {
		mux.Handle(rest2.Prefix, rest2.Handler(m, s.cfg.Logf))
	}
	if s.version.JSONRPC {
		jsonrpc.Register(mux, m, s.cfg.Logf)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "404: Not Found", http.StatusNotFound) })
	return mux
}
