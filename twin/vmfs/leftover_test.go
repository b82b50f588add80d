// SPDX-License-Identifier: GPL-3.0-or-later

package vmfs

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"livelab.dev/twin/iscsi"
	"livelab.dev/twin/nas/nastest"
)

// An import that was cut off by a crash is in nobody's way: neither its name nor its room.
func TestImportAfterACrash(t *testing.T) {
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("qemu-img is not installed: install Debian's packages qemu-utils and qemu-block-extra")
	}
	n := nastest.Start(t)
	luns, err := iscsi.ListLUNs(t.Context(), iscsi.Target{IQN: n.Serve(MinSize), Portal: n.Portal}, iscsi.Auth{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := Format(t.Context(), luns[0], iscsi.Auth{}, "crash")
	if err != nil {
		t.Fatal(err)
	}
	cut, err := v.allocate(t.Context(), "web.vmdk", 40*mib, true)
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(t.TempDir(), "disk.raw")
	if err := errors.Join(os.WriteFile(source, []byte("disk"), 0o600), os.Truncate(source, 40*mib)); err != nil {
		t.Fatal(err)
	}
	v.shared.imports.Store("web.vmdk", true)
	if _, err := v.ImportDisk(t.Context(), "web.vmdk", source, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("importing what is being imported: %v", err)
	}
	if _, err := v.Allocate(t.Context(), "other", 40*mib); !errors.Is(err, ErrNoSpace) {
		t.Errorf("the room of an import under way was given away: %v", err)
	}
	v.shared.imports.Delete("web.vmdk") // the process that did it is gone
	again, err := v.ImportDisk(t.Context(), "web.vmdk", source, nil)
	if err != nil || again != cut {
		t.Errorf("importing again: %v, %v", again, err)
	}
	if f, err := v.Lookup("web.vmdk"); err != nil || f.Partial {
		t.Errorf("after the import: %+v, %v", f, err)
	}
	if _, err := v.ImportDisk(t.Context(), "web.vmdk", source, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("importing over a whole disk: %v", err)
	}
}
