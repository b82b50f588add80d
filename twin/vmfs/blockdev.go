// SPDX-License-Identifier: GPL-3.0-or-later

package vmfs

import (
	"fmt"
	"strings"

	"livelab.dev/twin/iscsi"
)

// Secret is the CHAP password that a blockdev refers to.
type Secret struct {
	ID    string // what "password-secret" names
	Value string
}

// BlockdevJSON is QEMU's blockdev for a disk of the volume: its range of the LUN, through QEMU's own initiator. It is
// nil when there is no such disk. Where the target asks for CHAP, it refers to Secret.
func (v *Volume) BlockdevJSON(name string) map[string]any {
	f, err := v.Lookup(name)
	if err != nil || f.Extent == nil {
		return nil
	}
	return blockdev(v.lun, v.auth, *f.Extent)
}

// Secret is the password that BlockdevJSON refers to; nil when there is none.
func (v *Volume) Secret() *Secret {
	if v.auth.User == "" {
		return nil
	}
	return &Secret{ID: secretID(v.lun), Value: v.auth.Password}
}

// secretID is the same for all disks of a LUN, and a name that QEMU takes.
func secretID(lun iscsi.LUN) string {
	id := strings.TrimPrefix(lun.NAA, "naa.")
	if id == "" {
		id = fmt.Sprint(lun.Number)
	}
	return "chap-" + id
}

func blockdev(lun iscsi.LUN, auth iscsi.Auth, e Extent) map[string]any {
	name := auth.Initiator
	if name == "" {
		name = iscsi.DefaultInitiator
	}
	file := map[string]any{
		"driver": "iscsi", "transport": "tcp", "portal": lun.Portal, "target": lun.IQN, "lun": lun.Number,
		"initiator-name": name,
	}
	if auth.User != "" {
		file["user"], file["password-secret"] = auth.User, secretID(lun)
	}
	return map[string]any{"driver": "raw", "offset": e.Offset, "size": e.Size, "file": file}
}
