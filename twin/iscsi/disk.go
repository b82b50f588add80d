// SPDX-License-Identifier: GPL-3.0-or-later

package iscsi

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// Disk reads and writes one LUN through a session of its own. It is not for use by several goroutines at once.
type Disk struct {
	LUN

	session *Session
}

// maxTransfer is how much one SCSI command reads or writes, in bytes, and maxZero how much one clears.
const (
	maxTransfer = 1 << 20
	maxZero     = 256 << 20
)

// Open logs in to a LUN's target and checks that the LUN is there, with the size and identity that it has now.
func Open(ctx context.Context, lun LUN, auth Auth) (*Disk, error) {
	s, err := Login(ctx, lun.Target(), auth)
	if err != nil {
		return nil, err
	}
	now, isDisk, err := s.describe(ctx, lun.Number)
	switch {
	case err == nil && !isDisk:
		err = fmt.Errorf("target %s has no disk at LUN %d", lun.IQN, lun.Number)
	case err == nil && lun.NAA != "" && now.NAA != lun.NAA:
		err = fmt.Errorf("LUN %d of %s is %s now; %s was expected", lun.Number, lun.IQN, now.NAA, lun.NAA)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return &Disk{now, s}, nil
}

// Close ends the session.
func (d *Disk) Close() { d.session.Close() }

// Read reads len(p) bytes at an offset. Both are multiples of the block size.
func (d *Disk) Read(ctx context.Context, p []byte, offset int64) error {
	return d.each(int64(len(p)), offset, maxTransfer, func(done, n int64) error {
		data, err := d.session.command(ctx, d.Number, d.cdb(opRead16, offset+done, n), int(n), nil)
		if err == nil && int64(len(data)) != n {
			err = fmt.Errorf("LUN %d of %s: %d of %d bytes read at %d", d.Number, d.IQN, len(data), n, offset+done)
		}
		copy(p[done:], data)
		return err
	})
}

// Write writes p at an offset. Its length and the offset are multiples of the block size. Flush makes it durable.
func (d *Disk) Write(ctx context.Context, p []byte, offset int64) error {
	return d.each(int64(len(p)), offset, maxTransfer, func(done, n int64) error {
		_, err := d.session.command(ctx, d.Number, d.cdb(opWrite16, offset+done, n), 0, p[done:done+n])
		return err
	})
}

// Flush has the target write its cache to what does not forget.
func (d *Disk) Flush(ctx context.Context) error {
	_, err := d.session.command(ctx, d.Number, []byte{opSyncCache10, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, nil)
	return err
}

// Zero makes a range read as zeros, and gives its room back to the storage where that can do it. Offset and length are
// multiples of the block size.
func (d *Disk) Zero(ctx context.Context, offset, length int64) error {
	block := make([]byte, d.BlockSize)
	err := d.each(length, offset, maxZero, func(done, n int64) error {
		cdb := d.cdb(opWriteSame16, offset+done, n)
		cdb[1] = 0x08 // unmap
		_, err := d.session.command(ctx, d.Number, cdb, 0, block)
		return err
	})
	var sense *SenseError
	if !errors.As(err, &sense) || sense.Key != senseIllegal {
		return err
	}
	// A LUN that is not thinly provisioned is written.
	zeros := make([]byte, maxTransfer)
	return d.each(length, offset, maxTransfer, func(done, n int64) error { return d.Write(ctx, zeros[:n], offset+done) })
}

// each goes through a range in parts of at most limit bytes.
func (d *Disk) each(length, offset, limit int64, do func(done, n int64) error) error {
	block := int64(d.BlockSize)
	if offset%block != 0 || length%block != 0 || offset < 0 || offset+length > d.Size {
		return fmt.Errorf("LUN %d of %s: range of %d bytes at %d is not of whole blocks of %d within %d",
			d.Number, d.IQN, length, offset, block, d.Size)
	}
	for done := int64(0); done < length; {
		n := min(limit, length-done)
		if err := do(done, n); err != nil {
			return err
		}
		done += n
	}
	return nil
}

// cdb is a 16-byte command on a range of bytes.
func (d *Disk) cdb(op byte, offset, length int64) []byte {
	cdb := make([]byte, 16)
	cdb[0] = op
	binary.BigEndian.PutUint64(cdb[2:], uint64(offset/int64(d.BlockSize)))
	binary.BigEndian.PutUint32(cdb[10:], uint32(length/int64(d.BlockSize)))
	return cdb
}
