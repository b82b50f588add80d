// SPDX-License-Identifier: GPL-3.0-or-later

package versions

// v13_0 is TrueNAS CORE 13.0: API v1.0 is gone (since 12.0), there are API keys, and ZFS encryption.
func v13_0(v Version) *Version {
	v.Name, v.Full, v.V1, v.APIKeys = "13.0", "TrueNAS-13.0-U6.2", nil, true
	v.UniqueSerial = true
	initiator := v.data("iscsi.initiator.create").without("tag")
	v.crud("iscsi.initiator", initiator, patch(initiator))
	v.tells("iscsi.initiator", "-tag")
	v.tells("iscsi.extent", "locked")
	v.call("api_key.query", queryParams...)
	v.call("api_key.get_instance", instanceParam, opt("query-options", Type{Kind: Object, Open: true}, map[string]any{}))
	v.call("api_key.create", req("api_key_create", object(req("name", text(1, maxString)), opt("allowlist", list(anything()), []any{}))))
	v.call("api_key.delete", instanceParam)
	options := object(opt("ha_propagate", boolean(), true))
	for _, verb := range verbs {
		v.call("service."+verb, req("service", str()), opt("service-control", options, map[string]any{}))
	}
	pools13(&v)
	return &v
}

func pools13(v *Version) {
	checksums := choice(nil, "ON", "OFF", "FLETCHER2", "FLETCHER4", "SHA256", "SHA512", "SKEIN", "EDONR")
	pool := v.data("pool.create").with(opt("checksum", checksums, nil), opt("allow_duplicate_serials", boolean(), false),
		opt("encryption_options", encryption("AES-256-GCM", 100000, 350000), map[string]any{}), req("topology", topology(nil)))
	v.job("pool.create", req("pool_create", pool))
	v.job("pool.update", instanceParam, req("pool_update", object(may("topology", patch(topology(nil))), may("autotrim", choice("ON", "OFF")),
		opt("allow_duplicate_serials", boolean(), false))))
	inherits := choice("ON", "OFF", "INHERIT")
	volume := v.data("pool.dataset.create").with(may("managedby", str()), opt("encryption", boolean(), false), opt("inherit_encryption", boolean(), true),
		opt("encryption_options", encryption("AES-256-GCM", 100000, 350000), map[string]any{}), may("checksum", anything()),
		may("acltype", str()), may("special_small_block_size", anything()), may("user_properties", list(anything())),
		opt("create_ancestors", boolean(), false), may("readonly", inherits), may("sync", choice("STANDARD", "ALWAYS", "DISABLED", "INHERIT")),
		may("compression", choices(append([]string{"INHERIT"}, compressions...))), may("deduplication", choice("ON", "VERIFY", "OFF", "INHERIT")))
	v.call("pool.dataset.create", req("pool_dataset_create", volume))
	v.call("pool.dataset.update", req("id", str()), req("pool_dataset_update", patch(volume.without("name", "type", "sparse", "volblocksize",
		"casesensitivity", "share_type", "encryption", "inherit_encryption", "encryption_options"))))
}
