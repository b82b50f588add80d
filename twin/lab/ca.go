// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	caLife = 10 * 365 * 24 * time.Hour
	// leafLife stays below the 825 days that some clients accept at most.
	leafLife = 800 * 24 * time.Hour
	// renewBefore is how long before its end a certificate is made anew.
	renewBefore = 30 * 24 * time.Hour
)

// Authority issues the endpoints' certificates. Certificates are kept in the directory, so that a thumbprint that was
// accepted once stays right when the twin starts again.
type Authority struct {
	dir  Dir
	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	mu     sync.Mutex
	issued map[netip.Addr]tls.Certificate
}

// OpenAuthority loads the certificate authority of a directory, or makes one that is good for 10 years.
func OpenAuthority(d Dir) (*Authority, error) {
	if err := os.MkdirAll(d.join("certs"), 0o700); err != nil {
		return nil, err
	}
	a := &Authority{dir: d, issued: map[netip.Addr]tls.Certificate{}}
	pair, err := a.load("ca")
	if errors.Is(err, fs.ErrNotExist) {
		pair, err = a.make("ca", &x509.Certificate{
			Subject:               pkix.Name{CommonName: "Data centre CA", Organization: []string{"labtwin"}},
			NotAfter:              time.Now().Add(caLife),
			IsCA:                  true,
			BasicConstraintsValid: true,
			KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		})
	}
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	a.cert, a.key = pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})
	return a, writeFile(d.CA(), public, 0o644)
}

// TLS is the server configuration of the endpoint on an address.
func (a *Authority) TLS(address netip.Addr) (*tls.Config, error) {
	pair, err := a.certificate(address)
	if err != nil {
		return nil, fmt.Errorf("certificate for %s: %w", address, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// Pool trusts this authority and no other.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func (a *Authority) certificate(address netip.Addr) (tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if pair, ok := a.issued[address]; ok {
		return pair, nil
	}
	pair, err := a.load(address.String())
	stale := err == nil && (time.Until(pair.Leaf.NotAfter) < renewBefore || pair.Leaf.CheckSignatureFrom(a.cert) != nil)
	if errors.Is(err, fs.ErrNotExist) || stale {
		pair, err = a.make(address.String(), &x509.Certificate{
			Subject:     pkix.Name{CommonName: address.String(), Organization: []string{"labtwin"}},
			NotAfter:    time.Now().Add(leafLife),
			IPAddresses: []net.IP{address.AsSlice()},
			KeyUsage:    x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		})
	}
	if err == nil {
		a.issued[address] = pair
	}
	return pair, err
}

// make creates a key and a certificate for it, signed by the authority or, for the authority itself, by that key.
func (a *Authority) make(name string, template *x509.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, err
	}
	template.SerialNumber = serial
	// An hour back: clocks of guests and hosts differ.
	template.NotBefore = time.Now().Add(-time.Hour)
	parent, signer := a.cert, a.key
	if template.IsCA {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	content = append(content, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	if err := writeFile(a.path(name), content, 0o600); err != nil {
		return tls.Certificate{}, err
	}
	return a.load(name)
}

// load reads a certificate and its key, which are in one file so that they always belong together.
func (a *Authority) load(name string) (tls.Certificate, error) {
	content, err := os.ReadFile(a.path(name))
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(content, content)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s: %w", a.path(name), err)
	}
	return pair, nil
}

func (a *Authority) path(name string) string {
	return filepath.Join(string(a.dir), "certs", name+".pem")
}
