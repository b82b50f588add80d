// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// guestSector is a guest that says "A" on its serial port when it boots, then "b" after every turn of a loop in which it writes
// to 256 KiB of its memory, and that powers itself off when the power button is pressed. It never reads its disk again.
var guestSector = bootSector(
	0xfa, 0x31, 0xc0, 0x8e, 0xd8, // cli; ds = 0
	0xb0, 0x41, 0xba, 0xf8, 0x03, 0xee, // out 0x3f8, 'A'
	0xb8, 0x00, 0x01, 0xba, 0x02, 0x06, 0xef, // out 0x602, 0x100: enable the power button's event (PIIX4 ACPI)
	0xbb, 0x00, 0x20, // again: bx = 0x2000
	0x8e, 0xc3, 0x31, 0xc9, // outer: es = bx; cx = 0
	0x89, 0xcf, 0x26, 0xff, 0x05, // inner: di = cx; inc word [es:di]
	0xba, 0x00, 0x06, 0xed, 0xf6, 0xc4, 0x01, 0x75, 0x17, // in 0x600; when the button was pressed: off
	0x83, 0xc1, 0x40, 0x75, 0xed, // cx += 64; inner until it wraps
	0x81, 0xc3, 0x00, 0x10, 0x81, 0xfb, 0x00, 0x60, 0x75, 0xdf, // bx += 0x1000; outer until 0x6000
	0xb0, 0x62, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xd4, // out 0x3f8, 'b'; again
	0xb8, 0x00, 0x20, 0xba, 0x04, 0x06, 0xef, // off: out 0x604, 0x2000: soft off
	0xf4, 0xeb, 0xfd, // halt for ever
)

// rig is a backing and a disk with guestSector on it.
type rig struct {
	t       *testing.T
	backing Backing
	dir     string
	disk    string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	if _, err := exec.LookPath(qemuBinary); err != nil {
		t.Skip(qemuBinary + " is not installed")
	}
	dir := t.TempDir()
	backing, err := NewQEMU(QEMUConfig{Dir: filepath.Join(dir, "run"), Accel: "tcg", Logf: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(dir, "disk.raw")
	if err := os.WriteFile(disk, append(guestSector, make([]byte, 1<<20-512)...), 0o600); err != nil {
		t.Fatal(err)
	}
	return &rig{t: t, backing: backing, dir: dir, disk: disk}
}

// spec is the machine, with its console in a directory of its own for each host.
func (r *rig) spec(host string) Spec {
	return Spec{
		ID: "tiny", Name: "tiny, with a comma", MemoryMB: 32, VCPUs: 1, Dir: filepath.Join(r.dir, host),
		Disks: []Disk{{Bus: "pvscsi", Blockdev: map[string]any{
			"driver": "raw", "cache": map[string]any{"direct": false},
			"file": map[string]any{"driver": "file", "filename": r.disk},
		}}},
		NICs: []NIC{{Model: "vmxnet3", MAC: "00:50:56:00:01:50"}},
	}
}

// keep ends a machine with the test.
func (r *rig) keep(m Machine, err error) Machine {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = m.PowerOff(context.Background()) })
	return m
}

func (r *rig) start() Machine {
	r.t.Helper()
	m := r.keep(r.backing.Start(context.Background(), r.spec("source")))
	r.wantTicks("source")
	return m
}

func (r *rig) console(host string) string {
	data, err := os.ReadFile(filepath.Join(r.dir, host, "console.log"))
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	return string(data)
}

// wantTicks waits until a machine's guest says more than it has said.
func (r *rig) wantTicks(host string) {
	r.t.Helper()
	before := strings.Count(r.console(host), "b")
	eventually(r.t, "the guest runs at the "+host, func() bool { return strings.Count(r.console(host), "b") > before })
}

func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if check() {
			return
		}
	}
	t.Fatalf("not within 30 s: %s", what)
}

func wantDone(t *testing.T, m Machine, state State) {
	t.Helper()
	select {
	case <-m.Done():
	case <-time.After(30 * time.Second):
		t.Fatalf("the machine has not ended within 30 s, it is %s", m.State())
	}
	if m.State() != state {
		t.Errorf("state %s after its end, want %s", m.State(), state)
	}
}

// freePort is a loopback address that no one listens on.
func freePort(t *testing.T) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

func TestPowerButtonEndsTheMachine(t *testing.T) {
	r := newRig(t)
	m := r.start()
	if m.State() != StateRunning || m.ID() != "tiny" {
		t.Errorf("machine %s is %s", m.ID(), m.State())
	}
	if err := m.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantDone(t, m, StateOff)
	if err := m.Reset(context.Background()); err == nil || !strings.Contains(err.Error(), "off") {
		t.Errorf("reset of a machine that is off: %v", err)
	}
	if err := m.PowerOff(context.Background()); err != nil {
		t.Errorf("power off of a machine that is off: %v", err)
	}
}

func TestPauseResumeResetPowerOff(t *testing.T) {
	r := newRig(t)
	m := r.start()
	ctx := context.Background()
	if err := m.Pause(ctx); err != nil || m.State() != StatePaused {
		t.Fatalf("pause: %v, state %s", err, m.State())
	}
	before := r.console("source")
	time.Sleep(200 * time.Millisecond)
	if after := r.console("source"); after != before {
		t.Error("the guest went on while it was paused")
	}
	if err := m.Resume(ctx); err != nil || m.State() != StateRunning {
		t.Fatalf("resume: %v, state %s", err, m.State())
	}
	r.wantTicks("source")
	if err := m.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the guest boots again", func() bool { return strings.Count(r.console("source"), "A") == 2 })
	if err := m.PowerOff(ctx); err != nil {
		t.Fatal(err)
	}
	wantDone(t, m, StateOff)
}

func TestCountersGrowAndStay(t *testing.T) {
	r := newRig(t)
	m := r.start()
	first := m.Counters()
	if first.ResidentBytes < 1<<20 || first.DiskReadBytes < 512 {
		t.Errorf("counters %+v: a running machine has memory, and has read its boot sector", first)
	}
	eventually(t, "CPU time grows", func() bool { return m.Counters().CPUSeconds > first.CPUSeconds })
	last := m.Counters()
	if err := m.PowerOff(context.Background()); err != nil {
		t.Fatal(err)
	}
	ended := m.Counters()
	if ended.CPUSeconds < last.CPUSeconds || ended.DiskReadBytes < last.DiskReadBytes || ended.ResidentBytes != 0 {
		t.Errorf("counters %+v after the end, %+v before it", ended, last)
	}
}

func TestBadSpecIsRefusedPlainly(t *testing.T) {
	r := newRig(t)
	for wanted, change := range map[string]func(*Spec){
		"buslogic":       func(s *Spec) { s.Disks[0].Bus = "buslogic" },
		"ne2000":         func(s *Spec) { s.NICs[0].Model = "ne2000" },
		"not-a-mac":      func(s *Spec) { s.NICs[0].MAC = "not-a-mac" },
		"no-such-socket": func(s *Spec) { s.NICs[0].SocketPath = "/no-such-socket" },
		"a/b":            func(s *Spec) { s.ID = "a/b" },
		"memory":         func(s *Spec) { s.MemoryMB = 0 },
		"CPUs":           func(s *Spec) { s.VCPUs = 0 },
		"no-such-disk": func(s *Spec) {
			s.Disks[0].Blockdev = map[string]any{"driver": "file", "filename": "/no-such-disk"}
		},
	} {
		spec := r.spec("source")
		change(&spec)
		m, err := r.backing.Start(context.Background(), spec)
		if err == nil {
			_ = m.PowerOff(context.Background())
		}
		if err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%s: error %v does not name it", wanted, err)
		}
	}
}

func TestSecretReachesQEMUButNoFileAndNoArgument(t *testing.T) {
	r := newRig(t)
	spec := r.spec("source")
	image := filepath.Join(r.dir, "luks.img")
	const password = "a very secret word"
	create := exec.Command("qemu-img", "create", "-q", "-f", "luks", "--object", "secret,id=s,file=/dev/stdin",
		"-o", "key-secret=s,iter-time=10", image, "1M")
	create.Stdin = strings.NewReader(password)
	if output, err := create.CombinedOutput(); err != nil {
		t.Skipf("qemu-img makes no encrypted image: %v %s", err, output)
	}
	luks := func(value string) Disk {
		return Disk{Bus: "ide", Unit: 1, Secret: &Secret{ID: "disk-password", Value: value}, Blockdev: map[string]any{
			"driver": "luks", "key-secret": "disk-password", "cache": map[string]any{"direct": false},
			"file": map[string]any{"driver": "file", "filename": image},
		}}
	}
	spec.Disks = append(spec.Disks, luks(password))
	second := luks(password) // the same secret, for one more disk
	second.Unit, second.Blockdev = 2, map[string]any{"driver": "null-co", "size": 1 << 20}
	spec.Disks = append(spec.Disks, second)
	m := r.keep(r.backing.Start(context.Background(), spec))
	arguments, err := os.ReadFile("/proc/" + strconv.Itoa(m.(*qemuMachine).cmd.Process.Pid) + "/cmdline")
	if err != nil || strings.Contains(string(arguments), password) {
		t.Errorf("the password is among the arguments (%v)", err)
	}
	if output, _ := exec.Command("grep", "-rl", password, r.dir).Output(); len(output) > 0 {
		t.Errorf("the password is in %s", output)
	}
	spec.Disks[1] = luks("wrong")
	if m, err := r.backing.Start(context.Background(), spec); err == nil {
		_ = m.PowerOff(context.Background())
		t.Error("a disk opens with a wrong password")
	}
}
