// SPDX-License-Identifier: GPL-3.0-or-later

package nas_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"livelab.dev/twin/iscsi"
	"livelab.dev/twin/nas/nastest"
)

type M = nastest.M

const MiB = int64(1) << 20

func luns(t *testing.T, portal, iqn string, auth iscsi.Auth) []iscsi.LUN {
	t.Helper()
	list, err := iscsi.ListLUNs(t.Context(), iscsi.Target{Portal: portal, IQN: iqn}, auth)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestDiskIsAtLUNZero(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(256 * MiB)
	list := luns(t, n.Portal, iqn, iscsi.Auth{})
	if len(list) != 1 || list[0].Number != 0 || list[0].Size != 256*MiB || list[0].BlockSize != 512 {
		t.Fatalf("LUNs: %+v", list)
	}
	extent := n.OK("GET", "/iscsi/extent/id/1", nil).(M)
	lun := list[0]
	if lun.Serial != extent["serial"] || "naa."+strings.TrimPrefix(extent["naa"].(string), "0x") != lun.NAA ||
		lun.Vendor != "TrueNAS" || lun.Product != "iSCSI Disk" || lun.RPM != 1 || lun.ReadOnly {
		t.Errorf("LUN %+v does not match extent %v", lun, extent)
	}
	n.Restart()
	if again := luns(t, n.Portal, iqn, iscsi.Auth{}); len(again) != 1 || again[0] != lun {
		t.Errorf("after a restart: %+v, before: %+v", again, lun)
	}
}

// Clients that nobody here wrote see the same as package iscsi.
func TestLibiscsiSeesTheLUN(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(256 * MiB)
	run := func(tool string, args ...string) string {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: install Debian's package libiscsi-bin", tool)
		}
		out, err := exec.Command(tool, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", tool, err, out)
		}
		return string(out)
	}
	if out := run("iscsi-ls", "-s", "iscsi://"+n.Portal); !strings.Contains(out, "Lun:0 ") || !strings.Contains(out, iqn+" Portal:"+n.Portal+",1") ||
		strings.Contains(out, "Lun:1") || strings.Contains(out, "CONTROLLER") {
		t.Errorf("iscsi-ls: %s", out)
	}
	url := "iscsi://" + n.Portal + "/" + iqn + "/0"
	if out := run("iscsi-readcapacity16", url); !strings.Contains(out, fmt.Sprintf("Total size:%d", 256*MiB)) {
		t.Errorf("iscsi-readcapacity16: %s", out)
	}
	if out := run("iscsi-inq", url); !strings.Contains(out, "Vendor:TrueNAS") {
		t.Errorf("iscsi-inq: %s", out)
	}
}

func TestWhatIsWrittenStays(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	lun := luns(t, n.Portal, iqn, iscsi.Auth{})[0]
	data := make([]byte, 3*MiB+512) // more than one command, and not a whole one at the end
	_, _ = rand.Read(data)
	write(t, lun, data, 5*512)
	n.Restart()
	d := open(t, lun)
	defer d.Close()
	got := make([]byte, len(data))
	if err := d.Read(t.Context(), got, 5*512); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("read back: %v, equal %v", err, bytes.Equal(got, data))
	}
	if err := d.Zero(t.Context(), 5*512, int64(len(data))); err != nil {
		t.Fatal(err)
	}
	if err := d.Read(t.Context(), got, 5*512); err != nil || !bytes.Equal(got, make([]byte, len(data))) {
		t.Fatalf("after Zero: %v", err)
	}
	if err := d.Read(t.Context(), got[:512], 64*MiB); err == nil {
		t.Error("reading behind the end of the LUN went well")
	}
}

func open(t *testing.T, lun iscsi.LUN) *iscsi.Disk {
	t.Helper()
	d, err := iscsi.Open(t.Context(), lun, iscsi.Auth{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func write(t *testing.T, lun iscsi.LUN, data []byte, offset int64) {
	t.Helper()
	d := open(t, lun)
	defer d.Close()
	if err := errors.Join(d.Write(t.Context(), data, offset), d.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func TestChangesLeaveOtherSessionsAlone(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	d := open(t, luns(t, n.Portal, iqn, iscsi.Auth{})[0])
	defer d.Close()
	alive := func(when string) {
		t.Helper()
		if err := d.Read(t.Context(), make([]byte, 512), 0); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
	}
	pid := n.TargetPID()
	n.AddLUN(1, 7, "second", 64*MiB)
	alive("after a new LUN")
	if list := luns(t, n.Portal, iqn, iscsi.Auth{}); len(list) != 2 || list[1].Number != 7 {
		t.Errorf("LUNs after adding one at 7: %+v", list)
	}
	other := n.Create("/iscsi/target", M{"name": "other", "groups": []M{{"portal": 1}}})
	alive("after a new target")
	n.OK("DELETE", fmt.Sprintf("/iscsi/target/id/%d", other), nil)
	alive("after removing a target")
	n.OK("DELETE", "/iscsi/extent/id/2", M{"force": true})
	alive("after removing a LUN")
	if list := luns(t, n.Portal, iqn, iscsi.Auth{}); len(list) != 1 {
		t.Errorf("LUNs after removing one: %+v", list)
	}
	n.OK("PUT", "/pool/dataset/id/tank%2Fvmware", M{"volsize": 128 * MiB})
	alive("after growing the zvol")
	if list := luns(t, n.Portal, iqn, iscsi.Auth{}); list[0].Size != 128*MiB {
		t.Errorf("size after growing: %d", list[0].Size)
	}
	if n.TargetPID() != pid {
		t.Error("tgtd was restarted")
	}
	if status, answer := n.Call("", "DELETE", "/iscsi/target/id/1", nil); status != 422 || answer.(M)["message"] != "Target vmware is in use." {
		t.Errorf("deleting a target in use: %d %v", status, answer)
	}
	n.OK("DELETE", "/iscsi/target/id/1", true)
	if err := d.Read(t.Context(), make([]byte, 512), 0); err == nil {
		t.Error("the session has outlived its target")
	}
	if targets, err := iscsi.Discover(t.Context(), n.Portal, iscsi.Auth{}); err != nil || len(targets) != 0 {
		t.Errorf("targets after removing all: %v, %v", targets, err)
	}
}

func TestCHAP(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	n.OK("POST", "/iscsi/auth", M{"tag": 1, "user": "esxi", "secret": "twelve-chars", "peeruser": "nas", "peersecret": "others-secret"})
	group := func(method string) {
		n.OK("PUT", "/iscsi/target/id/1", M{"groups": []M{{"portal": 1, "authmethod": method, "auth": 1}}})
	}
	try := func(auth iscsi.Auth) error {
		_, err := iscsi.ListLUNs(t.Context(), iscsi.Target{Portal: n.Portal, IQN: iqn}, auth)
		return err
	}
	group("CHAP")
	good := iscsi.Auth{User: "esxi", Password: "twelve-chars"}
	if err := try(good); err != nil {
		t.Error(err)
	}
	for name, auth := range map[string]iscsi.Auth{"none": {}, "wrong password": {User: "esxi", Password: "wrong-chars-x"}, "wrong user": {User: "x", Password: "twelve-chars"}} {
		if err := try(auth); !errors.Is(err, iscsi.ErrAuth) {
			t.Errorf("%s: %v", name, err)
		}
	}
	mutual := good
	mutual.MutualUser, mutual.MutualPassword = "nas", "others-secret"
	if err := try(mutual); !errors.Is(err, iscsi.ErrAuth) {
		t.Errorf("mutual CHAP with a target that has no account: %v", err)
	}
	group("CHAP_MUTUAL")
	if err := try(mutual); err != nil {
		t.Error(err)
	}
	mutual.MutualPassword = "not-its-secret"
	if err := try(mutual); !errors.Is(err, iscsi.ErrAuth) {
		t.Errorf("a target with another secret: %v", err)
	}
	mutual.MutualUser, mutual.MutualPassword = "somebody", "others-secret"
	if err := try(mutual); !errors.Is(err, iscsi.ErrAuth) {
		t.Errorf("a target with another name: %v", err)
	}
	n.OK("PUT", "/iscsi/auth/id/1", M{"secret": "another-secret"})
	if err := try(good); !errors.Is(err, iscsi.ErrAuth) {
		t.Errorf("the old secret: %v", err)
	}
	good.Password = "another-secret"
	if err := try(good); err != nil {
		t.Errorf("the new secret: %v", err)
	}
	secretsStayHidden(t, n, "twelve-chars", "another-secret", "others-secret")
}

// secretsStayHidden looks for secrets in the command line and environment of tgtd, and in readable files.
func secretsStayHidden(t *testing.T, n *nastest.NAS, secrets ...string) {
	t.Helper()
	for _, file := range []string{"cmdline", "environ"} {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", n.TargetPID(), file))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("tgtd's %s shows %q", file, secret)
			}
		}
	}
	info, err := os.Stat(n.Config.Dir + "/state.json")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("state.json: %v %v", info.Mode(), err)
	}
}

func TestInitiatorGroups(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	const friend, stranger = "iqn.1998-01.com.vmware:friend", "iqn.1998-01.com.vmware:stranger"
	admitted := func(name string) bool {
		targets, err := iscsi.Discover(t.Context(), n.Portal, iscsi.Auth{Initiator: name})
		if err != nil {
			t.Fatal(err)
		}
		_, err = iscsi.ListLUNs(t.Context(), iscsi.Target{Portal: n.Portal, IQN: iqn}, iscsi.Auth{Initiator: name})
		if (err == nil) != (len(targets) == 1) {
			t.Errorf("%s: discovery shows %v, login: %v", name, targets, err)
		}
		return err == nil
	}
	group := n.Create("/iscsi/initiator", M{"initiators": []string{friend}})
	n.OK("PUT", "/iscsi/target/id/1", M{"groups": []M{{"portal": 1, "initiator": group}}})
	if !admitted(friend) || admitted(stranger) {
		t.Error("a group by name does not do what it says")
	}
	// On the real one, and unlike tgtd, name and network have to match both.
	n.OK("PUT", fmt.Sprintf("/iscsi/initiator/id/%d", group), M{"auth_network": []string{"10.0.0.0/8"}})
	if admitted(friend) {
		t.Error("a friend comes in from another network")
	}
	n.OK("PUT", fmt.Sprintf("/iscsi/initiator/id/%d", group), M{"auth_network": []string{"127.0.0.0/8"}, "initiators": []string{}})
	if !admitted(friend) || !admitted(stranger) {
		t.Error("a group by network does not do what it says")
	}
}

func TestSessionEndsWithItsRight(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	d := open(t, luns(t, n.Portal, iqn, iscsi.Auth{})[0])
	defer d.Close()
	group := n.Create("/iscsi/initiator", M{"initiators": []string{"iqn.1998-01.com.vmware:someone.else"}})
	n.OK("PUT", "/iscsi/target/id/1", M{"groups": []M{{"portal": 1, "initiator": group}}})
	if err := d.Read(t.Context(), make([]byte, 512), 0); err == nil {
		t.Error("the session goes on")
	}
}

func TestTgtdComesBack(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	before := luns(t, n.Portal, iqn, iscsi.Auth{})
	old := n.TargetPID()
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		list, err := iscsi.ListLUNs(ctx, iscsi.Target{Portal: n.Portal, IQN: iqn}, iscsi.Auth{})
		if err == nil && len(list) == 1 && list[0] == before[0] {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("no LUN after tgtd was killed: %v %v", list, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestStopLeavesNothing(t *testing.T) {
	n := nastest.Start(t)
	n.Serve(64 * MiB)
	pid := n.TargetPID()
	n.OK("POST", "/service/stop", M{"service": "iscsitarget"})
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("tgtd %d is still there: %v", pid, err)
	}
	if _, err := iscsi.Discover(t.Context(), n.Portal, iscsi.Auth{}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the portal is still open: %v", err)
	}
	if left, err := os.ReadDir(n.Config.Dir + "/run"); err != nil || len(left) != 0 {
		t.Errorf("left in the run directory: %v %v", left, err)
	}
	n.OK("POST", "/service/start", M{"service": "iscsitarget"})
	if n.TargetPID() == 0 {
		t.Error("the service did not start again")
	}
}

// tgtd's own port lets nobody in but the portal, which knows who may do what.
func TestNoWayRoundThePortal(t *testing.T) {
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", n.TargetPID()))
	if err != nil {
		t.Fatal(err)
	}
	_, behind, _ := strings.Cut(strings.TrimRight(string(cmdline), "\x00"), "portal=")
	if targets, err := iscsi.Discover(t.Context(), behind, iscsi.Auth{}); err == nil && len(targets) != 0 {
		t.Errorf("discovery at %s: %v", behind, targets)
	}
	if list, err := iscsi.ListLUNs(t.Context(), iscsi.Target{Portal: behind, IQN: iqn}, iscsi.Auth{}); err == nil {
		t.Errorf("login at %s: %v", behind, list)
	}
}
