// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"testing"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/partitions"
)

func (h *hba) partitionInfo(path string) (types.HostDiskPartitionInfo, error) {
	res, err := methods.RetrieveDiskPartitionInfo(ctx, h.c, &types.RetrieveDiskPartitionInfo{This: h.sys, DevicePath: []string{path}})
	if err != nil {
		return types.HostDiskPartitionInfo{}, err
	}
	return res.Returnval[0], nil
}

func TestPartitionInfo(t *testing.T) {
	l, nas := withNAS(t)
	vc, hosts := l.withHosts()
	hba := connected(t, vc, hosts[0].Reference())
	path := "/vmfs/devices/disks/" + fakeNAA

	info, err := hba.partitionInfo(path)
	must(t, err)
	if len(info.Spec.Partition) != 0 || info.Layout.Total.Block != 12<<30/512 {
		t.Errorf("an empty disk: %+v", info)
	}
	nas.tables = map[string]partitions.Table{fakeNAA: {Format: "mbr", Partitions: []partitions.Partition{{Number: 1, Type: "linuxNative", First: 2048, Last: 4095}}}}
	info, err = hba.partitionInfo(path)
	must(t, err)
	if p := info.Spec.Partition; len(p) != 1 || p[0].Type != "linuxNative" || p[0].EndSector != 4095 || info.Layout.Partition[0].Start.Block != 2048 {
		t.Errorf("another system's disk: %+v", info)
	}
	_, err = makeDatastore(t, vc, hosts[0].Reference(), "DTFreeNAS")
	must(t, err)
	info, err = hba.partitionInfo(path)
	must(t, err)
	if p := info.Spec.Partition; len(p) != 1 || p[0].Type != "vmfs" || info.Spec.PartitionFormat != "gpt" {
		t.Errorf("a datastore's disk: %+v", info)
	}
	if _, err := hba.partitionInfo("/vmfs/devices/disks/naa.0"); err == nil {
		t.Error("of a disk that is not there")
	}
}
