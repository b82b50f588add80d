// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// qemuBinary is found on PATH.
const qemuBinary = "qemu-system-x86_64"

// startLimit bounds how long QEMU may take until it answers: it opens its disks before that.
const startLimit = 60 * time.Second

// QEMUConfig is what the QEMU backing needs.
type QEMUConfig struct {
	// Dir holds the records of running processes (see EndStray) and what was found out about KVM.
	Dir string
	// Traffic counts bytes to and from a MAC address, as network.Network.Traffic does; nil when nothing counts them.
	Traffic func(mac string) (received, sent uint64)
	// Accel is "kvm" or "tcg"; "" finds out.
	Accel string
	// Logf takes log lines; nil discards them.
	Logf func(format string, args ...any)
}

type qemuBacking struct {
	config QEMUConfig
	binary string
	accel  string
}

// NewQEMU makes a backing that runs QEMU processes. When config.Accel is empty it boots a tiny guest under KVM
// to find out whether that works, which takes some seconds where it does not, and is remembered in config.Dir.
func NewQEMU(config QEMUConfig) (Backing, error) {
	if config.Logf == nil {
		config.Logf = func(string, ...any) {}
	}
	if config.Traffic == nil {
		config.Traffic = func(string) (uint64, uint64) { return 0, 0 }
	}
	binary, err := exec.LookPath(qemuBinary)
	if err != nil {
		return nil, fmt.Errorf("hypervisor: %s is not installed (Debian package qemu-system-x86): %w", qemuBinary, err)
	}
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("hypervisor: %w", err)
	}
	accel := config.Accel
	if accel == "" {
		accel = detectAccel(binary, config.Dir, config.Logf)
	}
	return &qemuBacking{config: config, binary: binary, accel: accel}, nil
}

func (b *qemuBacking) Name() string  { return "qemu" }
func (b *qemuBacking) Accel() string { return b.accel }

func (b *qemuBacking) Start(ctx context.Context, spec Spec) (Machine, error) {
	m, err := b.launch(ctx, spec, StateRunning)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (b *qemuBacking) Incoming(ctx context.Context, spec Spec, listen netip.AddrPort) (Machine, error) {
	m, err := b.launch(ctx, spec, StateIncoming, "-incoming", "defer")
	if err != nil {
		return nil, err
	}
	if err := m.listen(ctx, listen); err != nil {
		m.kill()
		return nil, fmt.Errorf("hypervisor: machine %s: receive at %s: %w", spec.ID, listen, err)
	}
	return m, nil
}

// launch starts a process and connects to its control channel.
func (b *qemuBacking) launch(ctx context.Context, spec Spec, state State, extra ...string) (*qemuMachine, error) {
	if err := os.MkdirAll(spec.Dir, 0o700); spec.Dir != "" && err != nil {
		return nil, fmt.Errorf("hypervisor: machine %s: %w", spec.ID, err)
	}
	ours, theirs, err := controlPair()
	if err != nil {
		return nil, fmt.Errorf("hypervisor: machine %s: %w", spec.ID, err)
	}
	c, err := build(spec, b.accel, theirs)
	if err != nil {
		_ = ours.Close()
		return nil, fmt.Errorf("hypervisor: %w", err)
	}
	defer c.close()
	m := &qemuMachine{spec: spec, backing: b, state: state, done: make(chan struct{}), resumed: make(chan time.Time, 1), stopped: make(chan time.Time, 1)}
	m.cmd = exec.Command(b.binary, append(c.args, extra...)...)
	m.cmd.ExtraFiles = c.files
	m.cmd.Stdout, m.cmd.Stderr = &m.output, &m.output
	wait, err := startChild(m.cmd, b.config.Dir)
	if err != nil {
		_ = ours.Close()
		return nil, fmt.Errorf("hypervisor: machine %s: %w", spec.ID, err)
	}
	// The child has its own copies; while ours are open, its end would not be seen on the connection.
	c.close()
	go m.reap(wait, ours)

	limited, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	m.qmp, err = newQMP(limited, ours, m.event)
	if err != nil {
		m.kill()
		return nil, fmt.Errorf("hypervisor: machine %s does not start: %w", spec.ID, m.explain(err))
	}
	if state == StateRunning {
		m.mu.Lock()
		m.countFrom()
		m.mu.Unlock()
	}
	return m, nil
}

// controlPair is a connection to hand to a child: no path, so no one else can open it.
func controlPair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a control connection: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "qmp")
	own := os.NewFile(uintptr(fds[0]), "qmp")
	defer func() { _ = own.Close() }()
	conn, err := net.FileConn(own)
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), theirs, nil
}

// outputTail keeps the end of what a process prints.
type outputTail struct {
	mu   sync.Mutex
	data []byte
}

const outputKept = 4096 // bytes; QEMU says why it ends in a line or two

func (o *outputTail) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.data = append(o.data, p...)
	if extra := len(o.data) - outputKept; extra > 0 {
		o.data = o.data[extra:]
	}
	return len(p), nil
}

func (o *outputTail) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSpace(string(bytes.ToValidUTF8(o.data, nil)))
}

// explain replaces the bare news that a process has ended by what it said last.
func (m *qemuMachine) explain(err error) error {
	if !errors.Is(err, errGone) {
		return err
	}
	<-m.done
	if said := m.output.String(); said != "" {
		return errors.New(said)
	}
	return err
}
