// SPDX-License-Identifier: GPL-3.0-or-later

package nas_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"livelab.dev/twin/iscsi"
	"livelab.dev/twin/nas"
	"livelab.dev/twin/nas/nastest"
	"livelab.dev/twin/nas/versions"
)

// dialect makes the same service by one form of the API: a pool, a portal, an initiator group, a CHAP user of two
// secrets, a target "vmware" with mutual CHAP, a zvol at LUN 5, and iSCSI started.
type dialect interface {
	setUp(n *nastest.NAS, host string)
	stop(n *nastest.NAS)
	// refused sends a portal with a field that the version does not know, and says what came back.
	refused(n *nastest.NAS, host string) string
}

// The secrets of the CHAP user.
const (
	secret     = "twelve-chars"
	peerSecret = "others-secret"
)

func version(t *testing.T, name string) *versions.Version {
	t.Helper()
	v, err := versions.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func onVersions(t *testing.T, do func(t *testing.T, n *nastest.NAS, d dialect, v *versions.Version)) {
	for _, name := range versions.Names() {
		v := version(t, name)
		dialects := map[string]dialect{}
		if v.V1 != nil {
			dialects["v1.0"] = first{v}
		}
		if v.REST {
			dialects["v2.0"] = rest{v}
		}
		if v.JSONRPC {
			dialects["JSON-RPC"] = &rpc{v: v}
		}
		for kind, d := range dialects {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				do(t, nastest.Start(t, nastest.Version(name), func(c *nas.Config) { c.APIKey = "1-key" }), d, v)
			})
		}
	}
}

// From an empty NAS to a LUN that can be reached, in each version through each of its dialects.
func TestEachVersionServesALUN(t *testing.T) {
	nastest.RequireTarget(t)
	onVersions(t, func(t *testing.T, n *nastest.NAS, d dialect, v *versions.Version) {
		host := strings.TrimSuffix(n.Portal, ":3260")
		if _, err := iscsi.Discover(t.Context(), n.Portal, iscsi.Auth{}); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("before the service runs: %v", err)
		}
		d.setUp(n, host)
		mutual := iscsi.Auth{User: "esxi", Password: secret, MutualUser: "nas", MutualPassword: peerSecret}
		targets, err := iscsi.Discover(t.Context(), n.Portal, mutual)
		if err != nil || len(targets) != 1 || targets[0].Portal != n.Portal {
			t.Fatalf("discovery: %v %v", targets, err)
		}
		list, err := iscsi.ListLUNs(t.Context(), targets[0], mutual)
		if err != nil || len(list) != 1 || list[0].Number != 5 || list[0].Size != 64*MiB || list[0].BlockSize != 512 {
			t.Fatalf("LUNs: %+v %v", list, err)
		}
		for name, auth := range map[string]iscsi.Auth{"no credentials": {}, "a wrong secret": {User: "esxi", Password: "wrong-chars-x"}} {
			if _, err := iscsi.ListLUNs(t.Context(), targets[0], auth); !errors.Is(err, iscsi.ErrAuth) {
				t.Errorf("%s: %v", name, err)
			}
		}
		mutual.MutualPassword = "not-its-secret"
		if _, err := iscsi.ListLUNs(t.Context(), targets[0], mutual); !errors.Is(err, iscsi.ErrAuth) {
			t.Errorf("a target with another secret: %v", err)
		}
		n.Restart()
		mutual.MutualPassword = peerSecret
		if again, err := iscsi.ListLUNs(t.Context(), targets[0], mutual); err != nil || len(again) != 1 || again[0] != list[0] {
			t.Errorf("after a restart: %+v %v", again, err)
		}
		d.stop(n)
		if _, err := iscsi.Discover(t.Context(), n.Portal, mutual); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("the service is off: %v", err)
		}
	})
}

// What a version does not know it refuses, in its own words.
func TestEachVersionRefusesWhatItDoesNotKnow(t *testing.T) {
	onVersions(t, func(t *testing.T, n *nastest.NAS, d dialect, v *versions.Version) {
		want := map[string]string{
			"11.3":  "iscsiportal_create.listen Item#0 is not valid per list types: [EINVAL] listen.colour: Field was not expected",
			"25.04": "iscsi_portal_create.listen.0.colour Extra inputs are not permitted",
		}
		want["13.0"], want["22.12"], want["24.10"] = want["11.3"], want["11.3"], want["11.3"]
		want["25.10"], want["26.0"] = want["25.04"], want["25.04"]
		if _, old := d.(first); old {
			want[v.Name] = "colour Unknown field."
		}
		if got := d.refused(n, strings.TrimSuffix(n.Portal, ":3260")); got != want[v.Name] {
			t.Errorf("%s, want %s", got, want[v.Name])
		}
	})
}

// rest speaks API v2.0.
type rest struct{ v *versions.Version }

// listen is an entry of a portal as the version takes it.
func listen(v *versions.Version, host string) M {
	if v.GlobalPort {
		return M{"ip": host}
	}
	return M{"ip": host, "port": 3260}
}

// disk is the first free one.
func disk(v *versions.Version) string {
	if v.Linux {
		return "sdb"
	}
	return "da1"
}

func group(portal, initiator any) M {
	return M{"portal": portal, "initiator": initiator, "authmethod": "CHAP_MUTUAL", "auth": 7}
}

func (d rest) setUp(n *nastest.NAS, host string) {
	job := n.OK("POST", "/pool", M{"name": "tank", "topology": M{"data": []M{{"type": "STRIPE", "disks": []string{disk(d.v)}}}}})
	n.Wait(job)
	n.OK("POST", "/pool/dataset", M{"name": "tank/vm ware", "type": "VOLUME", "volsize": 64 * MiB, "sparse": true})
	portal := n.Create("/iscsi/portal", M{"listen": []M{listen(d.v, host)}})
	initiator := n.Create("/iscsi/initiator", M{"initiators": []string{iscsi.DefaultInitiator}})
	n.Create("/iscsi/auth", M{"tag": 7, "user": "esxi", "secret": secret, "peeruser": "nas", "peersecret": peerSecret})
	target := n.Create("/iscsi/target", M{"name": "vmware", "groups": []M{group(portal, initiator)}})
	extent := n.Create("/iscsi/extent", M{"name": "vmware", "disk": "zvol/tank/vm+ware"})
	n.Create("/iscsi/targetextent", M{"target": target, "extent": extent, "lunid": 5})
	n.OK("PUT", "/service/id/iscsitarget", M{"enable": true})
	n.OK("POST", "/service/start", M{"service": "iscsitarget"})
}

func (d rest) stop(n *nastest.NAS) { n.OK("POST", "/service/stop", M{"service": "iscsitarget"}) }

func (d rest) refused(n *nastest.NAS, host string) string {
	entry := listen(d.v, host)
	entry["colour"] = "green"
	status, answer := n.Call("", "POST", "/iscsi/portal", M{"listen": []M{entry}})
	for field, messages := range answer.(M) {
		if status == 422 {
			return fmt.Sprint(field, " ", messages.([]any)[0].(M)["message"])
		}
	}
	return fmt.Sprint(status, answer)
}

// rpc speaks JSON-RPC.
type rpc struct{ v *versions.Version }

func (d *rpc) setUp(n *nastest.NAS, host string) {
	c := n.Login()
	create := func(kind string, body M) any { return c.OK(kind+".create", body).(M)["id"] }
	c.Job("pool.create", M{"name": "tank", "topology": M{"data": []M{{"type": "STRIPE", "disks": []string{disk(d.v)}}}}})
	create("pool.dataset", M{"name": "tank/vm ware", "type": "VOLUME", "volsize": 64 * MiB, "sparse": true})
	portal := create("iscsi.portal", M{"listen": []M{{"ip": host}}})
	initiator := create("iscsi.initiator", M{"initiators": []string{iscsi.DefaultInitiator}})
	create("iscsi.auth", M{"tag": 7, "user": "esxi", "secret": secret, "peeruser": "nas", "peersecret": peerSecret, "discovery_auth": "CHAP"})
	target := create("iscsi.target", M{"name": "vmware", "groups": []M{group(portal, initiator)}})
	extent := create("iscsi.extent", M{"name": "vmware", "disk": "zvol/tank/vm+ware"})
	create("iscsi.targetextent", M{"target": target, "extent": extent, "lunid": 5})
	c.OK("service.update", "iscsitarget", M{"enable": true})
	d.control(c, "START")
	// Discovery takes the password, too.
	if _, err := iscsi.Discover(n.Context(), n.Portal, iscsi.Auth{}); !errors.Is(err, iscsi.ErrAuth) {
		n.Errorf("discovery without credentials: %v", err)
	}
}

// control starts or stops iSCSI as the version has it.
func (d *rpc) control(c *nastest.RPC, verb string) {
	if _, ok := d.v.Methods["service.control"]; ok {
		c.Job("service.control", verb, "iscsitarget")
		return
	}
	c.OK("service."+strings.ToLower(verb), "iscsitarget")
}

func (d *rpc) stop(n *nastest.NAS) { d.control(n.Login(), "STOP") }

func (d *rpc) refused(n *nastest.NAS, host string) string {
	_, err := n.Login().Call("iscsi.portal.create", M{"listen": []M{{"ip": host, "colour": "green"}}})
	var refused *nastest.RPCError
	if !errors.As(err, &refused) || refused.Code != -32602 {
		return fmt.Sprint(err)
	}
	first := refused.Data["extra"].([]any)[0].([]any)
	return fmt.Sprint(first[0], " ", first[1])
}
