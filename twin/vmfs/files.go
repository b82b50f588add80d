// SPDX-License-Identifier: GPL-3.0-or-later

package vmfs

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
)

// MaxSmall is the largest file, in bytes, that WriteFile takes: a .vmx, a .vmdk descriptor, an .nvram.
const MaxSmall = 1 << 20

// WriteFile makes or replaces a small file, in one step: a crash leaves the old or the new one. It does not replace a
// disk (fs.ErrExist).
func (v *Volume) WriteFile(ctx context.Context, name string, data []byte) error {
	clean, err := cleanPath(name)
	if err != nil {
		return err
	}
	if len(data) > MaxSmall {
		return fmt.Errorf("[%s] %s has %d bytes; at most %d can be kept in the catalogue: %w", v.Label, name, len(data), MaxSmall, fs.ErrInvalid)
	}
	return v.update(ctx, func(_ device, c *catalogue, _ func() error) error {
		if f := c.Files[clean]; f != nil && f.Extent != nil {
			return fmt.Errorf("[%s] %s is a disk: %w", v.Label, name, fs.ErrExist)
		}
		c.Files[clean] = &File{Path: clean, Size: int64(len(data)), Modified: timestamp(), Data: bytes.Clone(data)}
		return nil
	})
}

// ReadFile reads a small file from the LUN, or fails with fs.ErrNotExist. A disk is not read (fs.ErrInvalid).
func (v *Volume) ReadFile(ctx context.Context, name string) ([]byte, error) {
	clean, err := cleanPath(name)
	if err != nil {
		return nil, err
	}
	if err := v.Refresh(ctx); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	f := v.cache.Files[clean]
	switch {
	case f == nil:
		return nil, v.missing(name)
	case f.Extent != nil:
		return nil, fmt.Errorf("[%s] %s is a disk of %d bytes: %w", v.Label, name, f.Size, fs.ErrInvalid)
	}
	return bytes.Clone(f.Data), nil
}
