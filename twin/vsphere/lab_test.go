// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/vcenter"
)

const (
	hostPassword    = "host-secret"
	vcenterPassword = "vcenter-secret"
)

// lab is a data centre of two hosts and a vCenter on free ports.
type lab struct {
	*Server
	t   *testing.T
	cfg Config
}

func newLab(t *testing.T, edit ...func(*Config)) *lab {
	t.Helper()
	cfg := Config{
		Dir: t.TempDir(),
		Hosts: []host.Config{
			{Number: 1, Addr: netip.MustParseAddrPort("127.0.61.1:0"), Password: hostPassword},
			{Number: 2, Addr: netip.MustParseAddrPort("127.0.61.2:0"), Password: hostPassword},
		},
		VCenter:  vcenter.Config{Addr: netip.MustParseAddrPort("127.0.61.20:0"), Password: vcenterPassword},
		TLS:      selfSigned(t),
		BootTime: 20 * time.Millisecond,
		Logf:     t.Logf,
	}
	for _, f := range edit {
		f(&cfg)
	}
	l := &lab{t: t, cfg: cfg}
	l.start()
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func (l *lab) start() {
	l.t.Helper()
	server, err := New(l.cfg)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := server.Start(context.Background()); err != nil {
		l.t.Fatal(err)
	}
	l.Server = server
}

// restart ends the data centre and makes it again from its directory.
func (l *lab) restart() {
	l.t.Helper()
	if err := l.Close(); err != nil {
		l.t.Fatal(err)
	}
	l.start()
}

func selfSigned(t *testing.T) func(netip.Addr) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return func(addr netip.Addr) (*tls.Config, error) {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: addr.String()},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IPAddresses: []net.IP{addr.AsSlice()},
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			return nil, err
		}
		return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, nil
	}
}

func (l *lab) client(addr netip.AddrPort, user, password string) (*vim25.Client, error) {
	u := &url.URL{Scheme: "https", Host: addr.String(), Path: "/sdk", User: url.UserPassword(user, password)}
	client, err := govmomi.NewClient(context.Background(), u, true)
	if err != nil {
		return nil, err
	}
	return client.Client, nil
}

// esx is a client of a host's own endpoint.
func (l *lab) esx(index int) *vim25.Client {
	l.t.Helper()
	client, err := l.client(l.Hosts()[index].Addr(), "root", hostPassword)
	if err != nil {
		l.t.Fatal(err)
	}
	return client
}

// vc is a client of vCenter.
func (l *lab) vc() *vim25.Client {
	l.t.Helper()
	client, err := l.client(l.VCenterAddr(), "administrator@vsphere.local", vcenterPassword)
	if err != nil {
		l.t.Fatal(err)
	}
	return client
}

var haHost = types.ManagedObjectReference{Type: "HostSystem", Value: "ha-host"}

// system reads a HostSystem's properties.
func system(t *testing.T, c *vim25.Client, ref types.ManagedObjectReference, properties ...string) mo.HostSystem {
	t.Helper()
	var host mo.HostSystem
	read(t, c, ref, &host, properties...)
	return host
}
