// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestTheLogIsInTheFormOfTheRelease(t *testing.T) {
	at := time.Date(2016, 6, 1, 10, 0, 0, 5e6, time.FixedZone("", 7200))
	for version, want := range map[string]string{
		"5.5.0": "2016-06-01T08:00:00.005Z cpu0:2097152)Migrate: one",
		"7.0.3": "2016-06-01T08:00:00.005Z cpu0:2097152)Migrate: one",
		"8.0.3": "2016-06-01T08:00:00.005Z In(182) vmkernel: cpu0:2097152)Migrate: one",
	} {
		h := &Host{Cfg: Config{Number: 1, Version: version}, Env: Env{Dir: t.TempDir(), Logf: t.Errorf}}
		if lines, err := h.KernelLog(); err != nil || len(lines) != 0 {
			t.Errorf("a new host's log: %q, %v", lines, err)
		}
		h.Log(at, "Migrate: one", "two")
		lines, err := h.KernelLog()
		if err != nil || len(lines) != 2 || lines[0] != want {
			t.Errorf("%s: %q, %v; want %q first", version, lines, err, want)
		}
	}
}

func TestTheLogBeginsAnewWhenItIsLarge(t *testing.T) {
	h := &Host{Cfg: Config{Number: 1, Version: "8.0.3"}, Env: Env{Dir: t.TempDir(), Logf: t.Errorf}}
	h.Log(time.Now(), strings.Repeat("x", kernelLogLimit))
	h.Log(time.Now(), "next")
	lines, err := h.KernelLog()
	if err != nil || len(lines) != 1 || !strings.HasSuffix(lines[0], ")next") {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	if _, err := os.Stat(h.dir() + "/vmkernel.0.log"); err != nil {
		t.Error(err)
	}
}
