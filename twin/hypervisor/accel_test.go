// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestProbeRunsToItsEnd(t *testing.T) {
	binary, err := exec.LookPath(qemuBinary)
	if err != nil {
		t.Skip(qemuBinary + " is not installed")
	}
	if err := bootProbe(binary, t.TempDir(), "tcg", time.Minute); err != nil {
		t.Error(err)
	}
}

// fakeQEMU is a program that does what a script says.
func fakeQEMU(t *testing.T, dir, script string) string {
	t.Helper()
	path := filepath.Join(dir, "qemu")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProbeTellsWhatHappened(t *testing.T) {
	dir := t.TempDir()
	for script, wanted := range map[string]string{
		"exec sleep 60":                "within 200ms",
		"echo kvm says no >&2; exit 1": "kvm says no",
		"exit 0":                       "does not run",
	} {
		err := bootProbe(fakeQEMU(t, dir, script), dir, "kvm", 200*time.Millisecond)
		if err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%s: error %v, want %q in it", script, err, wanted)
		}
	}
	if err := bootProbe(fakeQEMU(t, dir, "exit 85"), dir, "kvm", time.Minute); err != nil {
		t.Errorf("the guest finished, yet: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAccelIsRememberedForTheSameBinary(t *testing.T) {
	if file, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err != nil {
		t.Skip("there is no /dev/kvm to find out about")
	} else {
		_ = file.Close()
	}
	dir := t.TempDir()
	binary := fakeQEMU(t, dir, "exit 85")
	if accel := detectAccel(binary, dir, t.Logf); accel != "kvm" {
		t.Fatalf("found %s, want kvm", accel)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	binary = fakeQEMU(t, dir, "exit 1")
	if err := os.Chtimes(binary, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if accel := detectAccel(binary, dir, t.Logf); accel != "kvm" {
		t.Errorf("found %s for the same binary, want what was found before", accel)
	}
	if err := os.Chtimes(binary, time.Now(), info.ModTime().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if accel := detectAccel(binary, dir, t.Logf); accel != "tcg" {
		t.Errorf("found %s for a new binary that cannot, want tcg", accel)
	}
}
