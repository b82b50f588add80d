// SPDX-License-Identifier: GPL-3.0-or-later

package vmfs_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"livelab.dev/twin/iscsi"
	"livelab.dev/twin/nas/nastest"
	"livelab.dev/twin/vmfs"
)

const MiB = int64(1) << 20

type M = nastest.M

func requireQEMU(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("qemu-img is not installed: install Debian's packages qemu-utils and qemu-block-extra")
	}
}

// lun brings up a NAS and discovers its LUN of a size in bytes.
func lun(t *testing.T, size int64) (*nastest.NAS, iscsi.LUN) {
	t.Helper()
	n := nastest.Start(t)
	n.Serve(size)
	return n, find(t, n, iscsi.Auth{})
}

func find(t *testing.T, n *nastest.NAS, auth iscsi.Auth) iscsi.LUN {
	t.Helper()
	targets, err := iscsi.Discover(t.Context(), n.Portal, auth)
	if err != nil || len(targets) != 1 {
		t.Fatalf("discovery: %v %v", targets, err)
	}
	luns, err := iscsi.ListLUNs(t.Context(), targets[0], auth)
	if err != nil || len(luns) != 1 {
		t.Fatalf("LUNs: %v %v", luns, err)
	}
	return luns[0]
}

func format(t *testing.T, l iscsi.LUN) *vmfs.Volume {
	t.Helper()
	v, err := vmfs.Format(t.Context(), l, iscsi.Auth{}, "DTFreeNAS")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func reopen(t *testing.T, l iscsi.LUN, auth iscsi.Auth) *vmfs.Volume {
	t.Helper()
	v, err := vmfs.Open(t.Context(), l, auth)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTwoHostsSeeOneVolume(t *testing.T) {
	_, l := lun(t, 256*MiB)
	if _, err := vmfs.Open(t.Context(), l, iscsi.Auth{}); !errors.Is(err, vmfs.ErrNoVolume) {
		t.Fatalf("an empty LUN: %v", err)
	}
	first := format(t, l)
	if _, err := vmfs.Format(t.Context(), l, iscsi.Auth{}, "again"); !errors.Is(err, vmfs.ErrVolumeExists) {
		t.Errorf("formatting over a volume: %v", err)
	}
	second := reopen(t, l, iscsi.Auth{})
	if first.UUID != second.UUID || second.Label != "DTFreeNAS" || second.Capacity != 240*MiB || second.Free() != 240*MiB {
		t.Errorf("volume %+v is not %+v", second, first)
	}
	if err := first.WriteFile(t.Context(), "web/web.vmx", []byte("memsize = 512")); err != nil {
		t.Fatal(err)
	}
	if data, err := second.ReadFile(t.Context(), "/web/web.vmx"); err != nil || string(data) != "memsize = 512" {
		t.Errorf("the other host reads %q, %v", data, err)
	}
	if _, err := second.Allocate(t.Context(), "web/web.vmdk", 10*MiB); err != nil {
		t.Fatal(err)
	}
	if f, err := first.Lookup("web/web.vmdk"); err != nil || f.Extent == nil || f.Size != 10*MiB {
		t.Errorf("the first host finds %+v, %v", f, err)
	}
	if err := first.Rename(t.Context(), "web/web.vmdk", "www/web.vmdk"); err != nil {
		t.Fatal(err)
	}
	if files := second.Files(); len(files) != 2 || files[0].Path != "web/web.vmx" || files[1].Path != "www/web.vmdk" {
		t.Errorf("files: %+v", files)
	}
	if err := vmfs.Erase(t.Context(), l, iscsi.Auth{}); err != nil {
		t.Fatal(err)
	}
	if err := second.Refresh(t.Context()); !errors.Is(err, vmfs.ErrNoVolume) {
		t.Errorf("after Erase: %v", err)
	}
	other := format(t, l)
	if err := second.WriteFile(t.Context(), "x", nil); !errors.Is(err, vmfs.ErrNoVolume) || len(other.Files()) != 0 {
		t.Errorf("writing to a volume that has made room for another: %v", err)
	}
}

func TestErrors(t *testing.T) {
	_, l := lun(t, 64*MiB)
	v := format(t, l)
	ctx := t.Context()
	if _, err := v.Allocate(ctx, "a", 40*MiB); err != nil {
		t.Fatal(err)
	}
	_, space := v.Allocate(ctx, "b", 9*MiB)
	_, twice := v.Allocate(ctx, "a", MiB)
	_, missing := v.ReadFile(ctx, "none")
	_, disk := v.ReadFile(ctx, "a")
	_, outside := v.Lookup("../a")
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"too large", space, vmfs.ErrNoSpace}, {"twice", twice, fs.ErrExist}, {"missing", missing, fs.ErrNotExist},
		{"a disk as a file", disk, fs.ErrInvalid}, {"outside", outside, fs.ErrInvalid},
		{"removing what is not there", v.Remove(ctx, "none"), fs.ErrNotExist},
		{"replacing a disk", v.WriteFile(ctx, "a", nil), fs.ErrExist},
		{"a large small file", v.WriteFile(ctx, "c", make([]byte, vmfs.MaxSmall+1)), fs.ErrInvalid},
		{"renaming onto another", v.Rename(ctx, "a", "a"), fs.ErrExist},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", c.name, c.err)
		}
	}
	if v.Free() != 8*MiB || len(v.Files()) != 1 {
		t.Errorf("after refused calls: %d free, %v", v.Free(), v.Files())
	}
	if v.BlockdevJSON("none") != nil {
		t.Error("a blockdev for a disk that is not there")
	}
}

// The room of a removed file is zero before anyone else gets it.
func TestRemovedRoomIsCleared(t *testing.T) {
	n, l := lun(t, 64*MiB)
	v := format(t, l)
	extent, err := v.Allocate(t.Context(), "secret.vmdk", 5*MiB)
	if err != nil {
		t.Fatal(err)
	}
	d, err := iscsi.Open(t.Context(), l, iscsi.Auth{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	secret := bytes.Repeat([]byte("secret !"), int(5*MiB/8))
	if err := d.Write(t.Context(), secret, extent.Offset); err != nil {
		t.Fatal(err)
	}
	if err := v.Remove(t.Context(), "secret.vmdk"); err != nil {
		t.Fatal(err)
	}
	again, err := v.Allocate(t.Context(), "other.vmdk", 5*MiB)
	if err != nil || again.Offset != extent.Offset {
		t.Fatalf("the room is not used again: %v %v", again, err)
	}
	got := make([]byte, 5*MiB)
	if err := d.Read(t.Context(), got, again.Offset); err != nil || !bytes.Equal(got, make([]byte, 5*MiB)) {
		t.Errorf("the new disk does not read as zeros: %v", err)
	}
	// And the storage has it back.
	dataset := n.OK("GET", "/pool/dataset/id/tank%2Fvmware", nil).(M)
	if used := dataset["used"].(M)["parsed"].(float64); used > float64(2*MiB) {
		t.Errorf("the zvol still takes %.0f bytes", used)
	}
}

// image makes a disk of a size in bytes with some data in it, in a format of qemu-img.
func image(t *testing.T, format string, size int64, options ...string) string {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "disk.raw")
	f, err := os.Create(raw)
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 3*MiB)
	_, _ = rand.Read(noise)
	_, w1 := f.WriteAt(noise, 0)
	_, w2 := f.WriteAt(noise, size-3*MiB)
	if err := errors.Join(w1, w2, f.Truncate(size), f.Close()); err != nil {
		t.Fatal(err)
	}
	if format == "raw" {
		return raw
	}
	file := strings.TrimSuffix(raw, "raw") + format
	args := append(append([]string{"convert", "-O", format}, options...), raw, file)
	if out, err := exec.Command("qemu-img", args...).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img: %v\n%s", err, out)
	}
	return file
}

// The whole way: NAS by its API, discovery, Format, import, another host, and every byte as it was.
func TestImportedDiskIsTheSame(t *testing.T) {
	requireQEMU(t)
	_, l := lun(t, 512*MiB)
	v := format(t, l)
	for _, c := range []struct {
		name, format string
		options      []string
	}{{"raw.vmdk", "raw", nil}, {"q.vmdk", "qcow2", nil}, {"stream.vmdk", "vmdk", []string{"-o", "subformat=streamOptimized"}}} {
		source := image(t, c.format, 64*MiB, c.options...)
		var last, total int64
		extent, err := v.ImportDisk(t.Context(), c.name, source, func(done, all int64) {
			if done < last {
				t.Errorf("%s: progress goes back from %d to %d", c.name, last, done)
			}
			last, total = done, all
		})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if extent.Size != 64*MiB || last != 64*MiB || total != 64*MiB {
			t.Errorf("%s: extent %+v, progress %d of %d", c.name, extent, last, total)
		}
		other := reopen(t, l, iscsi.Auth{})
		compare(t, source, other.BlockdevJSON(c.name), nil)
	}
}

// compare has QEMU compare a disk with an image.
func compare(t *testing.T, source string, blockdev map[string]any, secret *vmfs.Secret) {
	t.Helper()
	data, err := json.Marshal(blockdev)
	if err != nil || blockdev == nil {
		t.Fatalf("blockdev %v: %v", blockdev, err)
	}
	args := []string{"compare"}
	cmd := exec.Command("qemu-img")
	if secret != nil {
		args = append(args, "--object", "secret,id="+secret.ID+",file=/dev/stdin")
		cmd.Stdin = strings.NewReader(secret.Value)
	}
	cmd.Args = append(append(cmd.Args, args...), source, "json:"+string(data))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("the disk is not the same: %v\n%s", err, out)
	}
}

func TestImportWithCHAP(t *testing.T) {
	requireQEMU(t)
	n := nastest.Start(t)
	n.Serve(256 * MiB)
	n.OK("POST", "/iscsi/auth", M{"tag": 1, "user": "esxi", "secret": "twelve-chars"})
	n.OK("PUT", "/iscsi/target/id/1", M{"groups": []M{{"portal": 1, "authmethod": "CHAP", "auth": 1}}})
	auth := iscsi.Auth{User: "esxi", Password: "twelve-chars", Initiator: "iqn.1998-01.com.vmware:esxi1"}
	l := find(t, n, auth)
	if _, err := vmfs.Format(t.Context(), l, auth, "chap"); err != nil {
		t.Fatal(err)
	}
	v := reopen(t, l, auth)
	source := image(t, "qcow2", 64*MiB)
	if _, err := v.ImportDisk(t.Context(), "web.vmdk", source, nil); err != nil {
		t.Fatal(err)
	}
	compare(t, source, v.BlockdevJSON("web.vmdk"), v.Secret())
}

func TestFailedImportLeavesNothing(t *testing.T) {
	requireQEMU(t)
	n, l := lun(t, 256*MiB)
	v := format(t, l)
	if _, err := v.ImportDisk(t.Context(), "web.vmdk", filepath.Join(t.TempDir(), "none.vmdk"), nil); err == nil {
		t.Error("a source that is not there")
	}
	base := image(t, "qcow2", 64*MiB)
	overlay := base + ".overlay"
	if out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", overlay).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if _, err := v.ImportDisk(t.Context(), "web.vmdk", overlay, nil); err == nil || !strings.Contains(err.Error(), base) {
		t.Errorf("an image that draws in another file: %v", err)
	}
	source := image(t, "raw", 128*MiB)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := v.ImportDisk(ctx, "web.vmdk", source, func(int64, int64) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled import: %v", err)
	}
	n.OK("POST", "/service/stop", M{"service": "iscsitarget"})
	if _, err := v.ImportDisk(t.Context(), "web.vmdk", source, nil); err == nil {
		t.Error("an import while the NAS is away")
	}
	n.OK("POST", "/service/start", M{"service": "iscsitarget"})
	if v = reopen(t, l, iscsi.Auth{}); len(v.Files()) != 0 || v.Free() != 240*MiB {
		t.Errorf("left behind: %v, %d free", v.Files(), v.Free())
	}
}
