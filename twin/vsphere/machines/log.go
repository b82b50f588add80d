// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"

	"livelab.dev/twin/vsphere/registry"
)

// logsKept is how many logs of earlier processes of a machine are kept beside its vmware.log (vmware-1.log, vmware-2.log, …), as
// ESXi's log.keepOld has it.
const logsKept = 6

// MachineLine is a line of a machine's vmware.log.
type MachineLine struct {
	At   time.Time
	Text string
}

// LogOf adds lines to the vmware.log of a machine, in the form of the host on which it runs. Next has them in a new log, as those of a
// process that has just begun; the one before it is kept.
func (inv *Inventory) LogOf(at Ref, on ESXi, next bool, lines ...MachineLine) error {
	name, err := inv.machineLog(at)
	if err != nil {
		return err
	}
	if next {
		if err := rotate(name); err != nil {
			return err
		}
	}
	var text strings.Builder
	for _, line := range lines {
		text.WriteString(line.At.UTC().Format("2006-01-02T15:04:05.000Z"))
		if on.Release() >= 7 {
			text.WriteString(" In(05) vmx - ")
		} else {
			text.WriteString("| vmx| I120: ")
		}
		text.WriteString(line.Text + "\n")
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text.String())
	return errors.Join(err, file.Close())
}

// machineLog is where the simulator keeps a machine's vmware.log: where a client finds it in the datastore.
func (inv *Inventory) machineLog(at Ref) (string, error) {
	var host *Ref
	var directory string
	vm, ok := registry.Get[*simulator.VirtualMachine](inv.Registry, at)
	if !ok {
		return "", fmt.Errorf("%s is gone", at)
	}
	inv.Locked(at, func() { host, directory = vm.Runtime.Host, vm.Config.Files.LogDirectory })
	var in object.DatastorePath
	if host == nil || !in.FromString(directory) {
		return "", fmt.Errorf("the machine has no log directory (%q)", directory)
	}
	name, f := inv.localFile(*host, Disk{Datastore: in.Datastore, Path: path.Join(in.Path, "vmware.log")})
	if f != nil {
		return "", errors.New(f.Text)
	}
	return name, nil
}

// rotate makes room for a new log.
func rotate(name string) error {
	older := func(n int) string { return filepath.Join(filepath.Dir(name), fmt.Sprintf("vmware-%d.log", n)) }
	next := 1
	for _, err := os.Stat(older(next)); err == nil; _, err = os.Stat(older(next)) {
		next++
	}
	if next > logsKept {
		// The numbers go on in ESXi; here the oldest makes room, and the others keep their order.
		for n := 1; n < logsKept; n++ {
			if err := os.Rename(older(n+1), older(n)); err != nil {
				return err
			}
		}
		next = logsKept
	}
	if err := os.Rename(name, older(next)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
