// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// parentOfSleeper is set in the environment of the test program when it is to play a twin that is killed.
const parentOfSleeper = "TEST_PARENT_OF_SLEEPER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentOfSleeper); dir != "" {
		cmd := exec.Command("sleep", "600")
		wait, err := startChild(cmd, dir)
		if err != nil {
			panic(err)
		}
		println(cmd.Process.Pid)
		_ = wait()
	}
	os.Exit(m.Run())
}

func ended(pid int) bool {
	stat, err := readStat(pid)
	return err != nil || stat.state == "Z"
}

func TestChildrenEndWithAKilledParent(t *testing.T) {
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentOfSleeper+"="+dir)
	said, err := parent.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || ended(child) {
		t.Fatalf("child %q does not run (%v)", line, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	eventually(t, "the child has ended with its parent", func() bool { return ended(child) })
	if count, err := EndStray(dir); count != 0 || err != nil {
		t.Errorf("%d stray processes ended, %v: there was none left", count, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("records left: %v", left)
	}
}

// sleeper is a process that the test ends.
func sleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

func TestEndStrayEndsWhatIsRecorded(t *testing.T) {
	dir := t.TempDir()
	stray, other := sleeper(t), sleeper(t)
	if _, err := recordChild(dir, stray.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if count, err := EndStray(dir); count != 1 || err != nil {
		t.Fatalf("ended %d, %v; want 1", count, err)
	}
	if !ended(stray.Process.Pid) || ended(other.Process.Pid) {
		t.Error("the recorded process and no other should have ended")
	}
	if count, err := EndStray(dir); count != 0 || err != nil {
		t.Errorf("ended %d the second time, %v", count, err)
	}
}

// The system gives the numbers of processes out again.
func TestEndStrayLeavesAnotherProcessWithTheSameNumber(t *testing.T) {
	dir := t.TempDir()
	other := sleeper(t)
	for _, change := range []func(*childRecord){
		func(r *childRecord) { r.StartTime-- },
		func(r *childRecord) { r.BootID = "another" },
	} {
		path, err := recordChild(dir, other.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		record, err := identify(other.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		change(&record)
		data, _ := json.Marshal(record)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if count, err := EndStray(dir); count != 0 || err != nil || ended(other.Process.Pid) {
			t.Fatalf("ended %d, %v: the record is of an earlier process", count, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("the old record is still there")
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "1"+recordSuffix), []byte(`{"pid":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if count, err := EndStray(dir); count != 0 || err != nil {
		t.Errorf("ended %d by a cut record, %v", count, err)
	}
}

func TestReadStatTakesAnyProgramName(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a) R (b")
	if err := os.Symlink("/bin/sleep", name); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	self, err := readStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	stat, err := readStat(cmd.Process.Pid)
	if err != nil || stat.startTime < self.startTime {
		t.Errorf("%+v (%v) of a process that started after %+v", stat, err, self)
	}
}
