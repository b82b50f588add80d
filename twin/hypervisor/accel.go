// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// bootLimit is how long the tiny guest may take under KVM. Where KVM works it takes a quarter of a second.
const bootLimit = 3 * time.Second

// probeExit is how QEMU exits when the guest writes 0x2a to its debug exit device: (0x2a << 1) | 1.
const probeExit = 85

// probeSector goes to 64-bit mode, as any system does, counts down from 2^27, and writes 0x2a to port 0xf4.
// The count is some 50 ms of a processor; what is behind some /dev/kvm, and only interprets, takes minutes.
var probeSector = bootSector(
	0xfa, 0x31, 0xc0, // cli; ax = 0
	0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, // ds = es = ss = 0; sp = 0x7c00
	0xbf, 0x00, 0x10, 0xb9, 0x00, 0x0c, 0xfc, 0x66, 0x31, 0xc0, 0x66, 0xf3, 0xab, // clear 0x1000 to 0x4000
	0x66, 0xc7, 0x06, 0x00, 0x10, 0x03, 0x20, 0x00, 0x00, // page tables: level 4 at 0x1000,
	0x66, 0xc7, 0x06, 0x00, 0x20, 0x03, 0x30, 0x00, 0x00, // level 3 at 0x2000,
	0x66, 0xc7, 0x06, 0x00, 0x30, 0x83, 0x00, 0x00, 0x00, // level 2 at 0x3000: the first 2 MiB as they are
	0x66, 0xb8, 0x00, 0x10, 0x00, 0x00, 0x0f, 0x22, 0xd8, // cr3 = 0x1000
	0x66, 0xb8, 0x20, 0x00, 0x00, 0x00, 0x0f, 0x22, 0xe0, // cr4 = PAE
	0x66, 0xb9, 0x80, 0x00, 0x00, 0xc0, 0x0f, 0x32, // read EFER,
	0x66, 0x0d, 0x00, 0x01, 0x00, 0x00, 0x0f, 0x30, // set LME, write it
	0x0f, 0x01, 0x16, 0x90, 0x7c, // lgdt [0x7c90]
	0x66, 0xb8, 0x01, 0x00, 0x00, 0x80, 0x0f, 0x22, 0xc0, // cr0 = paging, protection
	0xea, 0x69, 0x7c, 0x08, 0x00, // jump to 0x7c69 in the 64-bit segment
	0xb9, 0x00, 0x00, 0x00, 0x08, // ecx = 2^27
	0xff, 0xc9, 0x75, 0xfc, // count down to 0
	0xb8, 0x2a, 0x00, 0x00, 0x00, 0xba, 0xf4, 0x00, 0x00, 0x00, 0xef, // out 0xf4, 0x2a
	0xf4, 0xeb, 0xfd, // halt for ever; up to 0x7c80
	0, 0, 0, 0, 0, 0, 0, 0, // segments: none,
	0, 0, 0, 0, 0, 0x9a, 0x20, 0, // 64-bit code
	0x0f, 0x00, 0x80, 0x7c, 0x00, 0x00, // their table: 16 bytes at 0x7c80
)

// bootSector makes the 512 bytes that a BIOS loads to 0x7c00 and runs.
func bootSector(code ...byte) []byte {
	sector := make([]byte, 512)
	copy(sector, code)
	sector[510], sector[511] = 0x55, 0xaa
	return sector
}

// accelRecord is what was found out, and with what.
type accelRecord struct {
	Accel  string    `json:"accel"`
	Binary string    `json:"binary"`
	Built  time.Time `json:"built"`
	Kernel string    `json:"kernel"`
}

// detectAccel says "kvm" when a guest boots under KVM, else "tcg". It keeps the answer in dir, for the same
// binary and kernel: the boot takes bootLimit where KVM does not work.
func detectAccel(binary, dir string, logf func(string, ...any)) string {
	if file, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err != nil {
		logf("hypervisor: no KVM (%v): guests run under TCG", err)
		return "tcg"
	} else {
		_ = file.Close()
	}
	record := accelRecord{Binary: binary}
	if info, err := os.Stat(binary); err == nil {
		record.Built = info.ModTime().UTC()
	}
	if version, err := os.ReadFile("/proc/version"); err == nil {
		record.Kernel = strings.TrimSpace(string(version))
	}
	path := filepath.Join(dir, "accel.json")
	if known := readAccel(path, record); known != "" {
		return known
	}
	record.Accel = "kvm"
	if err := bootProbe(binary, dir, "kvm", bootLimit); err != nil {
		record.Accel = "tcg"
		logf("hypervisor: /dev/kvm is there, but %v: guests run under TCG", err)
	}
	if data, err := json.Marshal(record); err == nil {
		// Without the file the same is only found out once more.
		_ = os.WriteFile(path, data, 0o600)
	}
	return record.Accel
}

// readAccel is the answer on file, "" when there is none for the same binary and kernel.
func readAccel(path string, now accelRecord) string {
	var known accelRecord
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(data, &known) != nil {
		return ""
	}
	now.Accel = known.Accel
	if known != now || (known.Accel != "kvm" && known.Accel != "tcg") {
		return ""
	}
	return known.Accel
}

// bootProbe boots probeSector and returns nil when it has run to its end within the limit.
func bootProbe(binary, dir, accel string, limit time.Duration) error {
	disk, err := os.CreateTemp(dir, "probe-*.img")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(disk.Name()) }()
	_, err = disk.Write(probeSector)
	// The BIOS boots from no disk that has less than a cylinder.
	if err := errors.Join(err, disk.Truncate(1<<20), disk.Close()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-nodefaults", "-no-user-config", "-display", "none",
		"-machine", "pc", "-accel", accel, "-m", "32M", "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
		"-blockdev", `{"driver":"raw","node-name":"probe","read-only":true,"file":{"driver":"file","filename":`+quoteJSON(disk.Name())+`}}`,
		"-device", "virtio-blk-pci,drive=probe,bootindex=1")
	output := &outputTail{}
	cmd.Stdout, cmd.Stderr = output, output
	wait, err := startChild(cmd, dir)
	if err != nil {
		return err
	}
	err = wait()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == probeExit:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("a guest of 512 bytes does not finish under %s within %s", accel, limit)
	default:
		return fmt.Errorf("a guest of 512 bytes does not run under %s: %w %s", accel, err, output)
	}
}

func quoteJSON(text string) string {
	data, _ := json.Marshal(text) // a string always can be
	return string(data)
}
