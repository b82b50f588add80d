// SPDX-License-Identifier: GPL-3.0-or-later

package versions

// v9_3_1 is FreeNAS 9.3 from August 2015 on: a target has groups, and portals ask for authentication of a discovery.
func v9_3_1(v Version) *Version {
	v.Name, v.Full = "9.3.1", "FreeNAS-9.3-STABLE-201605170422"
	v.Discovery = DiscoveryPortal
	v.V1 = v1_9_3_1(v.V1)
	return &v
}
