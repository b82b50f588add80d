// SPDX-License-Identifier: GPL-3.0-or-later

package nas_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"livelab.dev/twin/nas/nastest"
	"livelab.dev/twin/nas/versions"
)

// field is a body with one thing in question, and the versions that take it.
type field struct {
	what, path string
	body       M
	// since and until are the first and the last version that takes it; empty for no bound.
	since, until string
}

var fields = []field{
	{"a port of a portal", "/iscsi/portal", M{"listen": []M{{"ip": "0.0.0.0", "port": 3260}}}, "", "13.0"},
	{"a portal's discovery authentication", "/iscsi/portal", M{"listen": []M{{"ip": "0.0.0.0"}}, "discovery_authmethod": "NONE"}, "", "24.10"},
	{"an initiator's tag", "/iscsi/initiator", M{"tag": 1}, "", "11.3"},
	{"an initiator's networks", "/iscsi/initiator", M{"auth_network": []string{"10.0.0.0/8"}}, "", "13.0"},
	{"a target's networks", "/iscsi/target", M{"name": "t", "auth_networks": []string{"10.0.0.0/8"}}, "22.12", ""},
	{"a target's parameters", "/iscsi/target", M{"name": "t", "iscsi_parameters": M{"QueuedCommands": 128}}, "25.04", ""},
	{"discovery by a CHAP user", "/iscsi/auth", M{"tag": 1, "user": "u", "secret": "twelve-chars", "discovery_auth": "CHAP"}, "25.04", ""},
	{"an extent's product", "/iscsi/extent", M{"name": "e", "disk": "zvol/tank/z", "product_id": "Disk"}, "25.10", ""},
	{"an extent switched off", "/iscsi/extent", M{"name": "e", "disk": "zvol/tank/z", "enabled": false}, "", ""},
	{"a long name", "/iscsi/extent", M{"name": strings.Repeat("n", 65), "disk": "zvol/tank/z"}, "", "13.0"},
	{"a file's size as a text", "/iscsi/extent", M{"name": "e", "type": "FILE", "path": "/mnt/tank/f", "filesize": "1048576"}, "", ""},
	{"a text for a number", "/iscsi/auth", M{"tag": "1", "user": "u", "secret": "twelve-chars"}, "", "24.10"},
	{"a number for a text", "/iscsi/initiator", M{"comment": 7}, "", "24.10"},
	{"an inherited property", "/pool/dataset", M{"name": "tank/d", "type": "FILESYSTEM", "sync": "INHERIT"}, "13.0", ""},
}

// Each version takes the fields that it has, by either dialect, and no others.
func TestFieldsOfEachVersion(t *testing.T) {
	t.Parallel()
	names := versions.Names()
	for i, name := range names {
		v := version(t, name)
		if !v.REST && !v.JSONRPC {
			continue
		}
		for _, f := range fields {
			takes := (f.since == "" || i >= slices.Index(names, f.since)) && (f.until == "" || i <= slices.Index(names, f.until))
			for _, way := range []string{"v2.0", "JSON-RPC"} {
				if way == "v2.0" && !v.REST || way == "JSON-RPC" && !v.JSONRPC {
					continue
				}
				if err := post(fresh(t, v), way, f); (err == nil) != takes {
					t.Errorf("%s by %s, %s: %v; taken should be %v", name, way, f.what, err, takes)
				}
			}
		}
	}
}

// fresh is a NAS of a version with a pool and a zvol.
func fresh(t *testing.T, v *versions.Version) *nastest.NAS {
	t.Helper()
	n := nastest.Start(t, nastest.Version(v.Name))
	pool := M{"name": "tank", "topology": M{"data": []M{{"type": "STRIPE", "disks": []string{disk(v)}}}}}
	zvol := M{"name": "tank/z", "type": "VOLUME", "volsize": 64 * MiB}
	if v.REST {
		n.Wait(n.OK("POST", "/pool", pool))
		n.OK("POST", "/pool/dataset", zvol)
	} else {
		c := n.Login()
		c.Job("pool.create", pool)
		c.OK("pool.dataset.create", zvol)
	}
	return n
}

// post sends a body one way or the other and says why it was refused.
func post(n *nastest.NAS, way string, f field) error {
	if way == "JSON-RPC" {
		_, err := n.Login().Call(strings.ReplaceAll(strings.Trim(f.path, "/"), "/", ".")+".create", f.body)
		return err
	}
	if status, answer := n.Call("", "POST", f.path, f.body); status != 200 {
		return errors.New(fmt.Sprint(status, " ", answer))
	}
	return nil
}
