// SPDX-License-Identifier: GPL-3.0-or-later

// Package tgt runs one tgtd, without root, and keeps its targets as its owner wants them.
//
// tgtd reserves LUN 0 of every target for a controller of its own, so disks start at 1 here; package portal, which
// stands between the initiators and tgtd, hides the controller and counts from 0 as FreeNAS does.
package tgt

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Daemon is a running tgtd.
type Daemon struct {
	Control
	// Address is the loopback host:port on which tgtd speaks iSCSI.
	Address string

	process *os.Process
	done    chan struct{}
	err     error // why it ended; set before done is closed
}

// ErrNotInstalled says that there is no tgtd on this machine.
var ErrNotInstalled = errors.New("tgtd is not installed: install Debian's package tgt")

// Find is the path of tgtd. Debian puts it in /usr/sbin, which an ordinary user's PATH has not.
func Find() (string, error) {
	if path, err := exec.LookPath("tgtd"); err == nil {
		return path, nil
	}
	for _, path := range []string{"/usr/sbin/tgtd", "/usr/local/sbin/tgtd"} {
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", ErrNotInstalled
}

// StartDaemon starts tgtd with its management socket in dir (which must exist and be private) and waits until it
// answers. tgtd ends when this process does, however that comes about.
func StartDaemon(dir string, logf func(format string, args ...any)) (*Daemon, error) {
	path, err := Find()
	if err != nil {
		return nil, err
	}
	// A port found free may be taken before tgtd binds it; another is tried then.
	for range 5 {
		var d *Daemon
		if d, err = startOn(path, dir, logf); err == nil {
			return d, nil
		}
	}
	return nil, err
}

func startOn(path, dir string, logf func(format string, args ...any)) (*Daemon, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "tgtd")
	d := &Daemon{Control: Control{Socket: socket + ".0", Source: randomSource()}, Address: address, done: make(chan struct{})}
	cmd := exec.Command(path, "-f", "-C", "0", "--iscsi", "portal="+address)
	cmd.Env = append(os.Environ(), "TGT_IPC_SOCKET="+socket)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	started := make(chan error)
	go d.run(cmd, output, started, logf)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	if err := d.ready(); err != nil {
		d.Stop()
		return nil, err
	}
	return d, nil
}

// harmless is what tgtd says on every start without root and without RDMA, and on every new LUN.
var harmless = regexp.MustCompile(`^(iser_ib_init|work_timer_start|bs_init|device_mgmt|bs_thread_open)\(|^can't adjust `)

// run starts the child and stays with it. The kernel sends the parent-death signal when the thread that forked ends,
// so that thread is kept until the child is gone.
func (d *Daemon) run(cmd *exec.Cmd, output io.Reader, started chan<- error, logf func(string, ...any)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	if err == nil {
		d.process = cmd.Process
	}
	started <- err
	if err != nil {
		return
	}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if line := strings.TrimPrefix(strings.TrimSpace(lines.Text()), "tgtd: "); !harmless.MatchString(line) {
			logf("tgtd: %s", line)
		}
	}
	d.err = cmd.Wait()
	close(d.done)
}

// ready waits until tgtd answers on its management socket and on its portal.
func (d *Daemon) ready() error {
	deadline := time.Now().Add(10 * time.Second)
	for {
		err := d.Ping()
		if err == nil {
			var conn net.Conn
			if conn, err = net.Dial("tcp", d.Address); err == nil {
				return conn.Close()
			}
		}
		select {
		case <-d.done:
			return fmt.Errorf("tgtd ended at once: %w", errors.Join(d.err, err))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("tgtd does not answer: %w", err)
		}
	}
}

// PID is tgtd's process id.
func (d *Daemon) PID() int { return d.process.Pid }

// Done is closed when tgtd has ended.
func (d *Daemon) Done() <-chan struct{} { return d.done }

// Stop ends tgtd, waits for it and removes its socket and lock.
func (d *Daemon) Stop() {
	select {
	case <-d.done:
	default:
		// tgtd refuses to end by itself while it has targets; its backing files need nothing more than close.
		_ = d.process.Kill()
		<-d.done
	}
	_ = os.Remove(d.Socket)
	_ = os.Remove(d.Socket + ".lock")
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// randomSource is a loopback address that nobody guesses soon.
func randomSource() string {
	b := make([]byte, 3)
	_, _ = rand.Read(b) // crypto/rand.Read never fails
	return net.IPv4(127, b[0], b[1], b[2]&0x7f|1).String()
}
