// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// ErrRunning is returned where a directory's twin runs already.
var ErrRunning = errors.New("already running")

const (
	// startLimit is how long a start may take: finding out the acceleration boots a small machine.
	startLimit = 3 * time.Minute
	// stopLimit is how long machines have to shut down before they are ended.
	stopLimit = 60 * time.Second
	// logLines is how much of the log a failed start shows.
	logLines = 15
)

// Run serves a directory's data centre until SIGTERM or SIGINT. It is what the background process does, too.
func Run(d Dir, config Config, args []string, log io.Writer) error {
	logf := logger(log)
	lock, err := d.lock()
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	previous, err := ReadProcess(d)
	if err != nil {
		logf("ignored: %v", err)
	}
	if count := previous.endLeftovers(); count > 0 {
		logf("ended %d processes that an earlier twin (process %d) left behind", count, previous.PID)
	}
	self, err := recordSelf(d, args)
	if err != nil {
		return err
	}
	if err := os.Setenv(instanceVariable, self.Instance); err != nil {
		return err
	}
	err = serve(d, config, logf)
	if count := self.endLeftovers(); count > 0 {
		logf("ended %d processes that were still there", count)
	}
	if err == nil {
		logf("stopped")
	}
	return errors.Join(err, os.Remove(d.pidFile()))
}

// serve starts everything, waits for a signal, and ends everything.
func serve(d Dir, config Config, logf func(string, ...any)) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	l, err := Start(ctx, d, config, logf)
	if err != nil {
		return err
	}
	closeControl, err := l.serveControl()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	logf("up, backing %s, acceleration %s", config.Backing, l.accel())
	<-ctx.Done()
	logf("stopping")
	return errors.Join(closeControl(), l.Close())
}

// Up starts the background process and returns once every endpoint answers. Where it runs already, it returns ErrRunning.
func Up(ctx context.Context, d Dir, args []string) error {
	if process, _ := ReadProcess(d); process.Alive() {
		return ErrRunning
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// The last run's log is kept beside the new one.
	_ = os.Rename(d.Log(), d.Log()+".1")
	log, err := os.OpenFile(d.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	command := exec.Command(self, append([]string{"run"}, args...)...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		_ = command.Wait() // how it ended is in the log
		close(exited)
	}()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := awaitReady(ctx, d, exited); err != nil {
		_ = command.Process.Signal(syscall.SIGTERM)
		return fmt.Errorf("%w; the end of %s:\n%s", err, d.Log(), tail(d.Log(), logLines))
	}
	return nil
}

func awaitReady(ctx context.Context, d Dir, exited <-chan struct{}) error {
	var last error
	for {
		var status Status
		if status, last = AskStatus(ctx, d); last == nil && status.Running {
			if last = probe(ctx, d, status.Endpoints); last == nil {
				return nil
			}
		}
		select {
		case <-exited:
			return errors.New("it did not start")
		case <-ctx.Done():
			return errors.Join(errors.New("it did not answer in time"), last)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Down ends a directory's twin and all that it started. It says whether there was one.
func Down(d Dir) (bool, error) {
	process, err := ReadProcess(d)
	if err != nil || process == nil {
		return false, err
	}
	if !process.Alive() {
		count := process.endLeftovers()
		return count > 0, os.Remove(d.pidFile())
	}
	if err := syscall.Kill(process.PID, syscall.SIGTERM); err != nil {
		return true, fmt.Errorf("process %d: %w", process.PID, err)
	}
	if waitFor(stopLimit, func() bool { return !process.Alive() }) {
		process.endLeftovers()
		return true, nil
	}
	if err := syscall.Kill(process.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return true, fmt.Errorf("process %d: %w", process.PID, err)
	}
	waitFor(5*time.Second, func() bool { return !process.Alive() })
	process.endLeftovers()
	_ = os.Remove(d.pidFile())
	return true, fmt.Errorf("process %d did not stop within %s and was killed; its log: %s", process.PID, stopLimit, d.Log())
}

// lock keeps a second twin off a directory. The kernel lets go of it when the process ends, however it ends.
func (d Dir) lock() (*os.File, error) {
	file, err := os.OpenFile(d.join("labtwin.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", d, ErrRunning), file.Close())
	}
	return file, nil
}

// tail is the end of a file, as far as it can be read.
func tail(path string, lines int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func logger(w io.Writer) func(string, ...any) {
	return func(format string, args ...any) {
		_, _ = fmt.Fprintf(w, time.Now().Format("2006-01-02 15:04:05.000 ")+format+"\n", args...)
	}
}
