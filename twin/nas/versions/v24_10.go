// SPDX-License-Identifier: GPL-3.0-or-later

package versions

// v24_10 is TrueNAS SCALE 24.10: a service that does not start is told with false, disks can be in draid vdevs, and the
// installer has an API.
func v24_10(v Version) *Version {
	v.Name, v.Full, v.Installer = "24.10", "TrueNAS-SCALE-24.10.2.4", "/"
	options := object(opt("ha_propagate", boolean(), true), opt("silent", boolean(), true))
	for _, verb := range verbs {
		v.call("service."+verb, req("service", str()), opt("service-control", options, map[string]any{}))
	}
	v.call("disk.get_used", opt("join_partitions", boolean(), false))
	v.call("disk.details", opt("data", object(opt("join_partitions", boolean(), false), opt("type", choice("USED", "UNUSED", "BOTH"), "BOTH")), map[string]any{}))
	t := topology([]any{"DRAID1", "DRAID2", "DRAID3"})
	v.job("pool.create", req("pool_create", v.data("pool.create").with(req("topology", t))))
	v.job("pool.update", instanceParam, req("pool_update", v.data("pool.update").with(may("topology", patch(t)))))
	return &v
}
