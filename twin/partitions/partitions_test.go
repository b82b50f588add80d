// SPDX-License-Identifier: GPL-3.0-or-later

package partitions

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	sfdisk, err := exec.LookPath("sfdisk")
	if err != nil {
		sfdisk = "/usr/sbin/sfdisk"
	}
	for name, c := range map[string]struct {
		script string
		want   Table
	}{
		"mbr": {"label: dos\nstart=2048, size=4096, type=83\nsize=2048, type=82\n", Table{"mbr", []Partition{
			{1, "linuxNative", 2048, 6143}, {2, "linuxSwap", 6144, 8191},
		}}},
		"gpt": {"label: gpt\nstart=2048, size=4096, type=AA31E02A-400F-11DB-9590-000C2911D1B8\nsize=2048\n", Table{"gpt", []Partition{
			{1, "vmfs", 2048, 6143}, {2, "linuxNative", 6144, 8191},
		}}},
		"a partition of another kind": {"label: dos\nstart=2048, size=4096, type=a5\n", Table{"mbr", []Partition{{1, "unknown", 2048, 6143}}}},
	} {
		t.Run(name, func(t *testing.T) {
			disk := blank(t)
			cmd := exec.Command(sfdisk, "--quiet", disk.Name())
			cmd.Stdin = strings.NewReader(c.script)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("sfdisk: %v\n%s", err, out)
			}
			if got := read(disk, size, sector); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
	if got := read(blank(t), size, sector); got.Format != "" || got.Partitions != nil {
		t.Errorf("of an empty disk: %+v", got)
	}
}

const size = 16 << 20

func blank(t *testing.T) *os.File {
	t.Helper()
	disk, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	if err := disk.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return disk
}
