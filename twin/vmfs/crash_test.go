// SPDX-License-Identifier: GPL-3.0-or-later

package vmfs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
)

// memory is a LUN in memory that loses its power after a number of writes, in the middle of the last one.
type memory struct {
	data   []byte
	writes int // left; negative for no end
}

var errPower = errors.New("power lost")

func newMemory() *memory { return &memory{make([]byte, MinSize), -1} }

func (m *memory) Read(_ context.Context, p []byte, offset int64) error {
	copy(p, m.data[offset:])
	return nil
}

// spend counts a write, and says how much of it reaches the LUN.
func (m *memory) spend(length int) (int, error) {
	switch {
	case m.writes < 0:
		return length, nil
	case m.writes == 0:
		return 0, errPower
	}
	m.writes--
	if m.writes == 0 {
		return length / 2, errPower
	}
	return length, nil
}

func (m *memory) Write(_ context.Context, p []byte, offset int64) error {
	n, err := m.spend(len(p))
	copy(m.data[offset:], p[:n])
	return err
}

func (m *memory) Zero(_ context.Context, offset, length int64) error {
	n, err := m.spend(int(length))
	clear(m.data[offset : offset+int64(n)])
	return err
}

func (m *memory) Flush(context.Context) error { return nil }

func names(c *catalogue) string { return fmt.Sprint(slices.Sorted(maps.Keys(c.Files))) }

// A crash at any write of a change leaves the catalogue as it was or as it should be, and the next change goes well.
func TestCrashInACommit(t *testing.T) {
	ctx := context.Background()
	for writes := range 4 {
		for generations := 1; generations <= 3; generations++ {
			m := newMemory()
			c := &catalogue{UUID: "u", Files: map[string]*File{}}
			for i := range generations {
				c.Files[fmt.Sprint("old", i)] = &File{Size: 1}
				if err := c.commit(ctx, m); err != nil {
					t.Fatal(err)
				}
			}
			before := names(c)
			c.Files["new"] = &File{Data: make([]byte, 20000)}
			after := names(c)
			m.writes = writes
			err := c.commit(ctx, m)
			m.writes = -1
			got, loadErr := load(ctx, m)
			if loadErr != nil {
				t.Fatalf("crash at write %d of generation %d: %v", writes, generations, loadErr)
			}
			if now := names(got); now != before && now != after || err == nil && now != after {
				t.Errorf("crash at write %d of generation %d: %s (commit: %v)", writes, generations, now, err)
			}
			got.Files["next"] = &File{}
			if err := got.commit(ctx, m); err != nil {
				t.Fatal(err)
			}
			if again, err := load(ctx, m); err != nil || again.Files["next"] == nil {
				t.Errorf("the change after a crash at write %d: %v", writes, err)
			}
		}
	}
}

func TestDamageIsFound(t *testing.T) {
	ctx := context.Background()
	m := newMemory()
	if _, err := load(ctx, m); !errors.Is(err, ErrNoVolume) {
		t.Errorf("an empty LUN: %v", err)
	}
	c := &catalogue{UUID: "u", Files: map[string]*File{}}
	for _, name := range []string{"first", "second"} {
		c.Files[name] = &File{}
		if err := c.commit(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	m.data[areaStart+5] ^= 1 // generation 2 is in the first area
	if got, err := load(ctx, m); err != nil || names(got) != "[first]" {
		t.Errorf("with the newest catalogue damaged: %v %v", got, err)
	}
	m.data[areaStart+areaSize+5] ^= 1
	if _, err := load(ctx, m); !errors.Is(err, ErrNoVolume) {
		t.Errorf("with both damaged: %v", err)
	}
}

func TestGaps(t *testing.T) {
	file := func(offset, size int64) *File { return &File{Extent: &Extent{dataStart + offset, size}} }
	c := &catalogue{Files: map[string]*File{"a": file(0, mib), "b": file(3*mib, mib+4096), "small": {Size: 5}}}
	want := []Extent{{dataStart + mib, 2 * mib}, {dataStart + 5*mib, 5 * mib}}
	if got := c.gaps(10 * mib); !slices.Equal(got, want) {
		t.Errorf("gaps %v, want %v", got, want)
	}
	if got := (&catalogue{}).gaps(mib); !slices.Equal(got, []Extent{{dataStart, mib}}) {
		t.Errorf("gaps of an empty volume: %v", got)
	}
}
