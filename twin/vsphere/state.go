// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vmware/govmomi/vim25/types"
)

// state is a host's configuration: what a reboot keeps. It is never changed in place; see [Host.change].
//
// It has no maps: the vim25 JSON encoder writes type names into them and cannot read them back.
type state struct {
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
func (s *state) clone() *state {
	data, err := encode(s)
	if err != nil {
		// Only values that came from the API or from disk get here, and both were decoded from text.
		panic(fmt.Sprintf("vsphere: a state that cannot be encoded: %v", err))
	}
	copied := new(state)
	if err := decode(data, copied); err != nil {
		panic(fmt.Sprintf("vsphere: a state that cannot be decoded: %v", err))
	}
	return copied
}

func encode(value any) ([]byte, error) {
	var buffer bytes.Buffer
	err := types.NewJSONEncoder(&buffer).Encode(value)
	return buffer.Bytes(), err
}

func decode(data []byte, into any) error {
	return types.NewJSONDecoder(bytes.NewReader(data)).Decode(into)
}

// save writes a value as JSON so that a reader, or a start after a crash, finds the old file or the new one, never half of one.
func save(path string, value any) error {
	data, err := encode(value)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// load reads what save wrote. It reports false, and no error, when there is no file.
func load(path string, into any) (bool, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := decode(data, into); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return true, nil
}
