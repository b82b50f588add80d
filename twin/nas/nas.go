// SPDX-License-Identifier: GPL-3.0-or-later

// Package nas is a network storage server with the interfaces of FreeNAS and TrueNAS CORE: the REST API v2.0 over
// HTTPS, and iSCSI. Pools and datasets are kept as accounts only; zvols are sparse files, served by a real tgtd.
package nas

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"livelab.dev/twin/nas/tgt"
)

// Version is what the NAS says it is.
const Version = "TrueNAS-13.0-U6.2"

// GiB is 2^30 bytes.
const GiB = int64(1) << 30

// Disk is a physical disk of the NAS. Nothing is stored on it: it is the room that pools are made of.
type Disk struct {
	Name   string // as FreeBSD names it, "da1"
	Size   int64  // bytes
	System bool   // holds the operating system; pools cannot have it
}

// Config says what a NAS is to be.
type Config struct {
	Dir    string // where its state and its zvols are kept; made when missing, without commas in its path
	RunDir string // for sockets; made when empty, away from Dir when that path is too long for a socket
	Listen string // host:port of the REST API
	// Portals are host:port addresses on which the NAS may serve iSCSI. Their hosts and Listen's are its own addresses;
	// the portals themselves are made by the API.
	Portals  []string
	Username string // default "root"
	Password string
	APIKey   string // accepted as Bearer token beside the keys made by the API; empty for none
	Hostname string // default "freenas.local"
	Disks    []Disk // default da0 (system), da1 and da2, 32 GiB each
	TLS      *tls.Config
	Logf     func(format string, args ...any) // default: nowhere
}

// Server is a NAS.
type Server struct {
	cfg       Config
	addresses []netip.Addr
	started   time.Time
	http      *http.Server
	listener  net.Listener

	mu    sync.RWMutex // guards state, jobs and service
	state *State
	jobs  []*Job

	service *service
}

// New prepares a NAS from what Dir holds, or a newly installed one. It opens no port; Start does.
func New(cfg Config) (*Server, error) {
	if cfg.Logf == nil {
		cfg.Logf = func(string, ...any) {}
	}
	if cfg.Username == "" {
		cfg.Username = "root"
	}
	if cfg.Hostname == "" {
		cfg.Hostname = "freenas.local"
	}
	if cfg.Disks == nil {
		cfg.Disks = []Disk{{"da0", 32 * GiB, true}, {"da1", 32 * GiB, false}, {"da2", 32 * GiB, false}}
	}
	if cfg.Password == "" || cfg.TLS == nil {
		return nil, errors.New("nas: a password and a TLS configuration are required")
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	cfg.Dir = dir
	if err := tgt.Check("nas: directory", dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, started: time.Now()}
	if s.addresses, err = ownAddresses(cfg); err != nil {
		return nil, err
	}
	if s.state, err = loadState(s.statePath()); err != nil {
		return nil, err
	}
	s.service = newService(s)
	return s, nil
}

func ownAddresses(cfg Config) ([]netip.Addr, error) {
	var all []netip.Addr
	for _, address := range append([]string{cfg.Listen}, cfg.Portals...) {
		a, err := netip.ParseAddrPort(address)
		if err != nil {
			return nil, fmt.Errorf("nas: address %q is not an IP address and a port: %w", address, err)
		}
		all = append(all, a.Addr())
	}
	return all, nil
}

// Start opens the REST API and, where its service is set to start automatically, iSCSI. The NAS runs until Close or
// until ctx ends.
func (s *Server) Start(ctx context.Context) error {
	l, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("nas: API: %w", err)
	}
	s.listener = tls.NewListener(l, s.cfg.TLS)
	if s.state.Service.Enable {
		if err := s.service.start(s.state); err != nil {
			return errors.Join(fmt.Errorf("nas: iSCSI: %w", err), s.Close())
		}
	}
	s.http = &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: newErrorLog(s.cfg.Logf),
	}
	go func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.cfg.Logf("nas: API: %v", err)
		}
	}()
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return nil
}

// Close ends the API, iSCSI and tgtd. The state stays on disk. Closing twice does nothing.
func (s *Server) Close() error {
	var err error
	if s.http != nil {
		err = s.http.Close()
	}
	if s.listener != nil {
		if e := s.listener.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	s.service.close()
	return err
}

// TargetPID is tgtd's process id, or 0 when iSCSI is not running.
func (s *Server) TargetPID() int { return s.service.pid() }
