// SPDX-License-Identifier: GPL-3.0-or-later

package registry

import (
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// How long a session that nobody uses and a service ticket are good for, as on vCenter.
const (
	sessionTimeout = 30 * time.Minute
	ticketTimeout  = 2 * time.Minute
)

// TicketCookie carries a service ticket.
const TicketCookie = "vmware_cgi_ticket"

// doorkeeper knows who may read and write a datastore's files over HTTP: whoever is logged in, has a service ticket, or says user
// and password. The simulator lets everybody.
type doorkeeper struct {
	valid func(*types.Login) bool

	mu       sync.Mutex
	sessions map[string]time.Time // last used, by key
	tickets  map[string]time.Time // made, by id
}

func newDoorkeeper(valid func(*types.Login) bool) *doorkeeper {
	return &doorkeeper{valid: valid, sessions: map[string]time.Time{}, tickets: map[string]time.Time{}}
}

// called notes that a session made an API call.
func (d *doorkeeper) called(session *simulator.Session, method string) {
	if session == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if method == "Logout" {
		delete(d.sessions, session.Key)
		return
	}
	d.sessions[session.Key] = time.Now()
	for key, used := range d.sessions {
		if time.Since(used) > sessionTimeout {
			delete(d.sessions, key)
		}
	}
}

// ticket is a new service ticket.
func (d *doorkeeper) ticket() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, made := range d.tickets {
		if time.Since(made) > ticketTimeout {
			delete(d.tickets, id)
		}
	}
	id := uuid.NewString()
	d.tickets[id] = time.Now()
	return id
}

// admits tells whether a request may touch files.
func (d *doorkeeper) admits(r *http.Request) bool {
	if user, password, ok := r.BasicAuth(); ok && d.valid(&types.Login{UserName: user, Password: password}) {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if cookie, err := r.Cookie(soap.SessionCookieName); err == nil && time.Since(d.sessions[cookie.Value]) < sessionTimeout {
		return true
	}
	cookie, err := r.Cookie(TicketCookie)
	return err == nil && time.Since(d.tickets[cookie.Value]) < ticketTimeout
}

// guard lets only those in that the doorkeeper admits.
func (d *doorkeeper) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !d.admits(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="VMware HTTP server"`)
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}
