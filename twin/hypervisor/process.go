// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// parentThread is the one thread that starts all children. The kernel ends a child (Pdeathsig) when the thread
// that started it ends, so that thread has to live as long as this process, which Go promises only for a locked one.
var parentThread = sync.OnceValue(func() chan<- func() {
	jobs := make(chan func())
	go func() {
		runtime.LockOSThread()
		for job := range jobs {
			job()
		}
	}()
	return jobs
})

// startChild starts a command that ends when this process does, however that ends, and records it in dir
// for EndStray. The returned function waits for the child and removes the record.
func startChild(cmd *exec.Cmd, dir string) (wait func() error, err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	done := make(chan struct{})
	parentThread() <- func() {
		defer close(done)
		err = cmd.Start()
	}
	<-done
	if err != nil {
		return nil, err
	}
	record, err := recordChild(dir, cmd.Process.Pid)
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, err
	}
	return func() error {
		err := cmd.Wait()
		_ = os.Remove(record)
		return err
	}, nil
}

// childRecord identifies a process beyond its number, which the system gives out again.
type childRecord struct {
	PID       int    `json:"pid"`
	StartTime uint64 `json:"start_time"` // clock ticks since boot, field 22 of /proc/PID/stat
	BootID    string `json:"boot_id"`
}

const recordSuffix = ".pid.json"

func recordChild(dir string, pid int) (path string, err error) {
	record, err := identify(pid)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(record)
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, strconv.Itoa(pid)+recordSuffix)
	return path, os.WriteFile(path, data, 0o600)
}

func identify(pid int) (childRecord, error) {
	stat, err := readStat(pid)
	if err != nil {
		return childRecord{}, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return childRecord{}, err
	}
	return childRecord{PID: pid, StartTime: stat.startTime, BootID: strings.TrimSpace(string(boot))}, nil
}

// EndStray ends the processes that an earlier run of this program has recorded in dir and left, and returns
// how many there were. A record whose process is gone, or is another's by now, is only removed.
func EndStray(dir string) (int, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+recordSuffix))
	if err != nil {
		return 0, err
	}
	ended := 0
	for _, path := range paths {
		killed, err := endRecorded(path)
		if err != nil {
			return ended, fmt.Errorf("hypervisor: end the process recorded in %s: %w", path, err)
		}
		if killed {
			ended++
		}
	}
	return ended, nil
}

func endRecorded(path string) (killed bool, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	var record childRecord
	// A record cut short by a crash says nothing; the kernel has ended that child with its parent.
	if json.Unmarshal(data, &record) == nil && record.PID > 1 {
		if now, err := identify(record.PID); err == nil && now == record && !gone(record) {
			if err := syscall.Kill(record.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return false, err
			}
			killed = true
			waitGone(record)
		}
	}
	return killed, os.Remove(path)
}

// waitGone waits until a killed process has let go of its files and addresses, for 5 s at most.
func waitGone(record childRecord) {
	for deadline := time.Now().Add(5 * time.Second); !gone(record) && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
}

// gone tells whether a process has ended; it may still wait for its parent to take notice.
func gone(record childRecord) bool {
	stat, err := readStat(record.PID)
	return err != nil || stat.startTime != record.StartTime || stat.state == "Z"
}

// procStat is what is used of /proc/PID/stat.
type procStat struct {
	state      string
	cpuSeconds float64
	startTime  uint64
}

// clockTicks is USER_HZ, which Linux fixes at 100 for all that it shows to programs.
const clockTicks = 100

func readStat(pid int) (procStat, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, err
	}
	// The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < 20 {
		return procStat{}, fmt.Errorf("/proc/%d/stat has %d fields after the name, at least 20 were expected", pid, len(fields))
	}
	user, _ := strconv.ParseUint(fields[11], 10, 64)
	system, _ := strconv.ParseUint(fields[12], 10, 64)
	start, err := strconv.ParseUint(fields[19], 10, 64)
	return procStat{state: fields[0], cpuSeconds: float64(user+system) / clockTicks, startTime: start}, err
}

// residentBytes is a process's resident memory, 0 when it has ended.
func residentBytes(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
