// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// probe connects to every endpoint as a client would: HTTPS ones with their certificate verified.
func probe(ctx context.Context, d Dir, endpoints []Endpoint) error {
	content, err := os.ReadFile(d.CA())
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(content)
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	secure := &tls.Dialer{NetDialer: dialer, Config: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	for _, e := range endpoints {
		dial, address := dialer.DialContext, e.URL
		if rest, https := strings.CutPrefix(e.URL, "https://"); https {
			dial, address = secure.DialContext, rest
		}
		conn, err := dial(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("%s does not answer: %w", e.Name, err)
		}
		_ = conn.Close()
	}
	return nil
}
