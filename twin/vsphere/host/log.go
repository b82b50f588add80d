// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// kernelLogLimit is the size of vmkernel.log beyond which a new one is begun; one before it is kept.
const kernelLogLimit = 1 << 20

// Release is the major version of ESXi.
func (h *Host) Release() int {
	major, _, _ := strings.Cut(h.Cfg.Version, ".")
	release, _ := strconv.Atoi(major)
	return release
}

func (h *Host) kernelLogFile() string { return filepath.Join(h.dir(), "vmkernel.log") }

// Log adds lines of one moment to the host's vmkernel.log, in the form of its release.
func (h *Host) Log(at time.Time, lines ...string) {
	h.logMu.Lock()
	defer h.logMu.Unlock()
	before := at.UTC().Format("2006-01-02T15:04:05.000Z ")
	if h.Release() >= 8 {
		before += "In(182) vmkernel: "
	}
	var text strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&text, "%scpu0:2097152)%s\n", before, line)
	}
	if err := h.appendLog(text.String()); err != nil {
		h.Logf("%s: %v", h.Label(), err)
	}
}

func (h *Host) appendLog(text string) error {
	name := h.kernelLogFile()
	if info, err := os.Stat(name); err == nil && info.Size() > kernelLogLimit {
		if err := os.Rename(name, filepath.Join(h.dir(), "vmkernel.0.log")); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(h.dir(), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// KernelLog is the host's vmkernel.log, by lines.
func (h *Host) KernelLog() ([]string, error) {
	h.logMu.Lock()
	defer h.logMu.Unlock()
	data, err := os.ReadFile(h.kernelLogFile())
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(data) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n"), nil
}
