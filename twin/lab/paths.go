// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir is the directory of one data centre, ".lab" by default. All that the twin writes is in it.
type Dir string

// DefaultDir is $LABTWIN_DIR, or .lab in the working directory.
func DefaultDir() string {
	if dir := os.Getenv("LABTWIN_DIR"); dir != "" {
		return dir
	}
	return ".lab"
}

// OpenDir makes the directory (0700) when it is missing, and its run directory.
func OpenDir(path string) (Dir, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(absolute, 0o700); err != nil {
		return "", fmt.Errorf("state directory: %w", err)
	}
	d := Dir(absolute)
	return d, d.makeRun()
}

func (d Dir) join(elements ...string) string {
	return filepath.Join(append([]string{string(d)}, elements...)...)
}

// Log is the log of the process that serves.
func (d Dir) Log() string { return d.join("labtwin.log") }

// CA is the certificate authority's certificate, PEM.
func (d Dir) CA() string { return d.join("ca.pem") }

// Secrets is the file with the passwords.
func (d Dir) Secrets() string { return d.join("secrets.yml") }

// Socket is a unix socket in the run directory.
func (d Dir) Socket(name string) string { return d.join("run", name+".sock") }

// maxSocket is the longest path of a socket that the run directory may hold: sockaddr_un takes 107 bytes, and names vary.
const maxSocket = 100

// longestSocketName stands for the longest file name that is put into the run directory.
const longestSocketName = "vm-0123456789-incoming-monitor.sock"

// makeRun makes run/ for sockets. Where its path is too long for a unix socket it is a symbolic link to a short one that only this
// user can enter.
func (d Dir) makeRun() error {
	run := d.join("run")
	if len(filepath.Join(run, longestSocketName)) <= maxSocket {
		return os.MkdirAll(run, 0o700)
	}
	hash := sha256.Sum256([]byte(d))
	short := fmt.Sprintf("/tmp/labtwin-%d-%x", os.Getuid(), hash[:6])
	if err := os.Mkdir(short, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("run directory: %w", err)
	}
	if err := ownDirectory(short); err != nil {
		return err
	}
	if target, err := os.Readlink(run); err == nil && target == short {
		return nil
	}
	if err := os.Symlink(short, run); err != nil {
		return fmt.Errorf("run directory: %w", err)
	}
	return nil
}

// RunDir is the run directory with no symbolic link in it: what a program is given as the path of a socket has to be short.
func (d Dir) RunDir() string {
	run := d.join("run")
	if target, err := os.Readlink(run); err == nil {
		return target
	}
	return run
}

// ownDirectory refuses a directory in /tmp that someone else made or can enter.
func ownDirectory(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("run directory: %w", err)
	}
	if uid, ok := owner(info); !info.IsDir() || !ok || uid != os.Getuid() || info.Mode().Perm() != 0o700 {
		return fmt.Errorf("run directory %s is not a directory of this user with mode 0700; remove it", path)
	}
	return nil
}

// writeFile puts a whole file in place: readers see the old content or the new, also after a crash.
func writeFile(path string, content []byte, mode os.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
