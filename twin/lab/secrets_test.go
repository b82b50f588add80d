// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"crypto/x509"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func openDir(t *testing.T) Dir {
	t.Helper()
	d, err := OpenDir(filepath.Join(t.TempDir(), "lab"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSecretsAreMadeOnceAndForThisUserOnly(t *testing.T) {
	d := openDir(t)
	first, err := LoadSecrets(d)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadSecrets(d)
	if err != nil || first != second {
		t.Errorf("second load: %v, same %t", err, first == second)
	}
	if first.ESXi == first.NAS || len(first.ESXi) != 20 || len(first.CHAP) != 14 {
		t.Errorf("ESXi and NAS alike: %t; lengths %d and %d, want 20 and 14", first.ESXi == first.NAS, len(first.ESXi), len(first.CHAP))
	}
	if info, err := os.Stat(d.Secrets()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func TestSecretsOfTheUserStay(t *testing.T) {
	d := openDir(t)
	if err := os.WriteFile(d.Secrets(), []byte("lab_nas_password: chosen\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := LoadSecrets(d)
	if err != nil || s.NAS != "chosen" || s.ESXi == "" {
		t.Errorf("NAS password kept: %t, ESXi password made: %t, %v", s.NAS == "chosen", s.ESXi != "", err)
	}
	if info, err := os.Stat(d.Secrets()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func TestCertificatesStayAndVerify(t *testing.T) {
	d, address := openDir(t), netip.MustParseAddr("127.10.1.11")
	first, err := OpenAuthority(d)
	if err != nil {
		t.Fatal(err)
	}
	one, err := first.certificate(address)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenAuthority(d)
	if err != nil {
		t.Fatal(err)
	}
	two, err := again.certificate(address)
	if err != nil || thumbprint(one.Certificate[0]) != thumbprint(two.Certificate[0]) {
		t.Fatalf("another certificate after a restart: %v", err)
	}
	if _, err := two.Leaf.Verify(x509.VerifyOptions{DNSName: "127.10.1.11", Roots: again.Pool()}); err != nil {
		t.Errorf("for its own address: %v", err)
	}
	if _, err := two.Leaf.Verify(x509.VerifyOptions{DNSName: "127.10.1.12", Roots: again.Pool()}); err == nil {
		t.Error("it is accepted for another address")
	}
	if info, err := os.Stat(filepath.Join(string(d), "certs", "ca.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the key %v, %v; want 0600", info.Mode(), err)
	}
	if public, _ := os.ReadFile(d.CA()); strings.Contains(string(public), "PRIVATE") {
		t.Error("the public file holds the key")
	}
}

func TestLongDirectoriesGetAShortRunDirectory(t *testing.T) {
	d, err := OpenDir(filepath.Join(t.TempDir(), strings.Repeat("long/", 30)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(d.RunDir()) })
	if path := filepath.Join(d.RunDir(), longestSocketName); len(path) > maxSocket {
		t.Errorf("%s has %d bytes", path, len(path))
	}
	if _, err := OpenDir(string(d)); err != nil {
		t.Errorf("opened again: %v", err)
	}
}
