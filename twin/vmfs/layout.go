// SPDX-License-Identifier: GPL-3.0-or-later

package vmfs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Where things are on the LUN, in bytes. Two headers and two areas for the catalogue take turns: a new catalogue is
// written to the area that is not in use and then its header, so that at every moment one pair is whole.
const (
	mib        = int64(1) << 20
	headerRoom = 4096 // a header's block; with blocks of at most 4096 bytes it is written in one piece
	areaStart  = 1 * mib
	areaSize   = 7 * mib
	dataStart  = 16 * mib
)

// MinSize is the smallest LUN, in bytes, that takes a volume.
const MinSize = 64 * mib

var magic = [8]byte{'L', 'A', 'B', 'V', 'M', 'F', 'S', '1'}

// header points at a catalogue. It is followed by a CRC-32 of itself.
type header struct {
	Magic      [8]byte
	Generation uint64
	Offset     int64 // of the catalogue on the LUN
	Length     int64
	Sum        [sha256.Size]byte // of the catalogue
}

// catalogue is all that a volume knows of itself.
type catalogue struct {
	UUID  string           `json:"uuid"`
	Label string           `json:"label"`
	Files map[string]*File `json:"files"`
	// Dirty ranges are free but may still hold what a removed file held.
	Dirty []Extent `json:"dirty,omitempty"`

	generation uint64
}

// ErrNoVolume says that a LUN has no volume of this kind.
var ErrNoVolume = errors.New("no volume on this LUN")

// device is the part of an iscsi.Disk that a volume needs.
type device interface {
	Read(ctx context.Context, p []byte, offset int64) error
	Write(ctx context.Context, p []byte, offset int64) error
	Zero(ctx context.Context, offset, length int64) error
	Flush(ctx context.Context) error
}

// load reads the newest whole catalogue.
func load(ctx context.Context, d device) (*catalogue, error) {
	c, faults, err := loadOnce(ctx, d)
	// Who changes the volume meanwhile can make both catalogues look damaged; that passes.
	for try := 0; err == nil && c == nil && faults != nil && try < 3; try++ {
		c, faults, err = loadOnce(ctx, d)
	}
	if err == nil && c == nil {
		err = errors.Join(append([]error{ErrNoVolume}, faults...)...)
	}
	return c, err
}

// loadOnce returns no catalogue when there is no whole one, and what was wrong with those that there are.
func loadOnce(ctx context.Context, d device) (newest *catalogue, faults []error, err error) {
	for slot := range int64(2) {
		block := make([]byte, headerRoom)
		if err := d.Read(ctx, block, slot*headerRoom); err != nil {
			return nil, nil, err
		}
		h, ok := parseHeader(block)
		if !ok || newest != nil && newest.generation > h.Generation {
			continue
		}
		c, err := readCatalogue(ctx, d, h)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		newest = c
	}
	return newest, faults, nil
}

func parseHeader(block []byte) (header, bool) {
	var h header
	size := binary.Size(h)
	if _, err := binary.Decode(block, binary.BigEndian, &h); err != nil || h.Magic != magic {
		return h, false
	}
	return h, binary.BigEndian.Uint32(block[size:]) == crc32.ChecksumIEEE(block[:size])
}

func readCatalogue(ctx context.Context, d device, h header) (*catalogue, error) {
	if h.Length < 0 || h.Length > areaSize || h.Offset < areaStart || h.Offset+areaSize > dataStart {
		return nil, fmt.Errorf("header %d points outside the catalogue's areas", h.Generation)
	}
	data := make([]byte, roundUp(h.Length, headerRoom))
	if err := d.Read(ctx, data, h.Offset); err != nil {
		return nil, err
	}
	data = data[:h.Length]
	if sha256.Sum256(data) != h.Sum {
		return nil, fmt.Errorf("catalogue %d is damaged", h.Generation)
	}
	c := &catalogue{generation: h.Generation}
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("catalogue %d: %w", h.Generation, err)
	}
	return c, nil
}

// commit writes a catalogue as the next generation. When it fails the old one is still there, or the new one whole.
func (c *catalogue) commit(ctx context.Context, d device) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if int64(len(data)) > areaSize {
		return fmt.Errorf("volume %q: its catalogue would need %d bytes; there are %d", c.Label, len(data), areaSize)
	}
	next := c.generation + 1
	slot := int64(next % 2)
	h := header{Magic: magic, Generation: next, Offset: areaStart + slot*areaSize, Length: int64(len(data)), Sum: sha256.Sum256(data)}
	padded := make([]byte, roundUp(int64(len(data)), headerRoom))
	copy(padded, data)
	if err := d.Write(ctx, padded, h.Offset); err != nil {
		return err
	}
	// Without this the target could make the header durable before what it points at.
	if err := d.Flush(ctx); err != nil {
		return err
	}
	if err := d.Write(ctx, h.block(), slot*headerRoom); err != nil {
		return err
	}
	if err := d.Flush(ctx); err != nil {
		return err
	}
	c.generation = next
	return nil
}

func (h header) block() []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.BigEndian, h) // a bytes.Buffer takes everything
	_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(b.Bytes()))
	block := make([]byte, headerRoom)
	copy(block, b.Bytes())
	return block
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// timestamp is now, in whole seconds as the catalogue keeps it.
func timestamp() time.Time { return time.Now().UTC().Truncate(time.Second) }
