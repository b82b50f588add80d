// SPDX-License-Identifier: GPL-3.0-or-later

package view

import "github.com/vmware/govmomi/vim25/types"

// hostCapability is what a host can do. It says no where nothing here answers for it, so that a client does not try.
func hostCapability() *types.HostCapability {
	yes, no := types.NewBool(true), types.NewBool(false)
	return &types.HostCapability{
		RecursiveResourcePoolsSupported: true, CpuMemoryResourceConfigurationSupported: true,
		RebootSupported: true, ShutdownSupported: false, StandbySupported: false, IpmiSupported: no,
		MaintenanceModeSupported: true,

		VmotionSupported: true, StorageVMotionSupported: false, VmotionWithStorageVMotionSupported: false,
		VmotionAcrossNetworkSupported: no, SuspendedRelocateSupported: true,

		MaxSupportedVMs: 1024, MaxRunningVMs: 1024, MaxRegisteredVMs: 4096, MaxHostRunningVms: 1024,
		MaxSupportedVcpus: 4096, MaxHostSupportedVcpus: 4096, MaxSupportedVmMemory: 6128 * 1024,

		SanSupported: true, IscsiSupported: true, NfsSupported: false, SupportedVmfsMajorVersion: []int32{5, 6},
		VmfsDatastoreMountCapable: false, EightPlusHostVmfsSharedAccessSupported: true, VStorageCapable: true,
		VlanTaggingSupported: true, NicTeamingSupported: true, MultipleNetworkStackInstanceSupported: yes,
		HbrNicSelectionSupported: true, VrNfcNicSelectionSupported: true, ProvisioningNicSelectionSupported: true,

		LoginBySSLThumbprintSupported: yes, HostAccessManagerSupported: no, VsanSupported: no, VFlashSupported: no,
		FtSupported: false, RecordReplaySupported: false, NestedHVSupported: false,
		PerVmSwapFiles: true, HighGuestMemSupported: true, PreAssignedPCIUnitNumbersSupported: true,
	}
}
