// SPDX-License-Identifier: GPL-3.0-or-later

// Package partitions reads the partition table of a LUN, so that a host can say what is on a disk before a datastore takes its place.
package partitions

import (
	"context"
	"io"
	"io/fs"
	"strings"

	"github.com/diskfs/go-diskfs/partition"
	"github.com/diskfs/go-diskfs/partition/gpt"
	"github.com/diskfs/go-diskfs/partition/mbr"
	"github.com/diskfs/go-diskfs/partition/part"

	"livelab.dev/twin/iscsi"
)

// Table is a partition table.
type Table struct {
	// Format is "gpt", "mbr", or "" for a disk without a table.
	Format     string
	Partitions []Partition
}

// Partition is an entry of a table.
type Partition struct {
	// Number begins with 1.
	Number int
	// Type is as the vSphere API names it (HostDiskPartitionInfoType), or "unknown".
	Type string
	// First and Last are sectors of 512 bytes.
	First, Last int64
}

const sector = 512

// Read reads the table of a LUN over iSCSI. A disk that has none, or one that nobody can read, has an empty one; the error is one
// of the way to the disk.
func Read(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth) (Table, error) {
	disk, err := iscsi.Open(ctx, lun, auth)
	if err != nil {
		return Table{}, err
	}
	defer disk.Close()
	source := &source{ctx: ctx, disk: disk}
	table := read(source, disk.Size, disk.BlockSize)
	return table, source.failed
}

func read(from io.ReaderAt, size int64, blockSize int) Table {
	found, err := partition.Read(file{io.NewSectionReader(from, 0, size)}, blockSize, blockSize)
	if err != nil {
		return Table{}
	}
	table := Table{Format: found.Type()}
	for _, p := range found.GetPartitions() {
		if p.GetSize() == 0 {
			continue
		}
		first := p.GetStart() / sector
		table.Partitions = append(table.Partitions, Partition{p.GetIndex(), kind(p), first, first + p.GetSize()/sector - 1})
	}
	return table
}

// The types that the vSphere API has a name for, in tables of either format.
var (
	gptNames = map[gpt.Type]string{
		"AA31E02A-400F-11DB-9590-000C2911D1B8": "vmfs",
		"9D275380-40AD-11DB-BF97-000C2911D1B8": "vmkDiagnostic",
		"381CFCCC-7288-11E0-92EE-000C2911D0B2": "vffs",
		gpt.LinuxFilesystem:                    "linuxNative",
		gpt.LinuxSwap:                          "linuxSwap",
		gpt.MicrosoftBasicData:                 "ntfs",
	}
	mbrNames = map[mbr.Type]string{
		mbr.VMWareFS:      "vmfs",
		mbr.VMWareSwap:    "vmkDiagnostic",
		mbr.Linux:         "linuxNative",
		mbr.LinuxSwap:     "linuxSwap",
		mbr.NTFS:          "ntfs",
		mbr.ExtendedCHS:   "extended",
		mbr.ExtendedLBA:   "extended",
		mbr.LinuxExtended: "extended",
	}
)

func kind(p part.Partition) string {
	var name string
	switch p := p.(type) {
	case *gpt.Partition:
		name = gptNames[gpt.Type(strings.ToUpper(string(p.Type)))]
	case *mbr.Partition:
		name = mbrNames[p.Type]
	}
	if name == "" {
		return "unknown"
	}
	return name
}

// source reads a disk and keeps the first error of the way there: the library takes any for a missing table.
type source struct {
	ctx    context.Context
	disk   *iscsi.Disk
	failed error
}

// ReadAt implements [io.ReaderAt].
func (s *source) ReadAt(p []byte, offset int64) (int, error) {
	if err := s.disk.Read(s.ctx, p, offset); err != nil {
		if s.failed == nil {
			s.failed = err
		}
		return 0, err
	}
	return len(p), nil
}

// file is a disk in the shape that the library reads.
type file struct{ *io.SectionReader }

func (file) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (file) Close() error               { return nil }
