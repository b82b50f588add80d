// SPDX-License-Identifier: GPL-3.0-or-later

package versions

// v9_3_0 is FreeNAS 9.3 as first released, with API v1.0 only.
func v9_3_0() *Version {
	return &Version{
		Name: "9.3.0", Full: "FreeNAS-9.3-RELEASE", V1: v1_9_3_0(), Discovery: DiscoveryGlobal,
		Limits: Limits{MaxLUN: 14, MaxSerial: 16, RawDisks: true},
	}
}
