// SPDX-License-Identifier: GPL-3.0-or-later

package vcenter

import (
	"cmp"
	"context"
	"crypto/sha1" //nolint:gosec // As said where it is used.
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi"
	vimfault "github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// connectTimeout is how long vCenter tries to reach a host.
const connectTimeout = 20 * time.Second

// found is what vCenter learns by connecting to a host.
type found struct {
	host    *host.Host
	name    string
	summary types.HostListSummary
}

// connect logs in to a host as a client would, over TLS, and finds out which one it is. Faults: InvalidLogin, NoHost,
// NotSupportedHost, SSLVerifyFault.
func (vc *VCenter) connect(spec types.HostConnectSpec) (*found, *fault.Failure) {
	name, address, f := hostAddress(spec)
	if f != nil {
		return nil, f
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	certificate, err := PeerCertificate(ctx, address)
	if err != nil {
		return nil, fault.New(&types.NoHost{HostConnectFault: types.HostConnectFault{}, Name: name}, "Cannot contact the host %s: %v", address, err)
	}
	if f := checkThumbprint(vc.cfg.Version, name, certificate, spec.SslThumbprint); f != nil {
		return nil, f
	}
	summary, f := login(ctx, name, address, certificate, spec)
	if f != nil {
		return nil, f
	}
	for _, h := range vc.env.Hosts {
		if summary.Hardware.Uuid == h.Uuid() {
			return &found{host: h, name: name, summary: *summary}, nil
		}
	}
	return nil, notSupportedHost(name, "it is not one of this data centre's hosts")
}

// hostAddress splits a specification into the host's name in the inventory and the address to connect to.
func hostAddress(spec types.HostConnectSpec) (name, address string, f *fault.Failure) {
	name, port := spec.HostName, int(spec.Port)
	if host, text, err := net.SplitHostPort(name); err == nil {
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 || number > 65535 {
			return "", "", fault.Invalid("spec.hostName", "%q has no valid port", spec.HostName)
		}
		name, port = host, number
	}
	if name == "" {
		return "", "", fault.Invalid("spec.hostName", "a host needs a name or an address")
	}
	port = cmp.Or(port, 443)
	return name, net.JoinHostPort(name, strconv.Itoa(port)), nil
}

// PeerCertificate is the certificate that a server shows, not verified.
func PeerCertificate(ctx context.Context, address string) (*x509.Certificate, error) {
	dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // Its thumbprint is checked before anything is sent.
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// sha256Since is the first version of vCenter that names a host's certificate by its SHA-256; those before do by its SHA-1.
const sha256Since = 9

// checkThumbprint accepts a certificate that the client named by the digest that a version of vCenter has. From 9 on, one of another
// form is no thumbprint at all. Faults: InvalidArgument, SSLVerifyFault.
func checkThumbprint(version, name string, certificate *x509.Certificate, accepted string) *fault.Failure {
	digest, own := "SHA-1", Thumbprint1(certificate)
	if major(version) >= sha256Since {
		digest, own = "SHA-256", registry.Thumbprint(sha256.Sum256(certificate.Raw))
	}
	bare := func(thumbprint string) string { return strings.ToUpper(strings.ReplaceAll(thumbprint, ":", "")) }
	if bare(accepted) == bare(own) {
		return nil
	}
	refusal := &types.SSLVerifyFault{SelfSigned: certificate.Issuer.String() == certificate.Subject.String(), Thumbprint: own}
	switch {
	case accepted == "":
		return fault.New(refusal, "The certificate of the host %s is not verified. Its %s thumbprint is %s", name, digest, own)
	case major(version) >= sha256Since && len(bare(accepted)) != len(bare(own)):
		return fault.Invalid("spec.sslThumbprint", "%q is not a %s thumbprint", accepted, digest)
	}
	return fault.New(refusal, "The certificate of the host %s has not the accepted thumbprint %s. Its %s thumbprint is %s", name, accepted, digest, own)
}

// major is the first number of a product version.
func major(version string) int {
	first, _, _ := strings.Cut(version, ".")
	number, _ := strconv.Atoi(first)
	return number
}

// Thumbprint1 is a certificate's SHA-1, as clients of the API know it.
func Thumbprint1(certificate *x509.Certificate) string {
	return registry.Thumbprint(sha1.Sum(certificate.Raw)) //nolint:gosec // The API names certificates by their SHA-1.
}

// login reads a host's summary with the credentials given, trusting only the certificate that was checked.
func login(ctx context.Context, name, address string, certificate *x509.Certificate, spec types.HostConnectSpec) (*types.HostListSummary, *fault.Failure) {
	client := soap.NewClient(&url.URL{Scheme: "https", Host: address, Path: vim25.Path}, false)
	client.SetThumbprint(address, Thumbprint1(certificate))
	vim, err := vim25.NewClient(ctx, client)
	if err != nil {
		return nil, fault.New(&types.NoHost{Name: name}, "The host %s does not answer as a host: %v", address, err)
	}
	if vim.ServiceContent.About.ApiType != "HostAgent" {
		return nil, notSupportedHost(name, "it is a "+vim.ServiceContent.About.Name)
	}
	gov := &govmomi.Client{Client: vim, SessionManager: session.NewManager(vim)}
	if err := gov.Login(ctx, url.UserPassword(spec.UserName, spec.Password)); err != nil {
		if vimfault.Is(err, &types.InvalidLogin{}) {
			return nil, fault.New(&types.InvalidLogin{}, "Cannot log in to the host %s as %q: user name or password is wrong", name, spec.UserName)
		}
		return nil, fault.New(&types.NoHost{Name: name}, "Cannot log in to the host %s: %v", address, err)
	}
	defer func() { _ = gov.Logout(ctx) }()
	var system mo.HostSystem
	ref := types.ManagedObjectReference{Type: "HostSystem", Value: "ha-host"}
	if err := property.DefaultCollector(vim).RetrieveOne(ctx, ref, []string{"summary"}, &system); err != nil {
		return nil, fault.New(&types.NoHost{Name: name}, "Cannot read the host %s: %v", address, err)
	}
	return &system.Summary, nil
}

func notSupportedHost(name, why string) *fault.Failure {
	return fault.New(&types.NotSupportedHost{}, "The host %s cannot be managed: %s", name, why)
}
