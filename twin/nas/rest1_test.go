// SPDX-License-Identifier: GPL-3.0-or-later

package nas_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"livelab.dev/twin/nas"
	"livelab.dev/twin/nas/nastest"
	"livelab.dev/twin/nas/versions"
)

// first speaks API v1.0.
type first struct{ v *versions.Version }

// v1 posts an object, which must go well, and returns it.
func v1(n *nastest.NAS, path string, body M) M {
	status, answer := n.V1("POST", path+"/", body)
	object, ok := answer.(M)
	if status != 201 || !ok {
		n.Errorf("POST %s: %d %v", path, status, answer)
		return M{}
	}
	return object
}

func (d first) setUp(n *nastest.NAS, host string) {
	v1(n, "storage/volume", M{"volume_name": "tank", "layout": []M{{"vdevtype": "stripe", "disks": []string{"da1"}}}})
	v1(n, "storage/volume/tank/zvols", M{"name": "vmware", "volsize": "64M"})
	portal := v1(n, "services/iscsi/portal", M{"iscsi_target_portal_ips": []string{host + ":3260"}})["id"]
	initiator := v1(n, "services/iscsi/authorizedinitiator", M{"iscsi_target_initiator_initiators": "iqn.1998-01.com.vmware:livelab"})["id"]
	v1(n, "services/iscsi/authcredential", M{"iscsi_target_auth_tag": 7, "iscsi_target_auth_user": "esxi", "iscsi_target_auth_secret": secret,
		"iscsi_target_auth_peeruser": "nas", "iscsi_target_auth_peersecret": peerSecret})
	group := M{"iscsi_target_portalgroup": portal, "iscsi_target_initiatorgroup": initiator, "iscsi_target_authtype": "CHAP Mutual", "iscsi_target_authgroup": 7}
	target := M{"iscsi_target_name": "VMware"}
	if d.v.Name == "9.3.0" {
		for k, v := range group {
			target[k] = v
		}
	}
	id := v1(n, "services/iscsi/target", target)["id"]
	if d.v.Name != "9.3.0" {
		group["iscsi_target"] = id
		v1(n, "services/iscsi/targetgroup", group)
	}
	extent := v1(n, "services/iscsi/extent", M{"iscsi_target_extent_name": "vmware", "iscsi_target_extent_type": "Disk", "iscsi_target_extent_disk": "zvol/tank/vmware"})
	if extent["iscsi_target_extent_type"] != "ZVOL" || extent["iscsi_target_extent_path"] != "/dev/zvol/tank/vmware" {
		n.Errorf("an extent on a zvol is told as %v", extent)
	}
	v1(n, "services/iscsi/targettoextent", M{"iscsi_target": id, "iscsi_extent": extent["id"], "iscsi_lunid": 5})
	if status, answer := n.V1("PUT", "services/services/iscsitarget/", M{"srv_enable": true}); status != 200 || answer.(M)["srv_enable"] != true {
		n.Errorf("enabling iSCSI: %d %v", status, answer)
	}
}

func (d first) stop(n *nastest.NAS) {
	// While an initiator is logged in the service stays enabled; one that has just left is noticed a moment later.
	var answer any
	for range 100 {
		if _, answer = n.V1("PUT", "services/services/4/", M{"srv_enable": false}); answer.(M)["srv_enable"] == false {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	n.Errorf("disabling iSCSI: %v", answer)
}

func (d first) refused(n *nastest.NAS, host string) string {
	status, answer := n.V1("POST", "services/iscsi/portal/", M{"iscsi_target_portal_ips": []string{host + ":3260"}, "colour": "green"})
	for field, messages := range answer.(M) {
		if status == 409 {
			return fmt.Sprint(field, " ", messages.([]any)[0])
		}
	}
	return fmt.Sprint(status, answer)
}

func TestV1Traps(t *testing.T) {
	t.Parallel()
	n := nastest.Start(t, nastest.Version("9.3.1"))
	host := strings.TrimSuffix(n.Portal, ":3260")
	portal := v1(n, "services/iscsi/portal", M{"iscsi_target_portal_ips": []string{host + ":3260"}})
	v1(n, "storage/volume", M{"volume_name": "tank", "layout": []M{{"vdevtype": "stripe", "disks": []string{"da1"}}}})
	for i, name := range []string{"a", "b"} {
		v1(n, "storage/volume/1/zvols", M{"name": name, "volsize": "1G"})
		e := v1(n, "services/iscsi/extent", M{"iscsi_target_extent_name": name, "iscsi_target_extent_type": "Disk", "iscsi_target_extent_disk": "zvol/tank/" + name})
		if e["iscsi_target_extent_serial"] != "10000001" {
			t.Errorf("extent %d has serial %v", i, e["iscsi_target_extent_serial"])
		}
	}
	target := v1(n, "services/iscsi/target", M{"iscsi_target_name": "vmware", "iscsi_target_alias": "storage"})
	link := v1(n, "services/iscsi/targettoextent", M{"iscsi_target": target["id"], "iscsi_extent": 1, "iscsi_lunid": nil})
	group := v1(n, "services/iscsi/targetgroup", M{"iscsi_target": target["id"], "iscsi_target_portalgroup": portal["id"]})
	for _, c := range []struct {
		what, method, path string
		body               M
		status             int
		says               string
	}{
		{"a portal's own address again", "PUT", "services/iscsi/portal/1/", M{"iscsi_target_portal_ips": []string{host + ":3260"}}, 409, "This IP and port are already in use."},
		{"a change that changes nothing", "PUT", "services/iscsi/targettoextent/1/", M{"iscsi_target": target["id"], "iscsi_extent": 1, "iscsi_lunid": link["iscsi_lunid"]}, 409, "Extent is already in this target."},
		{"a LUN id above 14", "POST", "services/iscsi/targettoextent/", M{"iscsi_target": target["id"], "iscsi_extent": 2, "iscsi_lunid": 15}, 409, "iscsi_lunid"},
		{"one name twice", "POST", "services/iscsi/extent/", M{"iscsi_target_extent_name": "a", "iscsi_target_extent_type": "Disk", "iscsi_target_extent_disk": "zvol/tank/b"}, 409, "iscsi_target_extent_name:[Extent name must be unique]"},
		{"a zvol that is not there", "POST", "services/iscsi/extent/", M{"iscsi_target_extent_name": "c", "iscsi_target_extent_type": "Disk", "iscsi_target_extent_disk": "zvol/tank/c"}, 409, "iscsi_target_extent_disk"},
		{"a wrong word", "POST", "services/iscsi/targetgroup/", M{"iscsi_target": 1, "iscsi_target_portalgroup": 1, "iscsi_target_authtype": "chap"}, 409, "Select a valid choice"},
		{"a portal that is not there", "POST", "services/iscsi/targetgroup/", M{"iscsi_target": 1, "iscsi_target_portalgroup": 9}, 409, "iscsi_target_portalgroup"},
		{"no name", "POST", "services/iscsi/target/", M{"iscsi_target_mode": "iscsi"}, 409, "iscsi_target_name:[This field is required.]"},
		{"a disk in use", "POST", "storage/volume/", M{"volume_name": "other", "layout": []M{{"vdevtype": "stripe", "disks": []string{"da1"}}}}, 409, "already in use"},
		{"a zvol larger than the pool", "POST", "storage/volume/tank/zvols/", M{"name": "huge", "volsize": "64G", "sparse": false}, 400, "out of space"},
		{"a zvol twice", "POST", "storage/volume/tank/zvols/", M{"name": "a", "volsize": "1G"}, 400, "__all__"},
		{"no such object", "PUT", "services/iscsi/target/9/", M{"iscsi_target_alias": "x"}, 404, ""},
		{"no such resource", "GET", "services/iscsi/nothing/", nil, 404, ""},
		{"a verb that it has not", "POST", "services/iscsi/target/1/", M{}, 405, ""},
		{"an alias that is null stays", "PUT", "services/iscsi/target/1/", M{"iscsi_target_alias": nil}, 200, "iscsi_target_alias:storage"},
	} {
		var body any
		if c.body != nil {
			body = c.body
		}
		if status, answer := n.V1(c.method, c.path, body); status != c.status || !strings.Contains(fmt.Sprint(answer), c.says) {
			t.Errorf("%s: %d %v", c.what, status, answer)
		}
	}
	if group["iscsi_target_authtype"] != "None" || group["iscsi_target_initialdigest"] != "Auto" {
		t.Errorf("a group: %v", group)
	}
}

// A volume's name that is there already takes the disks into that volume.
func TestV1ExtendsByAccident(t *testing.T) {
	t.Parallel()
	n := nastest.Start(t, nastest.Version("9.3.0"))
	for _, disk := range []string{"da1", "da2"} {
		v1(n, "storage/volume", M{"volume_name": "tank", "layout": []M{{"vdevtype": "stripe", "disks": []string{disk}}}})
	}
	_, list := n.V1("GET", "storage/volume/", nil)
	if volumes := list.([]any); len(volumes) != 1 || volumes[0].(M)["avail"].(float64) != float64(62*nas.GiB) {
		t.Errorf("volumes: %v", list)
	}
	if status, _ := n.V1("GET", "services/iscsi/targetgroup/", nil); status != 404 {
		t.Errorf("9.3.0 has target groups: %d", status)
	}
	if status, _ := n.V1("DELETE", "storage/volume/tank/", nil); status != 204 {
		t.Errorf("deleting: %d", status)
	}
}

func TestV1ListsAndTags(t *testing.T) {
	t.Parallel()
	n := nastest.Start(t, nastest.Version("9.3.1"))
	host := strings.TrimSuffix(n.Portal, ":3260")
	for i := range 25 {
		v1(n, "services/iscsi/portal", M{"iscsi_target_portal_ips": []string{fmt.Sprintf("%s:%d", host, 4000+i)}, "iscsi_target_portal_tag": i + 1})
	}
	for query, want := range map[string]int{"": 20, "?limit=0": 25, "?limit=5": 5, "?offset=20": 5, "?limit=9999": 25} {
		if _, list := n.V1("GET", "services/iscsi/portal/"+query, nil); len(list.([]any)) != want {
			t.Errorf("%q lists %d portals, want %d", query, len(list.([]any)), want)
		}
	}
	if status, answer := n.V1("POST", "services/iscsi/portal/", M{"iscsi_target_portal_ips": []string{host + ":5000"}, "iscsi_target_portal_tag": 27}); status != 409 {
		t.Errorf("a tag that leaves a gap: %d %v", status, answer)
	}
	n.V1("DELETE", "services/iscsi/portal/1/", nil)
	if _, p := n.V1("GET", "services/iscsi/portal/2/", nil); p.(M)["iscsi_target_portal_tag"] != 1.0 {
		t.Errorf("the second portal after the first has gone: %v", p)
	}
	if status, _ := n.V1("GET", "services/iscsi/portal", nil); status != 404 && status != 200 {
		t.Errorf("without the slash: %d", status)
	}
}

func TestV1Settings(t *testing.T) {
	t.Parallel()
	n := nastest.Start(t, nastest.Version("9.3.1"), func(c *nas.Config) { c.DHCP = true })
	put := func(path string, body M) M {
		status, answer := n.V1("PUT", path+"/", body)
		if status != 200 {
			t.Fatalf("%s: %d %v", path, status, answer)
		}
		return answer.(M)
	}
	if s := put("system/settings", M{"stg_language": "es", "stg_timezone": "Europe/Madrid", "stg_kbdmap": "spanish.iso"}); s["stg_language"] != "es" || s["stg_guihttpsport"] != 443.0 {
		t.Errorf("settings: %v", s)
	}
	if status, answer := n.V1("PUT", "system/settings/", M{"stg_timezone": "Mars"}); status != 409 {
		t.Errorf("a time zone that is none: %d %v", status, answer)
	}
	if s := put("network/globalconfiguration", M{"gc_hostname": "storage", "gc_nameserver1": "127.0.0.53"}); s["gc_hostname"] != "storage" || s["gc_domain"] != "local" {
		t.Errorf("network: %v", s)
	}
	if _, rows := n.V1("GET", "network/interface/", nil); len(rows.([]any)) != 0 {
		t.Errorf("adapters that nobody has configured: %v", rows)
	}
	host := strings.TrimSuffix(n.Portal, ":3260")
	row := v1(n, "network/interface", M{"int_interface": "em0", "int_name": "control", "int_ipv4address": host, "int_v4netmaskbit": "24"})
	if row["int_ipv4address"] != host || row["int_v4netmaskbit"] != "24" {
		t.Errorf("the adapter: %v", row)
	}
	if status, v := n.V1("GET", "system/version/", nil); status != 200 || v.(M)["version"] != "9.3" {
		t.Errorf("version: %d %v", status, v)
	}
}
