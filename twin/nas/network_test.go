// SPDX-License-Identifier: GPL-3.0-or-later

package nas_test

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"livelab.dev/twin/iscsi"
	"livelab.dev/twin/nas/nastest"
)

// neighbour is an address beside the NAS's own that nobody has.
func neighbour(n *nastest.NAS) (own, other string) {
	own = strings.TrimSuffix(n.Portal, ":3260")
	return own, own[:strings.LastIndex(own, ".")] + ".253"
}

func reaches(host string) bool {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", host+":8443", &tls.Config{InsecureSkipVerify: true})
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// alias is an adapter's settings with these addresses.
func alias(addresses ...string) M {
	list := []M{}
	for _, a := range addresses {
		list = append(list, M{"type": "INET", "address": a, "netmask": 24})
	}
	return M{"aliases": list}
}

// A new address is on trial: what was before comes back by itself, unless it is confirmed.
func TestNetworkOnTrial(t *testing.T) {
	t.Parallel()
	n := nastest.Start(t, nastest.Version("25.10"))
	own, other := neighbour(n)
	c := n.Login()
	name := c.OK("interface.query").([]any)[0].(M)["id"]
	update := func(settings M) { c.OK("interface.update", name, settings) }
	pending := func() any { return c.OK("interface.has_pending_changes") }

	update(alias(other))
	if pending() != true || reaches(other) {
		t.Errorf("before the commit: pending %v, reached %v", pending(), reaches(other))
	}
	c.OK("interface.rollback")
	if pending() != false {
		t.Error("pending after a rollback")
	}

	update(alias(own, other))
	c.OK("interface.commit", M{"checkin_timeout": 1})
	if !reaches(other) || !reaches(own) {
		t.Error("the new address does not answer")
	}
	for end := time.Now().Add(10 * time.Second); reaches(other); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody has confirmed the new address, and it stays")
		}
	}
	if pending() != false || !reaches(own) {
		t.Error("what was before has not come back")
	}

	update(alias(own, other))
	c.OK("interface.commit", M{"checkin_timeout": 2})
	if left := c.OK("interface.checkin_waiting"); left == nil {
		t.Error("nothing is waited for")
	}
	c.OK("interface.checkin")
	time.Sleep(2500 * time.Millisecond)
	if !reaches(other) || pending() != false {
		t.Error("confirmed, and gone all the same")
	}
	n.Restart()
	if !reaches(other) {
		t.Error("gone with a restart")
	}
}

// A portal goes with its address, and with it the sessions there.
func TestPortalsFollowAddresses(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	own, other := neighbour(n)
	put := func(settings M) {
		n.OK("PUT", "/interface/id/em0", settings)
		n.OK("POST", "/interface/commit", M{"rollback": false})
	}
	put(alias(own, other))
	second := n.Create("/iscsi/portal", M{"listen": []M{{"ip": other, "port": 3260}}})
	n.OK("PUT", "/iscsi/target/id/1", M{"groups": []M{{"portal": 1}, {"portal": second}}})
	if list := luns(t, other+":3260", iqn, iscsi.Auth{}); len(list) != 1 {
		t.Errorf("LUNs at the second address: %v", list)
	}
	put(alias(own))
	if _, err := iscsi.Discover(t.Context(), other+":3260", iscsi.Auth{}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the address is gone: %v", err)
	}
	refuses(t, n, "PUT", "/interface/id/em0", alias("192.168.1.5"), "interface_update.aliases.0.address", "not loopback")
	refuses(t, n, "PUT", "/network/configuration", M{"hostname": "no_host"}, "global_configuration_update.hostname", "host name")
	refuses(t, n, "PUT", "/system/general", M{"timezone": "Europe/Atlantis"}, "general_settings.timezone", "time zone")
	if s := n.OK("PUT", "/system/general", M{"language": "es", "kbdmap": "es", "timezone": "Europe/Madrid"}).(M); s["timezone"] != "Europe/Madrid" || s["language"] != "es" {
		t.Errorf("settings: %v", s)
	}
}
