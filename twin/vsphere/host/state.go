// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/store"
)

// State is a host's configuration: what a reboot keeps. It is never changed in place; see [Host.change].
//
// It has no maps: the vim25 JSON encoder writes type names into them and cannot read them back.
type State struct {
	Network     types.HostNetworkInfo
	Selected    []nicSelection
	Services    []types.HostService
	DateTime    types.HostDateTimeInfo
	ISCSI       iscsiState
	Local       localDatastore
	Maintenance bool
	// ManagedBy is the vCenter that manages the host: its address, empty for none.
	ManagedBy string
}

// nicSelection is the VMkernel adapters that carry one kind of traffic.
type nicSelection struct {
	NicType string
	Devices []string
}

// localDatastore is the VMFS volume on the host's own disk.
type localDatastore struct {
	Name string
	UUID string
}

// iscsiState is the software iSCSI adapter.
type iscsiState struct {
	Enabled bool
	HBA     types.HostInternetScsiHba
	// Bound are the VMkernel adapters bound to it.
	Bound []string
	// Secrets are kept apart from HBA, whose properties any client can read.
	Secrets []chapSecret
}

// chapSecret is the CHAP secrets of the adapter (Target empty) or of one target, named "address:port" or "address:port,iqn".
type chapSecret struct {
	Target       string
	Secret       string
	MutualSecret string
}

// clone copies a state deeply.
func (s *State) clone() *State {
	data, err := store.Encode(s)
	if err != nil {
		// Only values that came from the API or from disk get here, and both were decoded from text.
		panic(fmt.Sprintf("vsphere: a state that cannot be encoded: %v", err))
	}
	copied := new(State)
	if err := store.Decode(data, copied); err != nil {
		panic(fmt.Sprintf("vsphere: a state that cannot be decoded: %v", err))
	}
	return copied
}
