// SPDX-License-Identifier: GPL-3.0-or-later

// Package store keeps values on disk as JSON.
package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vmware/govmomi/vim25/types"
)

func Encode(value any) ([]byte, error) {
	var buffer bytes.Buffer
	err := types.NewJSONEncoder(&buffer).Encode(value)
	return buffer.Bytes(), err
}

func Decode(data []byte, into any) error {
	return types.NewJSONDecoder(bytes.NewReader(data)).Decode(into)
}

// Save writes a value as JSON so that a reader, or a start after a crash, finds the old file or the new one, never half of one.
func Save(path string, value any) error {
	data, err := Encode(value)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// Load reads what save wrote. It reports false, and no error, when there is no file.
func Load(path string, into any) (bool, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := Decode(data, into); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return true, nil
}
