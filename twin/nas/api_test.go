// SPDX-License-Identifier: GPL-3.0-or-later

package nas_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"livelab.dev/twin/iscsi"
	"livelab.dev/twin/nas"
	"livelab.dev/twin/nas/nastest"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestCredentials(t *testing.T) {
	n := nastest.Start(t)
	for name, authorization := range map[string]string{"wrong password": basic("root", "x"), "wrong user": basic("admin", nastest.Password),
		"empty key": "Bearer ", "wrong key": "Bearer 1-abc"} {
		if status, _ := n.Call(authorization, "GET", "/system/version", nil); status != 401 {
			t.Errorf("%s: %d", name, status)
		}
	}
	made := n.OK("POST", "/api_key", M{"name": "ansible"}).(M)
	key := "Bearer " + made["key"].(string)
	n.Restart()
	if status, version := n.Call(key, "GET", "/system/version/", nil); status != 200 || version != n.Version() {
		t.Errorf("with an API key: %d %v", status, version)
	}
	if list := fmt.Sprint(n.OK("GET", "/api_key", nil)); strings.Contains(list, made["key"].(string)) {
		t.Errorf("keys are shown: %s", list)
	}
	n.OK("DELETE", fmt.Sprintf("/api_key/id/%v", made["id"]), nil)
	if status, _ := n.Call(key, "GET", "/system/version", nil); status != 401 {
		t.Errorf("with a deleted API key: %d", status)
	}
}

func TestPools(t *testing.T) {
	n := nastest.Start(t)
	job := func(body M) M { return n.Wait(n.OK("POST", "/pool", body)) }
	pool := func(name, kind string, disks ...string) M {
		return M{"name": name, "topology": M{"data": []M{{"type": kind, "disks": disks}}}}
	}
	for name, c := range map[string]struct {
		body  M
		field string
	}{
		"no name":        {pool("", "STRIPE", "da1"), "pool_create.name"},
		"unknown layout": {pool("tank", "RAID7", "da1"), "pool_create.topology.data"},
		"few disks":      {pool("tank", "MIRROR", "da1"), "pool_create.topology.data.0.disks"},
		"no vdev":        {M{"name": "tank", "topology": M{}}, "pool_create.topology.data"},
		"unknown field":  {M{"name": "tank", "disks": "da1"}, "pool_create.disks"},
	} {
		refuses(t, n, "POST", "/pool", c.body, c.field, name)
	}
	for name, body := range map[string]M{"missing disk": pool("tank", "STRIPE", "da9"), "system disk": pool("tank", "STRIPE", "da0"),
		"a disk twice": pool("tank", "MIRROR", "da1", "da1")} {
		if j := job(body); j["state"] != "FAILED" || !strings.Contains(fmt.Sprint(j["error"]), "pool_create.topology") {
			t.Errorf("%s: %v %v", name, j["state"], j["error"])
		}
	}
	if j := job(pool("tank", "MIRROR", "da1", "da2")); j["state"] != "SUCCESS" || j["result"].(M)["name"] != "tank" {
		t.Fatalf("a mirror: %v", j)
	}
	if j := job(pool("tank2", "STRIPE", "da1")); j["state"] != "FAILED" {
		t.Errorf("a disk in use: %v", j)
	}
	list := n.OK("GET", "/pool?name=tank", nil).([]any)
	if len(list) != 1 || list[0].(M)["topology"].(M)["data"].([]any)[0].(M)["type"] != "MIRROR" {
		t.Errorf("pools: %v", list)
	}
	// A mirror of two has the room of one.
	root := n.OK("GET", "/pool/dataset/id/tank", nil).(M)
	if available := root["available"].(M)["parsed"].(float64); available != float64(31*nas.GiB) {
		t.Errorf("available in a mirror of two disks of 32 GiB: %.0f", available)
	}
	if unused := n.OK("POST", "/disk/get_unused", false).([]any); len(unused) != 0 {
		t.Errorf("unused disks: %v", unused)
	}
	if j := n.Wait(n.OK("POST", "/pool/id/1/export", M{"destroy": true})); j["state"] != "SUCCESS" {
		t.Errorf("export: %v", j)
	}
	if list := n.OK("GET", "/pool", nil).([]any); len(list) != 0 {
		t.Errorf("pools after destroying: %v", list)
	}
}

// refuses sends a request that must be answered with 422 and a message for a field.
func refuses(t *testing.T, n *nastest.NAS, method, path string, body any, field, name string) {
	t.Helper()
	status, answer := n.Call("", method, path, body)
	messages, _ := answer.(M)[field].([]any)
	if status != 422 || len(messages) == 0 || messages[0].(M)["message"] == "" {
		t.Errorf("%s: %d %v; a message for %s was expected", name, status, answer, field)
	}
}

func TestZvols(t *testing.T) {
	n := nastest.Start(t)
	n.Pool()
	zvol := func(name string, size int64, more M) M {
		body := M{"name": name, "type": "VOLUME", "volsize": size}
		for k, v := range more {
			body[k] = v
		}
		return body
	}
	const name, size = "pool_dataset_create.name", "pool_dataset_create.volsize"
	refuses(t, n, "POST", "/pool/dataset", zvol("vmware", nas.GiB, nil), name, "no pool in the name")
	refuses(t, n, "POST", "/pool/dataset", zvol("other/vmware", nas.GiB, nil), name, "unknown pool")
	refuses(t, n, "POST", "/pool/dataset", zvol("tank/../x", nas.GiB, nil), name, "a way out")
	refuses(t, n, "POST", "/pool/dataset", zvol("tank/vmware", 0, nil), size, "no size")
	refuses(t, n, "POST", "/pool/dataset", zvol("tank/vmware", nas.GiB+512, nil), size, "no whole blocks")
	refuses(t, n, "POST", "/pool/dataset", zvol("tank/vmware", 28*nas.GiB, nil), size, "more than 80 %")
	refuses(t, n, "POST", "/pool/dataset", zvol("tank/vmware", nas.GiB, M{"volblocksize": "3K"}), "pool_dataset_create.volblocksize", "block size")
	if status, answer := n.Call("", "POST", "/pool/dataset", zvol("tank/vmware", 64*nas.GiB, M{"force_size": true})); status != 422 || !strings.Contains(fmt.Sprint(answer), "out of space") {
		t.Errorf("larger than the pool: %d %v", status, answer)
	}
	n.OK("POST", "/pool/dataset", zvol("tank/thin", 64*nas.GiB, M{"force_size": true, "sparse": true}))
	n.OK("POST", "/pool/dataset", zvol("tank/vmware", 10*nas.GiB, nil))
	refuses(t, n, "POST", "/pool/dataset", zvol("tank/vmware", nas.GiB, nil), name, "twice")
	refuses(t, n, "PUT", "/pool/dataset/id/tank%2Fvmware", M{"volsize": nas.GiB}, "pool_dataset_update.volsize", "shrinking")
	got := n.OK("GET", "/pool/dataset?id=tank/vmware&get=true", nil).(M)
	if got["volsize"].(M)["parsed"].(float64) != float64(10*nas.GiB) || got["volblocksize"].(M)["value"] != "16K" {
		t.Errorf("zvol: %v", got)
	}
	root := n.OK("GET", "/pool/dataset/id/tank", nil).(M)
	if left := root["available"].(M)["parsed"].(float64); left != float64(21*nas.GiB) {
		t.Errorf("a zvol of 10 GiB leaves %.0f of 31 GiB", left)
	}
	n.OK("DELETE", "/pool/dataset/id/tank%2Fvmware", nil)
	if _, err := os.Stat(n.Config.Dir + "/zvol/tank/vmware"); !os.IsNotExist(err) {
		t.Errorf("the zvol's file is still there: %v", err)
	}
	if status, _ := n.Call("", "GET", "/pool/dataset/id/tank%2Fvmware", nil); status != 404 {
		t.Errorf("a deleted zvol: %d", status)
	}
}

func TestISCSIValidation(t *testing.T) {
	n := nastest.Start(t)
	n.Pool()
	host := n.Portal[:len(n.Portal)-len(":3260")]
	portal := n.Create("/iscsi/portal", M{"listen": []M{{"ip": host}}})
	target := n.Create("/iscsi/target", M{"name": "vmware", "groups": []M{{"portal": portal}}})
	n.OK("POST", "/pool/dataset", M{"name": "tank/vmware", "type": "VOLUME", "volsize": nas.GiB})
	extent := n.Create("/iscsi/extent", M{"name": "vmware", "disk": "zvol/tank/vmware"})
	n.Create("/iscsi/targetextent", M{"target": target, "extent": extent})
	for _, c := range []struct {
		path  string
		body  M
		field string
	}{
		{"/iscsi/portal", M{"listen": []M{}}, "iscsiportal_create.listen"},
		{"/iscsi/portal", M{"listen": []M{{"ip": host}}}, "iscsiportal_create.listen"},
		{"/iscsi/portal", M{"listen": []M{{"ip": "192.168.2.129"}}}, "iscsiportal_create.listen"},
		{"/iscsi/initiator", M{"auth_network": []string{"all"}}, "iscsi_initiator_create.auth_network.0"},
		{"/iscsi/auth", M{"tag": 1, "user": "u", "secret": "short"}, "iscsi_auth_create.secret"},
		{"/iscsi/auth", M{"tag": 1, "user": "u", "secret": "twelve-chars", "peeruser": "p", "peersecret": "twelve-chars"}, "iscsi_auth_create.peersecret"},
		{"/iscsi/target", M{"name": "VMware"}, "iscsi_target_create.name"},
		{"/iscsi/target", M{"name": "vmware"}, "iscsi_target_create.name"},
		{"/iscsi/target", M{"name": "t", "groups": []M{{"portal": 9}}}, "iscsi_target_create.groups.0.portal"},
		{"/iscsi/target", M{"name": "t", "groups": []M{{"portal": portal, "initiator": 9}}}, "iscsi_target_create.groups.0.initiator"},
		{"/iscsi/target", M{"name": "t", "groups": []M{{"portal": portal, "authmethod": "CHAP"}}}, "iscsi_target_create.groups.0.auth"},
		{"/iscsi/target", M{"name": "t", "groups": "x"}, "iscsi_target_create.groups"},
		{"/iscsi/extent", M{"name": "vmware", "disk": "zvol/tank/vmware"}, "iscsi_extent_create.name"},
		{"/iscsi/extent", M{"name": "e", "disk": "zvol/tank/none"}, "iscsi_extent_create.disk"},
		{"/iscsi/extent", M{"name": "e", "type": "FILE", "path": "/etc/passwd"}, "iscsi_extent_create.path"},
		{"/iscsi/extent", M{"name": "e", "type": "FILE", "path": "/mnt/tank/../../x", "filesize": 1024}, "iscsi_extent_create.path"},
		{"/iscsi/extent", M{"name": "e", "type": "FILE", "path": "/mnt/tank/none"}, "iscsi_extent_create.path"},
		{"/iscsi/extent", M{"name": "e", "disk": "zvol/tank/vmware", "blocksize": 600}, "iscsi_extent_create.blocksize"},
		{"/iscsi/targetextent", M{"target": target, "extent": extent, "lunid": 0}, "iscsi_targetextent_create.lunid"},
		{"/iscsi/targetextent", M{"target": 9, "extent": extent}, "iscsi_targetextent_create.target"},
		{"/iscsi/targetextent", M{"target": target, "extent": 9}, "iscsi_targetextent_create.extent"},
	} {
		refuses(t, n, "POST", c.path, c.body, c.field, fmt.Sprint(c.path, c.body))
	}
	refuses(t, n, "PUT", "/iscsi/global", M{"basename": "nothing"}, "iscsiglobal_update.basename", "base name")
	for _, path := range []string{"/iscsi/portal", "/iscsi/target", "/iscsi/extent", "/iscsi/targetextent"} {
		if list := n.OK("GET", path, nil).([]any); len(list) != 1 {
			t.Errorf("%s after refused calls: %v", path, list)
		}
		if status, _ := n.Call("", "GET", path+"/id/99", nil); status != 404 {
			t.Errorf("%s/id/99: %d", path, status)
		}
	}
}

// What a PUT does not mention stays as it is; lists are replaced whole, with the defaults of their members.
func TestUpdateKeepsTheRest(t *testing.T) {
	n := nastest.Start(t)
	host := n.Portal[:len(n.Portal)-len(":3260")]
	n.Create("/iscsi/portal", M{"comment": "data", "listen": []M{{"ip": host, "port": 4000}}})
	p := n.OK("PUT", "/iscsi/portal/id/1", M{"listen": []M{{"ip": host}}}).(M)
	if p["comment"] != "data" || fmt.Sprint(p["listen"]) != fmt.Sprintf("[map[ip:%s port:3260]]", host) {
		t.Errorf("portal: %v", p)
	}
	n.OK("PUT", "/iscsi/portal/id/1", M{"comment": ""})
	if p := n.OK("GET", "/iscsi/portal/id/1", nil).(M); p["comment"] != "" || len(p["listen"].([]any)) != 1 {
		t.Errorf("portal: %v", p)
	}
}

func TestFileExtent(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	extent := n.Create("/iscsi/extent", M{"name": "file", "type": "FILE", "path": "/mnt/tank/lun1", "filesize": 32 * MiB, "rpm": "7200", "ro": true, "blocksize": 4096, "serial": "FILE0001"})
	n.Create("/iscsi/targetextent", M{"target": 1, "extent": extent, "lunid": 300})
	list := luns(t, n.Portal, iqn, iscsi.Auth{})
	if len(list) != 2 || list[1].Number != 300 {
		t.Fatalf("LUNs: %+v", list)
	}
	if l := list[1]; l.Size != 32*MiB || l.BlockSize != 4096 || l.Serial != "FILE0001" || l.RPM != 7200 || !l.ReadOnly {
		t.Errorf("LUN 300: %+v", l)
	}
	d := open(t, list[1])
	defer d.Close()
	if err := d.Write(t.Context(), make([]byte, 4096), 0); err == nil {
		t.Error("a read-only LUN was written")
	}
}

// A portal that cannot be opened is refused, and everything stays as it was.
func TestPortalThatCannotBeOpened(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	host := n.Portal[:len(n.Portal)-len(":3260")]
	taken, err := net.Listen("tcp", host+":3999")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	status, answer := n.Call("", "POST", "/iscsi/portal", M{"listen": []M{{"ip": host, "port": 3999}}})
	if status != 422 || !strings.Contains(fmt.Sprint(answer), "3999") {
		t.Errorf("a portal on a port in use: %d %v", status, answer)
	}
	if list := n.OK("GET", "/iscsi/portal", nil).([]any); len(list) != 1 {
		t.Errorf("portals: %v", list)
	}
	if list := luns(t, n.Portal, iqn, iscsi.Auth{}); len(list) != 1 {
		t.Errorf("LUNs: %v", list)
	}
}

// TestHelperProcess is the NAS of TestTgtdDiesWithTheNAS, in a process of its own.
func TestHelperProcess(t *testing.T) {
	if os.Getenv("NAS_HELPER") == "" {
		t.Skip("only for TestTgtdDiesWithTheNAS")
	}
	n := nastest.Start(t)
	n.Serve(64 * MiB)
	fmt.Printf("tgtd %d\n", n.TargetPID())
	time.Sleep(time.Minute)
}

func TestTgtdDiesWithTheNAS(t *testing.T) {
	nastest.RequireTarget(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	helper := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestHelperProcess$")
	helper.Env = append(os.Environ(), "NAS_HELPER=1", "TMPDIR="+t.TempDir())
	out, err := helper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := helper.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	for buffer := make([]byte, 4096); pid == 0; {
		n, err := out.Read(buffer)
		if _, number, ok := strings.Cut(string(buffer[:n]), "tgtd "); ok {
			pid, _ = strconv.Atoi(strings.Fields(number)[0])
		}
		if err != nil {
			t.Fatalf("the helper says nothing: %v", err)
		}
	}
	_ = helper.Process.Kill()
	_ = helper.Wait()
	for range 200 {
		// One that has ended but that nobody has waited for yet has no command line.
		if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err != nil || len(line) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("tgtd %d has outlived its NAS", pid)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// A directory too deep for a socket's path is no hindrance, and nothing stays behind in the temporary directory.
func TestDeepDirectory(t *testing.T) {
	n := nastest.Start(t)
	short, err := os.MkdirTemp("/tmp", "nas")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(short)
	t.Setenv("TMPDIR", short)
	n.Config.Dir += "/" + strings.Repeat("deep/", 20)
	n.Restart()
	iqn := n.Serve(64 * MiB)
	if list := luns(t, n.Portal, iqn, iscsi.Auth{}); len(list) != 1 {
		t.Errorf("LUNs: %v", list)
	}
	if dirs, err := os.ReadDir(short); err != nil || len(dirs) != 1 {
		t.Errorf("run directories: %v %v", dirs, err)
	}
	n.OK("POST", "/service/stop", M{"service": "iscsitarget"})
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if dirs, err := os.ReadDir(short); err != nil || len(dirs) != 0 {
		t.Errorf("left behind: %v %v", dirs, err)
	}
}
