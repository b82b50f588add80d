// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// command is QEMU's argument list for a machine, and the open files that it inherits.
type command struct {
	args    []string
	files   []*os.File
	secrets map[string]bool // those that QEMU gets already, by ID
}

// firstFile is the descriptor of a child's first inherited file, after standard input, output and error.
const firstFile = 3

// inherit adds an open file and returns the number it has in the child. Its owner is the command from now on.
func (c *command) inherit(file *os.File) string {
	c.files = append(c.files, file)
	return strconv.Itoa(firstFile + len(c.files) - 1)
}

// object adds an option whose value is JSON, which needs no quoting of its own.
func (c *command) object(option string, value map[string]any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s %v: %w", option, value, err)
	}
	c.args = append(c.args, option, string(data))
	return nil
}

// close closes the inherited files: the child has its own, or there is no child.
func (c *command) close() {
	for _, file := range c.files {
		_ = file.Close()
	}
	c.files = nil
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

func (s Spec) check() error {
	switch {
	case !idPattern.MatchString(s.ID):
		return fmt.Errorf("machine ID %q: letters, digits, dots, dashes and underscores are possible", s.ID)
	case s.MemoryMB < 1:
		return fmt.Errorf("machine %s: memory of %d MB, at least 1 is needed", s.ID, s.MemoryMB)
	case s.VCPUs < 1:
		return fmt.Errorf("machine %s: %d virtual CPUs, at least 1 is needed", s.ID, s.VCPUs)
	case s.Dir == "":
		return fmt.Errorf("machine %s: no directory given", s.ID)
	}
	for _, nic := range s.NICs {
		if _, err := net.ParseMAC(nic.MAC); err != nil {
			return fmt.Errorf("machine %s: %q is not a MAC address", s.ID, nic.MAC)
		}
	}
	return nil
}

// build makes the command for a machine; control is QEMU's end of the connection that carries QMP.
func build(spec Spec, accel string, control *os.File) (c *command, err error) {
	c = &command{secrets: map[string]bool{}}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	// The inherited file comes first: Spec errors must close it as well.
	qmp := c.inherit(control)
	if err := spec.check(); err != nil {
		return c, err
	}
	c.args = []string{
		"-name", "guest=" + strings.ReplaceAll(spec.Name, ",", ",,"),
		"-nodefaults", "-no-user-config", "-display", "none",
		"-machine", "pc,vmport=off",
		"-m", fmt.Sprintf("%dM", spec.MemoryMB), "-smp", strconv.Itoa(spec.VCPUs),
		"-chardev", "socket,id=qmp,fd=" + qmp, "-mon", "chardev=qmp,mode=control",
		"-chardev", "file,id=console,append=on,path=" + strings.ReplaceAll(filepath.Join(spec.Dir, "console.log"), ",", ",,"),
		"-serial", "chardev:console",
	}
	c.args = append(c.args, accelArgs(accel)...)
	if err := c.disks(spec); err != nil {
		return c, fmt.Errorf("machine %s: %w", spec.ID, err)
	}
	if err := c.nics(spec.NICs); err != nil {
		return c, fmt.Errorf("machine %s: %w", spec.ID, err)
	}
	return c, nil
}

// accelArgs chooses the virtual CPU as well. Under TCG it is one without AVX, which TCG only emulates
// element by element, while a guest that sees it uses it throughout.
func accelArgs(accel string) []string {
	if accel == "kvm" {
		return []string{"-accel", "kvm", "-cpu", "host,migratable=on"}
	}
	return []string{"-accel", "tcg,thread=multi,tb-size=256", "-cpu", "Nehalem"}
}

// bus is how QEMU has a SCSI or SATA controller: its device, the device of a disk on it, and how a disk's
// place is told. QEMU has no LSI 53C1030, which is vSphere's lsilogic; its 53C895A is the nearest.
type bus struct {
	controller string
	disk       string
	place      func(controller string, unit int) map[string]any
}

func scsiPlace(controller string, unit int) map[string]any {
	return map[string]any{"bus": controller + ".0", "scsi-id": unit, "lun": 0, "vendor": "VMware", "product": "Virtual disk"}
}

func sataPlace(controller string, unit int) map[string]any {
	return map[string]any{"bus": fmt.Sprintf("%s.%d", controller, unit)}
}

func idePlace(_ string, unit int) map[string]any {
	return map[string]any{"bus": fmt.Sprintf("ide.%d", unit/2), "unit": unit % 2}
}

var buses = map[string]bus{
	"pvscsi":      {"pvscsi", "scsi-hd", scsiPlace},
	"lsilogic":    {"lsi53c895a", "scsi-hd", scsiPlace},
	"lsilogicsas": {"mptsas1068", "scsi-hd", scsiPlace},
	"sata":        {"ahci", "ide-hd", sataPlace},
	"ide":         {"", "ide-hd", idePlace}, // the machine has this controller already
}

func (c *command) disks(spec Spec) error {
	controllers := map[string]bool{}
	for i, disk := range spec.Disks {
		b, ok := buses[disk.Bus]
		if !ok {
			return fmt.Errorf("disk %d: there is no bus %q; pvscsi, lsilogic, lsilogicsas, ide and sata are possible", i, disk.Bus)
		}
		if b.controller != "" && !controllers[disk.Bus] {
			controllers[disk.Bus] = true
			if err := c.object("-device", map[string]any{"driver": b.controller, "id": disk.Bus}); err != nil {
				return err
			}
		}
		if err := c.secret(disk.Secret); err != nil {
			return fmt.Errorf("disk %d: %w", i, err)
		}
		node := fmt.Sprintf("disk%d", i)
		if err := c.object("-blockdev", blockdev(disk.Blockdev, node)); err != nil {
			return fmt.Errorf("disk %d: %w", i, err)
		}
		device := b.place(disk.Bus, disk.Unit)
		device["driver"], device["drive"], device["id"], device["bootindex"] = b.disk, node, node+"-device", i+1
		if err := c.object("-device", device); err != nil {
			return err
		}
	}
	return nil
}

// blockdev completes what the Spec says, without changing it.
func blockdev(given map[string]any, node string) map[string]any {
	out := maps.Clone(given)
	out["node-name"] = node
	if _, ok := out["cache"]; !ok {
		out["cache"] = map[string]any{"direct": true}
	}
	return out
}

// secret gives a password to QEMU, once for all disks that need it, through a pipe, which holds it until QEMU reads it.
func (c *command) secret(s *Secret) error {
	if s == nil || c.secrets[s.ID] {
		return nil
	}
	c.secrets[s.ID] = true
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	fd := c.inherit(reader)
	if err := errors.Join(writeAll(writer, s.Value), writer.Close()); err != nil {
		return fmt.Errorf("secret %s: %w", s.ID, err)
	}
	return c.object("-object", map[string]any{"qom-type": "secret", "id": s.ID, "file": "/dev/fd/" + fd})
}

func writeAll(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}

var nicModels = map[string]bool{"vmxnet3": true, "e1000": true, "e1000e": true}

func (c *command) nics(nics []NIC) error {
	for i, nic := range nics {
		if !nicModels[nic.Model] {
			return fmt.Errorf("network adapter %d: there is no model %q; vmxnet3, e1000 and e1000e are possible", i, nic.Model)
		}
		// Without a boot ROM: nothing boots from the network here, and looking for it takes its time.
		device := map[string]any{"driver": nic.Model, "id": fmt.Sprintf("nic%d", i), "mac": nic.MAC, "romfile": ""}
		if nic.SocketPath != "" {
			netdev := fmt.Sprintf("net%d", i)
			device["netdev"] = netdev
			// Connecting here tells at once, and plainly, when there is no such network.
			file, err := dialNetwork(nic.SocketPath)
			if err != nil {
				return fmt.Errorf("network adapter %d: %w", i, err)
			}
			address := map[string]any{"type": "fd", "str": c.inherit(file)}
			if err := c.object("-netdev", map[string]any{"type": "stream", "id": netdev, "server": false, "addr": address}); err != nil {
				return err
			}
		}
		if err := c.object("-device", device); err != nil {
			return err
		}
	}
	return nil
}

func dialNetwork(path string) (*os.File, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	return conn.File()
}
