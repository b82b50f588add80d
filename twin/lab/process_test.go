// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

func TestARecycledPIDIsNotTakenForTheTwin(t *testing.T) {
	d := openDir(t)
	if none, err := ReadProcess(d); none != nil || none.Alive() || err != nil {
		t.Fatalf("without a pid file: %v, %v", none, err)
	}
	if _, err := recordSelf(d, []string{"--dir", string(d)}); err != nil {
		t.Fatal(err)
	}
	self, err := ReadProcess(d)
	if err != nil || !self.Alive() || self.PID != os.Getpid() || self.Args[1] != string(d) {
		t.Fatalf("own process: %+v, %v", self, err)
	}
	for name, other := range map[string]Process{
		"started at another time": {PID: self.PID, Started: "1", Boot: self.Boot},
		"of another boot":         {PID: self.PID, Started: self.Started, Boot: "earlier"},
	} {
		if other.Alive() {
			t.Errorf("a process %s is taken for it", name)
		}
	}
}

func TestLeftoversAreFoundByTheirMarkAndEnded(t *testing.T) {
	p := &Process{PID: 1, Boot: bootID(), Instance: password(24)}
	start := func(environment ...string) *exec.Cmd {
		command := exec.Command("sleep", "60")
		command.Env = append(os.Environ(), environment...)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { _ = command.Wait() }()
		t.Cleanup(func() { _ = command.Process.Kill() })
		return command
	}
	ours, other := start(instanceVariable+"="+p.Instance), start(instanceVariable+"=another")
	if !waitFor(5*time.Second, func() bool { return slices.Equal(p.Leftovers(), []int{ours.Process.Pid}) }) {
		t.Fatalf("found %v, want only %d", p.Leftovers(), ours.Process.Pid)
	}
	if count := p.endLeftovers(); count != 1 || len(p.Leftovers()) != 0 {
		t.Errorf("ended %d, left %v", count, p.Leftovers())
	}
	if _, err := readStat(other.Process.Pid); err != nil {
		t.Errorf("someone else's process was ended: %v", err)
	}
}

func TestOneTwinADirectory(t *testing.T) {
	d := openDir(t)
	lock, err := d.lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.lock(); err == nil {
		t.Error("a second lock was given")
	}
	_ = lock.Close()
	again, err := d.lock()
	if err != nil {
		t.Fatalf("after the first ended: %v", err)
	}
	_ = again.Close()
}
