// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// stateOf is what a freshly installed data centre lacks: what hosts, vCenter, NAS and machines have in the directory.
// Secrets and certificates stay: they belong to whoever uses the data centre.
var stateOf = []string{"esxi*", "vcenter", "datastores", "machines", "nas"}

// Reset takes a stopped data centre back to a freshly installed one. Reports of earlier runs are kept under another name.
func Reset(d Dir) error {
	if process, err := ReadProcess(d); err != nil || process.Alive() {
		return errors.Join(err, fmt.Errorf("%s: stop it before a reset", d))
	}
	var err error
	for _, pattern := range stateOf {
		paths, _ := filepath.Glob(d.join(pattern)) // the patterns are valid
		for _, path := range paths {
			err = errors.Join(err, os.RemoveAll(path))
		}
	}
	report := d.join("report")
	if _, missing := os.Stat(report); missing == nil {
		err = errors.Join(err, os.Rename(report, report+time.Now().Format("-20060102-150405")))
	}
	return err
}
