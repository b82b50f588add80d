// SPDX-License-Identifier: GPL-3.0-or-later

package vmfs

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ImportDisk makes a disk of an image file (vmdk, qcow2 or raw; QEMU finds out which) and copies its content through
// QEMU's iSCSI initiator, the zeros left out. Progress, which may be nil, is told bytes done and in all. When it fails
// or ctx ends, the file is removed again.
func (v *Volume) ImportDisk(ctx context.Context, name, source string, progress func(done, total int64)) (Extent, error) {
	// An absolute path is a file to QEMU, whatever colons it has.
	source, err := filepath.Abs(source)
	if err != nil {
		return Extent{}, err
	}
	size, format, err := inspect(ctx, source)
	if err != nil {
		return Extent{}, err
	}
	clean, err := cleanPath(name)
	if err != nil {
		return Extent{}, err
	}
	if _, taken := v.shared.imports.LoadOrStore(clean, true); taken {
		return Extent{}, fmt.Errorf("[%s] %s is being imported already: %w", v.Label, name, fs.ErrExist)
	}
	defer v.shared.imports.Delete(clean)
	extent, err := v.allocate(ctx, name, size, true)
	if err != nil {
		return Extent{}, err
	}
	report := func(percent float64) {
		if progress != nil {
			progress(int64(percent/100*float64(size)), size)
		}
	}
	err = v.convert(ctx, source, format, extent, report)
	if err == nil {
		err = v.complete(ctx, clean)
	}
	if err != nil {
		// ctx may have ended; the removal must not end with it.
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		return Extent{}, errors.Join(fmt.Errorf("[%s] %s: importing %s: %w", v.Label, name, source, errors.Join(ctx.Err(), err)), v.Remove(cleanup, name))
	}
	report(100)
	return extent, nil
}

// complete marks a disk as whole. The change has what was written before it made durable first.
func (v *Volume) complete(ctx context.Context, clean string) error {
	return v.update(ctx, func(_ device, c *catalogue, _ func() error) error {
		if c.Files[clean] == nil {
			return fmt.Errorf("it was removed meanwhile: %w", fs.ErrNotExist)
		}
		c.Files[clean].Partial = false
		c.Files[clean].Modified = timestamp()
		return nil
	})
}

// inspect finds an image's size in bytes and its format. It refuses images that draw in other files: one that comes
// from a stranger could name any file of this machine.
func inspect(ctx context.Context, source string) (int64, string, error) {
	var out, problem bytes.Buffer
	cmd := exec.CommandContext(ctx, "qemu-img", "info", "--output=json", "--", source)
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return 0, "", fmt.Errorf("disk image %s: %w: %s", source, err, strings.TrimSpace(problem.String()))
	}
	var info struct {
		Size     int64  `json:"virtual-size"`
		Format   string `json:"format"`
		Backing  string `json:"backing-filename"`
		DataFile string `json:"data-file"`
		Specific struct {
			Data struct {
				DataFile string `json:"data-file"`
				Extents  []struct {
					Filename string `json:"filename"`
				} `json:"extents"`
			} `json:"data"`
		} `json:"format-specific"`
	}
	if err := json.Unmarshal(out.Bytes(), &info); err != nil {
		return 0, "", fmt.Errorf("disk image %s: %w", source, err)
	}
	foreign := info.Backing + info.Specific.Data.DataFile
	for _, e := range info.Specific.Data.Extents {
		if filepath.Dir(e.Filename) != filepath.Dir(source) {
			foreign = e.Filename
		}
	}
	if foreign != "" {
		return 0, "", fmt.Errorf("disk image %s draws in another file, %s: convert it to one that stands alone", source, foreign)
	}
	return info.Size, info.Format, nil
}

// convert copies an image into a range of the LUN that reads as zeros.
func (v *Volume) convert(ctx context.Context, source, format string, extent Extent, report func(percent float64)) error {
	target, err := json.Marshal(blockdev(v.lun, v.auth, extent))
	if err != nil {
		return err
	}
	args := []string{"convert", "-p", "-n", "--target-is-zero", "-W", "-m", "8", "-f", format, "-O", "raw"}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var files []*os.File
	if secret := v.Secret(); secret != nil {
		// Through a pipe, so that the password is in no file and no argument list.
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.WriteString(w, secret.Value)
		if err = errors.Join(err, w.Close()); err != nil {
			return err
		}
		files = append(files, r)
		args = append(args, "--object", "secret,id="+secret.ID+",file=/proc/self/fd/3")
	}
	cmd := exec.CommandContext(ctx, "qemu-img", append(args, source, "json:"+string(target))...)
	cmd.ExtraFiles = files
	return run(cmd, report)
}

// run runs qemu-img and reads its progress. The child ends with this process: Pdeathsig is sent when the thread that
// forked it ends, so that thread is kept.
func run(cmd *exec.Cmd, report func(percent float64)) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readProgress(out, report)
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("qemu-img: %w: %s", err, strings.TrimSpace(problem.String()))
	}
	return nil
}

var percentForm = regexp.MustCompile(`\(([0-9.]+)/100%\)`)

// readProgress reads "    (12.34/100%)\r" until there is no more.
func readProgress(out io.Reader, report func(percent float64)) {
	r := bufio.NewReader(out)
	for {
		part, err := r.ReadString(')')
		if m := percentForm.FindStringSubmatch(part); m != nil {
			if p, err := strconv.ParseFloat(m[1], 64); err == nil {
				report(p)
			}
		}
		if err != nil {
			return
		}
	}
}
