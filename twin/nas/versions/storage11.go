// SPDX-License-Identifier: GPL-3.0-or-later

package versions

import "slices"

// compressions are those that every version has.
var compressions = []string{"ON", "OFF", "LZ4", "GZIP", "GZIP-1", "GZIP-9", "ZSTD", "ZSTD-FAST", "ZLE", "LZJB"}

var volBlockSizes = []any{"512", "1K", "2K", "4K", "8K", "16K", "32K", "64K", "128K"}

var vdevs = []any{"RAIDZ1", "RAIDZ2", "RAIDZ3", "MIRROR", "STRIPE"}

// storage11 is what 11.3 takes for disks, pools and datasets.
func storage11(v *Version) {
	v.call("disk.query", queryParams...)
	v.call("disk.get_unused", opt("join_partitions", boolean(), false))
	v.call("pool.query", queryParams...)
	v.call("pool.get_instance", instanceParam, opt("query-options", Type{Kind: Object, Open: true}, map[string]any{}))
	v.job("pool.create", req("pool_create", object(req("name", text(1, maxString)), opt("encryption", boolean(), false),
		opt("deduplication", choice(nil, "ON", "VERIFY", "OFF"), nil), opt("encryption_options", encryption("AES-256-CCM", 100000, 350000), map[string]any{}),
		req("topology", topology(nil).without("special", "dedup")))))
	v.job("pool.update", instanceParam, req("pool_update", object(may("topology", patch(topology(nil).without("special", "dedup"))),
		may("autotrim", choice("ON", "OFF")))))
	v.job("pool.export", instanceParam, opt("options", object(opt("cascade", boolean(), false), opt("restart_services", boolean(), false),
		opt("destroy", boolean(), false)), map[string]any{}))
	v.call("pool.dataset.query", queryParams...)
	v.call("pool.dataset.get_instance", req("id", str()), opt("query-options", Type{Kind: Object, Open: true}, map[string]any{}))
	v.call("pool.dataset.create", req("pool_dataset_create", dataset11(compressions)))
	v.call("pool.dataset.update", req("id", str()), req("pool_dataset_update", patch(dataset11(compressions).
		without("name", "type", "sparse", "volblocksize", "casesensitivity", "share_type"))))
	v.call("pool.dataset.delete", req("id", str()), opt("dataset_delete", object(opt("recursive", boolean(), false), opt("force", boolean(), false)), map[string]any{}))
}

// topology is what a pool is made of. Draid vdevs may be among the data.
func topology(draid []any) Type {
	disks := req("disks", list(str()))
	data := object(req("type", choice(vdevs...)), disks)
	if draid != nil {
		data = either(object(req("type", choice(draid...)), disks, opt("draid_data_disks", null(integer()), nil),
			opt("draid_spare_disks", integer(), 0)), data)
	}
	few := object(req("type", choice("MIRROR", "STRIPE")), disks)
	first := list(data)
	first.MinLen = 1
	return object(req("data", first), opt("special", list(few), []any{}), opt("dedup", list(few), []any{}),
		opt("cache", list(object(req("type", choice("STRIPE")), disks)), []any{}), opt("log", list(few), []any{}), opt("spares", list(str()), []any{}))
}

// encryption is how a pool or dataset is encrypted; iterations of PBKDF2 have a least number and a default.
func encryption(algorithm string, least int64, iterations int) Type {
	key := text(64, 64)
	phrase := text(8, maxString)
	return object(opt("generate_key", boolean(), false), opt("pbkdf2iters", atLeast(least), iterations),
		opt("algorithm", choice("AES-128-CCM", "AES-192-CCM", "AES-256-CCM", "AES-128-GCM", "AES-192-GCM", "AES-256-GCM"), algorithm),
		opt("passphrase", null(phrase), nil), opt("key", null(key), nil))
}

// dataset11 takes file systems and zvols in one. Properties that it does not mention are inherited.
func dataset11(compressions []string) Type {
	onOff := choice("ON", "OFF")
	return object(req("name", text(1, maxString)), opt("type", choice("FILESYSTEM", "VOLUME"), "FILESYSTEM"),
		may("volsize", integer()), may("volblocksize", choice(volBlockSizes...)), may("sparse", boolean()), may("force_size", boolean()),
		may("comments", str()), may("sync", choice("STANDARD", "ALWAYS", "DISABLED")), may("compression", choices(slices.Clone(compressions))),
		may("atime", onOff), may("exec", onOff), may("quota", null(integer())), may("refquota", null(integer())), may("reservation", integer()),
		may("refreservation", integer()), may("copies", integer()), may("snapdir", choice("VISIBLE", "HIDDEN")),
		may("deduplication", choice("ON", "VERIFY", "OFF")), may("readonly", onOff), may("recordsize", str()),
		may("casesensitivity", choice("SENSITIVE", "INSENSITIVE", "MIXED")), may("aclmode", choice("PASSTHROUGH", "RESTRICTED")),
		opt("share_type", choice("GENERIC", "SMB"), "GENERIC"))
}
