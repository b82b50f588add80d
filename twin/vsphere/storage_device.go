// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"fmt"
	"strings"

	"livelab.dev/twin/iscsi"
)

// device is a LUN as a host sees it.
type device struct {
	iscsi.LUN
	// auth is how the host logged in to its target.
	auth iscsi.Auth
	// lost is set when a rescan does not find the LUN any more but a datastore is on it.
	lost bool
}

// canonicalName is the name that identifies a disk on every host: its NAA id, or its T10 one when it reports none.
func (d device) canonicalName() string {
	if d.NAA != "" {
		return "naa." + strings.ToLower(strings.TrimPrefix(d.NAA, "naa."))
	}
	id := fmt.Sprintf("%-8s%-16s%s", d.Vendor, d.Product, d.Serial)
	return "t10." + strings.ReplaceAll(id, " ", "_")
}

// uuid is the device's VML id: kind of device, LUN, identifier, first letters of the model.
func (d device) uuid() string {
	_, id, _ := strings.Cut(d.canonicalName(), ".")
	if d.NAA == "" {
		id = fmt.Sprintf("%x", id)
	}
	return fmt.Sprintf("0200%02x0000%s%x", d.Number, id, fmt.Sprintf("%-6.6s", d.Product))
}

func (d device) path() string { return "/vmfs/devices/disks/" + d.canonicalName() }

func (d device) pathState() string {
	if d.lost {
		return "dead"
	}
	return "active"
}
