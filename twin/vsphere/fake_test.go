// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"livelab.dev/twin/iscsi"
	"livelab.dev/twin/partitions"
	"livelab.dev/twin/vmfs"

	"livelab.dev/twin/vsphere/host"
)

// fakeNAS is a storage that is all in memory. The zero value serves nothing.
type fakeNAS struct {
	mu      sync.Mutex
	down    bool
	user    string // CHAP, empty for none
	secret  string
	luns    []iscsi.LUN
	volumes map[string]host.Volume      // by NAA
	tables  map[string]partitions.Table // by NAA
	logins  []iscsi.Auth
}

const (
	fakePortal = "10.0.0.5:3260"
	fakeIQN    = "iqn.2005-10.org.freenas.ctl:vmware"
)

func (n *fakeNAS) addLUN(number int, naa string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.luns = append(n.luns, iscsi.LUN{
		Portal: fakePortal, IQN: fakeIQN, Number: number, Size: 12 << 30, BlockSize: 512, Vendor: "FreeNAS", Product: "iSCSI Disk",
		Serial: fmt.Sprintf("00%d", number), NAA: naa,
	})
}

func (n *fakeNAS) removeLUNs() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.luns = nil
}

func (n *fakeNAS) check(auth iscsi.Auth) error {
	n.logins = append(n.logins, auth)
	if n.down {
		return errors.New("connection refused")
	}
	if n.user != "" && (auth.User != n.user || auth.Password != n.secret) {
		return iscsi.ErrAuth
	}
	return nil
}

func (n *fakeNAS) Discover(_ context.Context, portal string, auth iscsi.Auth) ([]iscsi.Target, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down || portal != fakePortal {
		return nil, errors.New("connection refused")
	}
	return []iscsi.Target{{Portal: fakePortal, IQN: fakeIQN}}, nil
}

func (n *fakeNAS) LUNs(_ context.Context, target iscsi.Target, auth iscsi.Auth) ([]iscsi.LUN, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.check(auth); err != nil {
		return nil, err
	}
	if target.IQN != fakeIQN || target.Portal != fakePortal {
		return nil, errors.New("no such target")
	}
	return append([]iscsi.LUN{}, n.luns...), nil
}

func (n *fakeNAS) Partitions(_ context.Context, lun iscsi.LUN, _ iscsi.Auth) (partitions.Table, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		return partitions.Table{}, errors.New("connection refused")
	}
	return n.tables[lun.NAA], nil
}

func (n *fakeNAS) Volume(_ context.Context, lun iscsi.LUN, _ iscsi.Auth) (host.Volume, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	volume, ok := n.volumes[lun.NAA]
	if !ok {
		return host.Volume{}, vmfs.ErrNoVolume
	}
	return volume, nil
}

func (n *fakeNAS) Format(_ context.Context, lun iscsi.LUN, _ iscsi.Auth, label string) (host.Volume, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.volumes[lun.NAA]; ok {
		return host.Volume{}, vmfs.ErrVolumeExists
	}
	if n.volumes == nil {
		n.volumes = map[string]host.Volume{}
	}
	volume := host.Volume{UUID: "uuid-" + lun.NAA, Label: label, Capacity: lun.Size, Free: lun.Size}
	n.volumes[lun.NAA] = volume
	return volume, nil
}

func (n *fakeNAS) Erase(_ context.Context, lun iscsi.LUN, _ iscsi.Auth) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.volumes, lun.NAA)
	return nil
}
