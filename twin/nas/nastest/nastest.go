// SPDX-License-Identifier: GPL-3.0-or-later

// Package nastest brings up a NAS for a test, on loopback addresses of its own, and talks to its REST API.
package nastest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"livelab.dev/twin/nas"
	"livelab.dev/twin/nas/tgt"
)

// NAS is a running NAS and the means to ask it.
type NAS struct {
	*nas.Server
	Config nas.Config
	Portal string // host:port for iSCSI; the portal itself is made by Serve or by the test
	URL    string // of the API, up to v2.0

	client *http.Client
	tb     testing.TB
}

// Password is root's.
const Password = "nas-test-password"

// RequireTarget skips a test where there is no tgtd.
func RequireTarget(tb testing.TB) {
	tb.Helper()
	if _, err := tgt.Find(); err != nil {
		tb.Skip(err)
	}
}

// Start brings up a newly installed NAS that ends with the test, of version 13.0 where nothing else is said. Each change may alter what it is.
func Start(tb testing.TB, changes ...func(*nas.Config)) *NAS {
	tb.Helper()
	host := address(tb)
	cfg := nas.Config{
		Dir: tb.TempDir(), Listen: host + ":8443", Portals: []string{host + ":3260"}, Password: Password, Version: "13.0",
		TLS:  certificate(tb, host),
		Logf: func(format string, args ...any) { fmt.Fprintf(tb.Output(), format+"\n", args...) },
	}
	pool := x509.NewCertPool()
	pool.AddCert(cfg.TLS.Certificates[0].Leaf)
	for _, change := range changes {
		change(&cfg)
	}
	n := &NAS{Config: cfg, Portal: cfg.Portals[0], URL: "https://" + cfg.Listen + "/api/v2.0", tb: tb,
		client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}}
	n.boot()
	tb.Cleanup(func() { n.Stop() })
	return n
}

// Version makes a NAS one of a version.
func Version(name string) func(*nas.Config) { return func(c *nas.Config) { c.Version = name } }

func (n *NAS) boot() {
	n.tb.Helper()
	server, err := nas.New(n.Config)
	if err == nil {
		err = server.Start(context.Background())
	}
	if err != nil {
		n.tb.Fatal(err)
	}
	n.Server = server
}

// Stop ends the NAS as a shutdown does.
func (n *NAS) Stop() {
	n.client.CloseIdleConnections()
	if err := n.Close(); err != nil {
		n.tb.Errorf("closing the NAS: %v", err)
	}
}

// Restart ends the NAS and brings it up again from what it has kept.
func (n *NAS) Restart() {
	n.tb.Helper()
	n.Stop()
	n.boot()
}

var (
	mu   sync.Mutex
	used = map[string]bool{}
)

// address is a loopback address that no other test has, so that ports need not be looked for.
func address(tb testing.TB) string {
	mu.Lock()
	defer mu.Unlock()
	for range 100 {
		var b [3]byte
		_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
		host := fmt.Sprintf("127.%d.%d.%d", 100+b[0]%100, b[1], 1+b[2]%250)
		l, err := net.Listen("tcp", host+":3260")
		if err == nil && !used[host] {
			used[host] = true
			_ = l.Close()
			return host
		}
	}
	tb.Fatal("no free loopback address")
	return ""
}

func certificate(tb testing.TB, host string) *tls.Config {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.ParseIP(host)}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}}}
}

// Call sends a request to API v2.0 with credentials in an Authorization header (none: root's) and returns status and
// answer. A nil body is none.
func (n *NAS) Call(authorization, method, path string, body any) (int, any) {
	n.tb.Helper()
	return n.send(authorization, method, n.URL+path, body)
}

// V1 sends a request to API v1.0 as root.
func (n *NAS) V1(method, path string, body any) (int, any) {
	n.tb.Helper()
	return n.send("", method, "https://"+n.Config.Listen+"/api/v1.0/"+path, body)
}

func (n *NAS) send(authorization, method, url string, body any) (int, any) {
	n.tb.Helper()
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			n.tb.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequest(method, url, reader)
	if err != nil {
		n.tb.Fatal(err)
	}
	req.SetBasicAuth("root", Password)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := n.client.Do(req)
	if err != nil {
		n.tb.Fatal(err)
	}
	return read(n.tb, resp)
}

// OK sends a request that must be answered with 200 and returns the answer.
func (n *NAS) OK(method, path string, body any) any {
	n.tb.Helper()
	status, answer := n.Call("", method, path, body)
	if status != http.StatusOK {
		n.tb.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	return answer
}

// Create posts an object and returns its id.
func (n *NAS) Create(path string, body any) int {
	n.tb.Helper()
	object, ok := n.OK("POST", path, body).(map[string]any)
	if !ok {
		n.tb.Fatalf("POST %s answers no object", path)
	}
	id, _ := object["id"].(float64)
	return int(id)
}

// M is a JSON object.
type M = map[string]any

// Pool makes a pool "tank" on da1 and waits for it.
func (n *NAS) Pool() {
	n.tb.Helper()
	disks := []M{{"type": "STRIPE", "disks": []string{"da1"}}}
	job := n.OK("POST", "/pool", M{"name": "tank", "topology": M{"data": disks}})
	if state := n.Wait(job); state["state"] != "SUCCESS" {
		n.tb.Fatalf("pool.create: %v", state["error"])
	}
}

// Wait waits for a job's end and returns the job.
func (n *NAS) Wait(job any) M {
	n.tb.Helper()
	for range 500 {
		list, _ := n.OK("GET", fmt.Sprintf("/core/get_jobs?id=%v", job), nil).([]any)
		if len(list) == 1 {
			if j, _ := list[0].(M); j["state"] != "RUNNING" {
				return j
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	n.tb.Fatalf("job %v does not end", job)
	return nil
}

// Serve makes pool, portal, target "vmware" and a zvol of a size in bytes at its LUN 0, and starts iSCSI. It returns
// the target's iqn.
func (n *NAS) Serve(size int64) string {
	n.tb.Helper()
	RequireTarget(n.tb)
	n.Pool()
	portal := n.Create("/iscsi/portal", M{"listen": []M{{"ip": host(n.Portal), "port": 3260}}})
	target := n.Create("/iscsi/target", M{"name": "vmware", "groups": []M{{"portal": portal}}})
	n.AddLUN(target, 0, "vmware", size)
	n.OK("PUT", "/service/id/iscsitarget", M{"enable": true})
	n.OK("POST", "/service/start", M{"service": "iscsitarget"})
	return "iqn.2005-10.org.freenas.ctl:vmware"
}

// AddLUN makes a sparse zvol and its extent and gives it to a target; it returns the extent's id.
func (n *NAS) AddLUN(target, lun int, name string, size int64) int {
	n.tb.Helper()
	n.OK("POST", "/pool/dataset", M{"name": "tank/" + name, "type": "VOLUME", "volsize": size, "sparse": true})
	extent := n.Create("/iscsi/extent", M{"name": name, "type": "DISK", "disk": "zvol/tank/" + name})
	n.Create("/iscsi/targetextent", M{"target": target, "extent": extent, "lunid": lun})
	return extent
}

func host(address string) string {
	h, _, _ := net.SplitHostPort(address)
	return h
}

// Get asks for a path of the server without any login.
func (n *NAS) Get(path string) (int, any) {
	n.tb.Helper()
	resp, err := n.client.Get("https://" + n.Config.Listen + path)
	if err != nil {
		n.tb.Fatal(err)
	}
	return read(n.tb, resp)
}

// read is a response's status and body, JSON or text.
func read(tb testing.TB, resp *http.Response) (int, any) {
	tb.Helper()
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	var answer any
	if json.Unmarshal(data, &answer) != nil {
		answer = string(data)
	}
	return resp.StatusCode, answer
}

// Context is the test's.
func (n *NAS) Context() context.Context { return n.tb.Context() }

// Errorf fails the test.
func (n *NAS) Errorf(format string, args ...any) {
	n.tb.Helper()
	n.tb.Errorf(format, args...)
}

// TargetPID is tgtd's process id as the API tells it, or 0 when iSCSI is not running.
func (n *NAS) TargetPID() int {
	n.tb.Helper()
	services := n.OK("GET", "/service?service=iscsitarget", nil).([]any)
	for _, pid := range services[0].(map[string]any)["pids"].([]any) {
		return int(pid.(float64))
	}
	return 0
}
