// SPDX-License-Identifier: GPL-3.0-or-later

package nas_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"livelab.dev/twin/nas"
	"livelab.dev/twin/nas/nastest"
)

// machine is a NAS that is still to be installed, and the URL of its installer.
func machine(t *testing.T, version string) (*nastest.NAS, string) {
	t.Helper()
	url := ""
	n := nastest.Start(t, nastest.Version(version), func(c *nas.Config) {
		c.Installer = strings.Replace(c.Listen, ":8443", ":8080", 1)
		c.Disks = []nas.Disk{{Size: 32 * nas.GiB}, {Size: 16 * nas.GiB, ExportedPool: "old"}}
		url = "ws://" + c.Installer
	})
	return n, url
}

func join(t *testing.T, url string) *nastest.RPC {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &nastest.RPC{Conn: conn}
}

func TestInstaller(t *testing.T) {
	t.Parallel()
	n, url := machine(t, "25.10")
	if _, _, err := websocket.Dial(t.Context(), url+"/", nil); err == nil {
		t.Error("25.10's installer answers at /")
	}
	c, other := join(t, url+"/ws"), join(t, url+"/ws")
	call := func(c *nastest.RPC, method string, params ...any) any {
		t.Helper()
		result, err := c.Call(method, params...)
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		return result
	}
	if call(c, "is_adopted") != false {
		t.Error("adopted by nobody")
	}
	key := call(c, "adopt")
	if _, err := other.Call("list_disks"); err == nil {
		t.Error("a stranger on an adopted machine")
	}
	if _, err := other.Call("adopt"); err == nil {
		t.Error("adopted twice")
	}
	if _, err := other.Call("authenticate", "wrong"); err == nil {
		t.Error("a wrong key")
	}
	call(other, "authenticate", key)
	disks := call(other, "list_disks").([]any)
	if len(disks) != 2 || disks[0].(M)["name"] != "sda" || disks[1].(M)["zfs_members"].([]any)[0].(M)["pool"] != "old" {
		t.Errorf("disks: %v", disks)
	}
	adapters := call(c, "list_network_interfaces").([]any)
	login := M{"username": "truenas_admin", "password": "chosen-one"}
	for name, body := range map[string]M{
		"an unknown disk":   {"disks": []string{"sdx"}, "set_pmbr": false, "authentication": login},
		"a short password":  {"disks": []string{"sda"}, "set_pmbr": false, "authentication": M{"username": "root", "password": "short"}},
		"another user":      {"disks": []string{"sda"}, "set_pmbr": false, "authentication": M{"username": "admin", "password": "chosen-one"}},
		"an unknown member": {"disks": []string{"sda"}, "set_pmbr": false, "authentication": login, "create_swap": true},
		"a missing member":  {"disks": []string{"sda"}, "authentication": login},
	} {
		var refused *nastest.RPCError
		if _, err := c.Call("install", body); !errors.As(err, &refused) || refused.Code != -32602 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Call("install", M{"disks": []string{"sdx"}, "set_pmbr": false, "authentication": login}); err == nil || !strings.Contains(err.Error(), "-32602 Disk 'sdx' does not exist") {
		t.Errorf("an unknown disk: %v", err)
	}
	host := strings.TrimSuffix(n.Portal, ":3260")
	call(c, "install", M{"disks": []string{"sdb"}, "wipe_disks": []string{}, "set_pmbr": true, "authentication": login,
		"post_install": M{"network_interfaces": []M{{"name": adapters[0].(M)["name"], "aliases": []M{{"type": "INET", "address": host, "netmask": 24}}}}}})
	if last := c.Events[len(c.Events)-1]; last["method"] != "installation_progress" || last["params"].([]any)[0].(M)["progress"] != 1.0 {
		t.Errorf("the last notification: %v", last)
	}
	call(c, "reboot")
	awaitAPI(t, n)
	for range 2 {
		rpc := n.Dial()
		if ok := rpc.OK("auth.login", "truenas_admin", "chosen-one"); ok != true {
			t.Fatalf("the chosen password: %v", ok)
		}
		list := rpc.OK("disk.query", []any{}, M{}).([]any)
		if list[0].(M)["pool"] != nil || list[1].(M)["pool"] != "boot-pool" {
			t.Errorf("disks: %v", list)
		}
		n.Restart() // installed is installed
	}
	if ok := n.Dial().OK("auth.login", "root", nastest.Password); ok != false {
		t.Error("the configuration's password, which nobody has chosen")
	}
}

func awaitAPI(t *testing.T, n *nastest.NAS) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !n.Installed() {
		if ctx.Err() != nil {
			t.Fatal("nothing comes up after the installation")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A machine that is started again without an installation has the installer again, and nobody has adopted it.
func TestRebootWithoutInstallation(t *testing.T) {
	t.Parallel()
	n, url := machine(t, "24.10")
	c := join(t, url+"/")
	if _, err := c.Call("adopt"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call("reboot"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Receive(); err == nil {
		t.Error("the connection outlives a reboot")
	}
	if adopted, err := join(t, url+"/").Call("is_adopted"); err != nil || adopted != false {
		t.Errorf("adopted after a reboot: %v %v", adopted, err)
	}
	if n.Installed() {
		t.Error("installed by nobody")
	}
	if _, err := nas.New(nas.Config{Version: "13.0", Installer: "127.0.0.1:8080", Listen: "127.0.0.1:8443", Password: "x", TLS: n.Config.TLS, Dir: t.TempDir()}); err == nil {
		t.Error("13.0 has an installer on the network")
	}
}
