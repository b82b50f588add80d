// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"livelab.dev/twin/lab"
)

// options are the flags that every command takes.
type options struct {
	file, backing, dir string
}

func (o *options) register(flags *pflag.FlagSet) {
	flags.StringVarP(&o.file, "file", "f", "", "configuration (default: lab.yml in the state directory, when there is one)")
	flags.StringVar(&o.backing, "backing", "", "qemu (machines run) or model (none runs, migrations are computed)")
	flags.StringVar(&o.dir, "dir", lab.DefaultDir(), "state directory; also $LABTWIN_DIR")
}

// open finds the directory and reads its configuration.
func (o *options) open() (lab.Dir, lab.Config, error) {
	d, err := lab.OpenDir(o.dir)
	if err != nil {
		return "", lab.Config{}, err
	}
	if o.file == "" {
		if path := filepath.Join(string(d), "lab.yml"); exists(path) {
			o.file = path
		}
	}
	config, err := lab.LoadConfig(o.file)
	if err == nil && o.backing != "" {
		config.Backing = o.backing
		err = config.Check()
	}
	return d, config, err
}

// args are the flags for a process that is to do the same from any working directory.
func (o *options) args(d lab.Dir, config lab.Config) ([]string, error) {
	args := []string{"--dir", string(d), "--backing", config.Backing}
	if o.file == "" {
		return args, nil
	}
	file, err := filepath.Abs(o.file)
	return append(args, "--file", file), err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
