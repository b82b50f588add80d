// SPDX-License-Identifier: GPL-3.0-or-later

package registry

import (
	"context"
	"crypto/sha1" //nolint:gosec // As said where it is used.
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/wire"
)

// Endpoint is the HTTPS side of a registry: one address, one user. It can move to another address while it runs.
type Endpoint struct {
	name string
	tls  func(netip.Addr) (*tls.Config, error)
	mux  *http.ServeMux
	logf func(string, ...any)
	reg  *Registry

	mu          sync.Mutex
	bound       netip.AddrPort
	server      *http.Server
	certificate []byte // of the server, DER
}

// drain is how long requests that are still being answered may take after an endpoint stopped listening.
const drain = 3 * time.Second

// NewEndpoint makes the HTTPS side of a registry; certificate returns the server certificate for an address.
func NewEndpoint(name string, reg *Registry, user, password string, certificate func(netip.Addr) (*tls.Config, error)) *Endpoint {
	e := &Endpoint{name: name, tls: certificate, logf: reg.logf, reg: reg, mux: http.NewServeMux()}

	svc := reg.Service
	svc.ServeMux = e.mux
	// The simulator lets anyone in whose URL has no user; the name here only makes it ask ValidLogin.
	svc.Listen = &url.URL{Scheme: "https", Path: reg.Path, User: url.User(user)}
	reg.door = newDoorkeeper(validLogin(user, password))
	reg.SessionManager().ValidLogin = reg.door.valid

	svc.RegisterSDK(reg.Registry, reg.Path+"/vimService")
	e.mux.HandleFunc(reg.Path+"/vimServiceVersions.xml", svc.ServiceVersions)
	e.mux.HandleFunc("/folder/", reg.door.guard(svc.ServeDatastore))
	e.mux.HandleFunc("/nfc/", simulator.ServeNFC)
	return e
}

// validLogin compares in constant time, so that the time of an answer says nothing about the password.
func validLogin(user, password string) func(*types.Login) bool {
	want := sha256.Sum256([]byte(user + "\x00" + password))
	return func(login *types.Login) bool {
		got := sha256.Sum256([]byte(login.UserName + "\x00" + login.Password))
		return subtle.ConstantTimeCompare(want[:], got[:]) == 1
	}
}

// Listen serves on an address. Where the endpoint served before, it stops once the new address answers.
func (e *Endpoint) Listen(ctx context.Context, at netip.AddrPort) error {
	config, err := e.tls(at.Addr())
	if err != nil {
		return fmt.Errorf("certificate for %s: %w", at.Addr(), err)
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", at.String())
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", at, err)
	}
	config = config.Clone()
	config.NextProtos = []string{"http/1.1"}
	server := &http.Server{Handler: wire.EmptyStrings(e.mux), ReadHeaderTimeout: 30 * time.Second, ErrorLog: quietLog(e)}

	e.mu.Lock()
	old := e.server
	e.server = server
	e.certificate = config.Certificates[0].Certificate[0]
	e.bound = listener.Addr().(*net.TCPAddr).AddrPort()
	bound := e.bound
	e.mu.Unlock()
	e.announce(bound)

	go func() {
		if err := server.Serve(tls.NewListener(listener, config)); !errors.Is(err, http.ErrServerClosed) {
			e.logf("%s: %v", e.name, err)
		}
	}()
	if old != nil {
		go func() { _ = shutdown(old) }() // Nobody is left to be told.
	}
	e.logf("%s: SDK on https://%s", e.name, bound)
	return nil
}

// CertificatePEM is the certificate that it shows, as hosts tell theirs; nil before the endpoint listens.
func (e *Endpoint) CertificatePEM() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.certificate == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.certificate})
}

// announce tells the simulator its own URL, which it puts in the links that it hands out.
func (e *Endpoint) announce(at netip.AddrPort) {
	ctx := e.reg.Context()
	settings := e.reg.OptionManager()
	e.reg.WithLock(ctx, settings.Reference(), func() {
		settings.UpdateOptions(&types.UpdateOptions{ChangedValue: []types.BaseOptionValue{
			&types.OptionValue{Key: "vcsim.server.url", Value: "https://" + at.String() + e.reg.Path},
		}})
	})
	manager := e.reg.SessionManager()
	manager.ServiceHostName = at.String()
}

func (e *Endpoint) Addr() netip.AddrPort {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.bound
}

// Thumbprint is the SHA-1 of the certificate, in the form of the API; empty before the endpoint listens.
func (e *Endpoint) Thumbprint() string {
	if e == nil {
		return ""
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.certificate == nil {
		return ""
	}
	return Thumbprint(sha1.Sum(e.certificate)) //nolint:gosec // The API names certificates by their SHA-1.
}

// Close stops listening and lets running requests end.
func (e *Endpoint) Close() error {
	e.mu.Lock()
	server := e.server
	e.server = nil
	e.mu.Unlock()
	if server == nil {
		return nil
	}
	return shutdown(server)
}

func shutdown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}
