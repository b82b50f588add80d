// SPDX-License-Identifier: GPL-3.0-or-later

package rest1

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// extents tell "ZVOL" and "/dev/zvol/…" of what was made with "Disk" and "zvol/…".
func (a *api) extents() resource {
	const prefix = "iscsi_target_extent_"
	fields := mapping{
		words(prefix+"type", "type", []string{"Disk", "File", "ZVOL"}, []string{"DISK", "FILE", "DISK"}),
		{name: prefix + "filesize", inner: "filesize", in: bytesOf},
		words(prefix+"rpm", "rpm", []string{"Unknown"}, []string{"UNKNOWN"}),
	}
	fields = append(fields, plain(prefix, "name", "disk", "path", "comment", "naa", "blocksize", "pblocksize", "avail_threshold", "insecure_tpc", "xen", "ro",
		"serial", "enabled", "legacy")...)
	schema := a.nas.Version.V1.Resources["services/iscsi/extent"]
	fields = slices.DeleteFunc(fields, func(f field) bool {
		_, known := schema.Field(f.name)
		return !known && f.inner != "naa"
	})
	one := kind(a.nas.Extents(), fields)
	rows := one.rows
	one.rows = func() []map[string]any {
		all := rows()
		for _, row := range all {
			disk, _ := row[prefix+"disk"].(string)
			delete(row, prefix+"disk")
			if disk != "" {
				row[prefix+"path"] = "/dev/" + disk
			}
			if strings.HasPrefix(disk, "zvol/") {
				row[prefix+"type"] = "ZVOL"
			}
		}
		return all
	}
	create, update := one.create, one.update
	one.create = func(sent map[string]any) (any, error) {
		diskPath(sent, prefix)
		return create(sent)
	}
	one.update = func(id string, sent map[string]any) error {
		diskPath(sent, prefix)
		return update(id, sent)
	}
	one.readOnly = append(one.readOnly, prefix+"naa")
	return one
}

// diskPath takes the path that is told of a disk, when it is sent back, for the disk.
func diskPath(sent map[string]any, prefix string) {
	if path, _ := sent[prefix+"path"].(string); strings.HasPrefix(path, "/dev/") {
		delete(sent, prefix+"path")
		if _, told := sent[prefix+"disk"]; !told {
			sent[prefix+"disk"] = strings.TrimPrefix(path, "/dev/")
		}
	}
}

var (
	fileSizeForm = regexp.MustCompile(`^(\d+)(KB|MB|GB|TB|)$`)
	zfsSizeForm  = regexp.MustCompile(`^(\d+)([KMGTP]?)B?$`)
)

// bytesOf reads a file's size: bytes, or a number with KB, MB, GB or TB.
func bytesOf(v any) (any, error) { return scaled(fileSizeForm, v) }

// scaled reads a number with a unit whose first letter counts.
func scaled(form *regexp.Regexp, v any) (int64, error) {
	text := fmt.Sprint(v)
	parts := form.FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("invalid value %q: specify the size with IEC suffixes, e.g. 10G", text)
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if parts[2] != "" {
		shift := 10 * (strings.Index("KMGTP", parts[2][:1]) + 1)
		if n > (1<<62)>>shift {
			return 0, fmt.Errorf("%q is too large", text)
		}
		n <<= shift
	}
	return n, err
}
