// SPDX-License-Identifier: GPL-3.0-or-later

package nas_test

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"livelab.dev/twin/iscsi"
	"livelab.dev/twin/nas"
	"livelab.dev/twin/nas/nastest"
)

// A target without a group is nowhere, whatever else it has.
func TestTargetWithoutPortal(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	n.OK("PUT", "/iscsi/target/id/1", M{"groups": []M{}})
	if targets, err := iscsi.Discover(t.Context(), n.Portal, iscsi.Auth{}); err != nil || len(targets) != 0 {
		t.Errorf("discovery: %v %v", targets, err)
	}
	if _, err := iscsi.ListLUNs(t.Context(), iscsi.Target{Portal: n.Portal, IQN: iqn}, iscsi.Auth{}); err == nil {
		t.Error("a login went well")
	}
}

// From 22.12 on a target says from which networks it is reached.
func TestNetworksOfATarget(t *testing.T) {
	n := nastest.Start(t, nastest.Version("24.10"))
	rest{version(t, "24.10")}.setUp(n, strings.TrimSuffix(n.Portal, ":3260"))
	mutual := iscsi.Auth{User: "esxi", Password: secret}
	seen := func() int {
		targets, err := iscsi.Discover(t.Context(), n.Portal, mutual)
		if err != nil {
			t.Fatal(err)
		}
		return len(targets)
	}
	if seen() != 1 {
		t.Fatal("not seen from anywhere")
	}
	n.OK("PUT", "/iscsi/target/id/1", M{"auth_networks": []string{"10.0.0.0/8"}})
	if seen() != 0 {
		t.Error("seen from another network")
	}
	n.OK("PUT", "/iscsi/target/id/1", M{"auth_networks": []string{"127.0.0.0/8"}})
	if seen() != 1 {
		t.Error("not seen from its own network")
	}
}

// Up to 24.10 a portal asks for CHAP at discovery.
func TestDiscoveryCHAP(t *testing.T) {
	n := nastest.Start(t)
	n.Serve(64 * MiB)
	n.OK("POST", "/iscsi/auth", M{"tag": 3, "user": "finder", "secret": secret, "peeruser": "nas", "peersecret": peerSecret})
	refuses(t, n, "PUT", "/iscsi/portal/id/1", M{"discovery_authmethod": "CHAP"}, "iscsiportal_update.discovery_authgroup", "no group")
	refuses(t, n, "PUT", "/iscsi/portal/id/1", M{"discovery_authmethod": "CHAP", "discovery_authgroup": 9}, "iscsiportal_update.discovery_authgroup", "unknown group")
	n.OK("PUT", "/iscsi/portal/id/1", M{"discovery_authmethod": "CHAP", "discovery_authgroup": 3})
	find := func(auth iscsi.Auth) error {
		_, err := iscsi.Discover(t.Context(), n.Portal, auth)
		return err
	}
	for name, auth := range map[string]iscsi.Auth{"nobody": {}, "a wrong secret": {User: "finder", Password: "wrong-chars-x"}} {
		if err := find(auth); !errors.Is(err, iscsi.ErrAuth) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := iscsi.Auth{User: "finder", Password: secret}
	if err := find(good); err != nil {
		t.Error(err)
	}
	if status, answer := n.Call("", "DELETE", "/iscsi/auth/id/1", nil); status != 422 {
		t.Errorf("the user of a discovery is removed: %d %v", status, answer)
	}
	n.OK("PUT", "/iscsi/auth/id/1", M{"secret": "another-secret"})
	if err := find(good); !errors.Is(err, iscsi.ErrAuth) {
		t.Errorf("the old secret: %v", err)
	}
	n.OK("PUT", "/iscsi/portal/id/1", M{"discovery_authmethod": "NONE", "discovery_authgroup": nil})
	if err := find(iscsi.Auth{}); err != nil {
		t.Errorf("CHAP is off: %v", err)
	}
}

// What differs between versions beside the fields.
func TestRulesOfVersions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lun     int  // the greatest
		serial  int  // the longest
		shared  bool // an extent on two targets
		rawDisk bool
	}{"11.3": {1023, 16, true, true}, "13.0": {1023, 16, true, true}, "22.12": {16382, 20, false, false}, "25.10": {16382, 20, false, false}} {
		n := nastest.Start(t, nastest.Version(name))
		v := version(t, name)
		n.Wait(n.OK("POST", "/pool", M{"name": "tank", "topology": M{"data": []M{{"type": "STRIPE", "disks": []string{disk(v)}}}}}))
		n.OK("POST", "/pool/dataset", M{"name": "tank/a", "type": "VOLUME", "volsize": 64 * MiB})
		extent := n.Create("/iscsi/extent", M{"name": "a", "disk": "zvol/tank/a", "serial": strings.Repeat("7", c.serial)})
		one, two := n.Create("/iscsi/target", M{"name": "one"}), n.Create("/iscsi/target", M{"name": "two"})
		status := func(method, path string, body M) int {
			status, _ := n.Call("", method, path, body)
			return status
		}
		ok := map[bool]int{true: 200, false: 422}
		for what, got := range map[string][2]int{
			"a LUN id above the greatest": {status("POST", "/iscsi/targetextent", M{"target": one, "extent": extent, "lunid": c.lun + 1}), 422},
			"the greatest LUN id":         {status("POST", "/iscsi/targetextent", M{"target": one, "extent": extent, "lunid": c.lun}), 200},
			"a long serial number":        {status("PUT", "/iscsi/extent/id/1", M{"serial": strings.Repeat("7", c.serial+1)}), 422},
		} {
			if got[0] != got[1] {
				t.Errorf("%s, %s: %d", name, what, got[0])
			}
		}
		if got := status("POST", "/iscsi/targetextent", M{"target": two, "extent": extent}); got != ok[c.shared] {
			t.Errorf("%s: an extent on a second target: %d", name, got)
		}
		if got := status("POST", "/iscsi/extent", M{"name": "raw", "disk": "da2"}); got != ok[c.rawDisk] {
			t.Errorf("%s: a whole disk: %d", name, got)
		}
	}
}

// A disk of a pool that is not imported is told of as the version does.
func TestExportedPool(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"13.0": "da1:<nil> da2:<nil>", "22.12": "sdb:old sdc:<nil>", "24.10": "sdc:<nil>", "25.10": "sdc:<nil>"} {
		n := nastest.Start(t, nastest.Version(name), func(c *nas.Config) {
			c.Disks = []nas.Disk{{Size: 8 * nas.GiB, System: true}, {Size: 8 * nas.GiB, ExportedPool: "old"}, {Size: 8 * nas.GiB}}
		})
		var free []string
		for _, row := range n.OK("POST", "/disk/get_unused", false).([]any) {
			free = append(free, fmt.Sprintf("%v:%v", row.(M)["name"], row.(M)["exported_zpool"]))
		}
		if got := strings.Join(free, " "); got != want {
			t.Errorf("%s: free are %s, want %s", name, got, want)
		}
		if _, told := n.OK("GET", "/disk", nil).([]any)[1].(M)["exported_zpool"]; told {
			t.Errorf("%s: disk.query tells of exported pools", name)
		}
	}
	n := nastest.Start(t, nastest.Version("25.10"), func(c *nas.Config) {
		c.Disks = []nas.Disk{{Size: 8 * nas.GiB, System: true}, {Size: 8 * nas.GiB, ExportedPool: "old"}}
	})
	details := n.OK("POST", "/disk/details", M{}).(M)
	if used := details["used"].([]any); len(used) != 2 || used[0].(M)["imported_zpool"] != "boot-pool" || used[1].(M)["exported_zpool"] != "old" {
		t.Errorf("details: %v", details)
	}
}

// An extent tells initiators the block size of its zvol, unless it was told not to.
func TestPhysicalBlocks(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	tool, err := exec.LookPath("iscsi-readcapacity16")
	if err != nil {
		t.Skip("not run: iscsi-readcapacity16 is not installed (Debian's package libiscsi-bin)")
	}
	exponent := func() string {
		out, err := exec.Command(tool, "iscsi://"+n.Portal+"/"+iqn+"/0").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			if _, value, ok := strings.Cut(line, "PHYSICAL BLOCK EXPONENT:"); ok {
				return strings.Fields(value)[0]
			}
		}
		return string(out)
	}
	if got := exponent(); got != "5" { // 16 KiB are 32 blocks of 512 bytes
		t.Errorf("exponent %s, want 5", got)
	}
	n.OK("PUT", "/iscsi/extent/id/1", M{"pblocksize": true})
	if got := exponent(); got != "0" {
		t.Errorf("switched off, exponent %s", got)
	}
}
