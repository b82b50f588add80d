// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// instanceVariable is in the environment of everything that the twin starts. Its value is drawn anew for each start.
const instanceVariable = "LABTWIN_INSTANCE"

// Process is what the pid file says of the process that serves a directory.
type Process struct {
	PID int `json:"pid"`
	// Started is when the process started, in clock ticks since boot: with the pid it names a process for good.
	Started string `json:"started"`
	// Boot is the kernel's id of this boot; ticks of another boot mean nothing.
	Boot string `json:"boot"`
	// Instance is the value of LABTWIN_INSTANCE in what the process starts.
	Instance string `json:"instance"`
	// Args are the arguments it was started with.
	Args []string `json:"args"`
}

// ReadProcess reads the pid file. Without one it returns nil.
func ReadProcess(d Dir) (*Process, error) {
	content, err := os.ReadFile(d.pidFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("pid file: %w", err)
	}
	var p Process
	if err := json.Unmarshal(content, &p); err != nil {
		return nil, fmt.Errorf("pid file %s: %w", d.pidFile(), err)
	}
	return &p, nil
}

// recordSelf writes the pid file of this process.
func recordSelf(d Dir, args []string) (*Process, error) {
	stat, err := readStat(os.Getpid())
	if err != nil {
		return nil, err
	}
	p := &Process{PID: os.Getpid(), Started: stat.started, Boot: bootID(), Instance: password(24), Args: args}
	content, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	return p, writeFile(d.pidFile(), append(content, '\n'), 0o600)
}

func (d Dir) pidFile() string { return d.join("labtwin.pid") }

// Alive tells whether that very process still runs.
func (p *Process) Alive() bool {
	if p == nil || p.Boot != bootID() {
		return false
	}
	stat, err := readStat(p.PID)
	return err == nil && stat.started == p.Started && stat.state != "Z"
}

// Leftovers are the processes of this user that the process started and that still run.
func (p *Process) Leftovers() []int {
	if p == nil || p.Instance == "" || p.Boot != bootID() {
		return nil
	}
	marker := []byte(instanceVariable + "=" + p.Instance)
	environments, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is valid
	var found []int
	for _, path := range environments {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		content, err := os.ReadFile(path) // not readable: another user's
		if err != nil || pid == os.Getpid() {
			continue
		}
		for variable := range bytes.SplitSeq(content, []byte{0}) {
			if bytes.Equal(variable, marker) {
				found = append(found, pid)
				break
			}
		}
	}
	return found
}

// endLeftovers ends what a killed process left running, first politely. It returns how many there were.
func (p *Process) endLeftovers() int {
	left := p.Leftovers()
	for _, pid := range left {
		_ = syscall.Kill(pid, syscall.SIGTERM)
	}
	if !waitFor(5*time.Second, func() bool { return len(p.Leftovers()) == 0 }) {
		for _, pid := range p.Leftovers() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		waitFor(5*time.Second, func() bool { return len(p.Leftovers()) == 0 })
	}
	return len(left)
}

type stat struct{ state, started string }

// readStat reads /proc/<pid>/stat. The command in it is in parentheses and may hold spaces and parentheses.
func readStat(pid int) (stat, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	if len(fields) < 20 {
		return stat{}, fmt.Errorf("/proc/%d/stat has %d fields after the command, 20 are needed", pid, len(fields))
	}
	return stat{state: fields[0], started: fields[19]}, nil
}

func bootID() string {
	content, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}

func owner(info fs.FileInfo) (int, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}

// waitFor asks ten times a second until the answer is yes or the time is up.
func waitFor(limit time.Duration, done func() bool) bool {
	for deadline := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		if done() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}
