// SPDX-License-Identifier: GPL-3.0-or-later

package vmfs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
)

// ErrNoSpace says that no free range is long enough.
var ErrNoSpace = errors.New("no space left on the volume")

// Allocate makes a file of a size in bytes at one free range that reads as zeros. The range begins at a whole MiB; the
// size is rounded up to 4096 bytes. It fails with fs.ErrExist or ErrNoSpace.
func (v *Volume) Allocate(ctx context.Context, name string, size int64) (Extent, error) {
	return v.allocate(ctx, name, size, false)
}

func (v *Volume) allocate(ctx context.Context, name string, size int64, partial bool) (Extent, error) {
	var extent Extent
	clean, err := cleanPath(name)
	if err != nil {
		return extent, err
	}
	if size <= 0 {
		return extent, fmt.Errorf("[%s] %s: size %d: %w", v.Label, name, size, fs.ErrInvalid)
	}
	size = roundUp(size, headerRoom)
	err = v.update(ctx, func(d device, c *catalogue, _ func() error) error {
		own := ""
		if partial {
			own = clean
		}
		c.dropLeftovers(&v.shared.imports, own)
		if c.Files[clean] != nil {
			return fmt.Errorf("[%s] %s: %w", v.Label, name, fs.ErrExist)
		}
		if err := c.clean(ctx, d); err != nil {
			return err
		}
		gaps, longest := c.gaps(v.Capacity), int64(0)
		for _, gap := range gaps {
			if gap.Size >= size {
				extent = Extent{gap.Offset, size}
				c.Files[clean] = &File{Path: clean, Size: size, Modified: timestamp(), Extent: &extent, Partial: partial}
				return nil
			}
			longest = max(longest, gap.Size)
		}
		return fmt.Errorf("[%s] %s needs %d bytes in one piece; the longest free piece has %d: %w", v.Label, name, size, longest, ErrNoSpace)
	})
	return extent, err
}

// gaps are the free ranges in order, each of whole MiB.
func (c *catalogue) gaps(capacity int64) []Extent {
	var used []Extent
	for _, f := range c.Files {
		if f.Extent != nil {
			used = append(used, *f.Extent)
		}
	}
	slices.SortFunc(used, func(a, b Extent) int { return cmp.Compare(a.Offset, b.Offset) })
	gaps := []Extent{}
	next, end := dataStart, dataStart+capacity
	for _, u := range append(used, Extent{Offset: end}) {
		if u.Offset > next {
			gaps = append(gaps, Extent{next, u.Offset - next})
		}
		next = max(next, roundUp(u.Offset+u.Size, mib))
	}
	return gaps
}

// dropLeftovers removes the disks whose import nobody goes on with. Own is the path of an import that begins, and so not
// with what is there yet.
func (c *catalogue) dropLeftovers(imports *sync.Map, own string) {
	for name, f := range c.Files {
		if _, goesOn := imports.Load(name); f.Partial && (!goesOn || name == own) {
			delete(c.Files, name)
			c.Dirty = append(c.Dirty, *f.Extent)
		}
	}
}

// clean clears the ranges of removed files.
func (c *catalogue) clean(ctx context.Context, d device) error {
	for _, e := range c.Dirty {
		if err := d.Zero(ctx, e.Offset, e.Size); err != nil {
			return fmt.Errorf("clearing the room of a removed file: %w", err)
		}
	}
	c.Dirty = nil
	return nil
}

// Remove removes a file, or fails with fs.ErrNotExist. Its room is cleared: by this call, or after a crash in it before
// the room is used again.
func (v *Volume) Remove(ctx context.Context, name string) error {
	clean, err := cleanPath(name)
	if err != nil {
		return err
	}
	return v.update(ctx, func(d device, c *catalogue, commit func() error) error {
		f := c.Files[clean]
		if f == nil {
			return v.missing(name)
		}
		delete(c.Files, clean)
		if f.Extent == nil {
			return nil
		}
		c.Dirty = append(c.Dirty, *f.Extent)
		if err := commit(); err != nil {
			return err
		}
		return c.clean(ctx, d)
	})
}

// Rename gives a file another path. It fails with fs.ErrNotExist, or fs.ErrExist when the new path is taken.
func (v *Volume) Rename(ctx context.Context, from, to string) error {
	source, err := cleanPath(from)
	if err != nil {
		return err
	}
	target, err := cleanPath(to)
	if err != nil {
		return err
	}
	return v.update(ctx, func(_ device, c *catalogue, _ func() error) error {
		f := c.Files[source]
		if f == nil {
			return v.missing(from)
		}
		if c.Files[target] != nil {
			return fmt.Errorf("[%s] %s: %w", v.Label, to, fs.ErrExist)
		}
		delete(c.Files, source)
		f.Path = target
		c.Files[target] = f
		return nil
	})
}
