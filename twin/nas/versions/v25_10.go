// SPDX-License-Identifier: GPL-3.0-or-later

package versions

import "fmt"

// v25_10 is TrueNAS 25.10: everything is checked by pydantic; services are controlled by a job; the language is not a
// setting of the NAS any more.
func v25_10(v Version) *Version {
	v.Name, v.Full, v.Installer = "25.10", "TrueNAS-25.10.5", "/ws"
	v.APIs = append(v.APIs, "v25.10.0", "v25.10.1", "v25.10.2", "v25.10.3", "v25.10.4", "v25.10.5")
	v.drop("auth.legacy_api_key_login", "auth.legacy_token_login")

	extent := v.data("iscsi.extent.create").with(opt("product_id", null(text(1, 16)), nil))
	v.crud("iscsi.extent", extent, patch(extent))
	v.tells("iscsi.extent", "product_id")

	services25(&v)
	system25(&v)
	storage25(&v)
	v.strictly("")
	return &v
}

func services25(v *Version) {
	options := may("options", object(opt("ha_propagate", boolean(), true), opt("silent", boolean(), true), opt("timeout", null(integer()), 120)))
	for _, verb := range verbs {
		v.call("service."+verb, req("service", str()), options)
	}
	v.job("service.control", req("verb", choice("START", "STOP", "RESTART", "RELOAD")), req("service", str()), options)
	v.rename("service.update", "service_update", "service_update")
}

func system25(v *Version) {
	unique := list(choice("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"))
	unique.Unique = true
	some := list(str())
	some.MinLen = 1
	general := v.data("system.general.update").without("language").with(may("timezone", text(1, maxString)), may("ui_address", some), may("ui_v6address", some),
		may("ui_httpsprotocols", unique), may("ds_auth", boolean()), may("rollback_timeout", null(integer())), may("ui_restart_delay", null(integer())))
	v.call("system.general.update", may("general_settings", general))
	v.drop("system.general.language_choices")
	v.tells("system.general", "-language", "ds_auth")

	network := v.data("network.configuration.update").with(may("hostname_b", null(str())), may("hostname_virtual", null(str())))
	v.call("network.configuration.update", req("data", network))

	create := v.data("interface.create").with(opt("enable_learning", boolean(), true))
	aliases, _ := create.Field("aliases")
	aliases.Unique = true
	create = create.with(aliases)
	v.crud("interface", create, patch(create.without("type")))
	v.rename("interface.create", "data", "interface_create")
	v.rename("interface.update", "data", "interface_update")
	v.call("interface.commit", may("options", object(opt("rollback", boolean(), true), opt("checkin_timeout", integer(), 60))))
}

func storage25(v *Version) {
	checksums := []any{"ON", "OFF", "FLETCHER2", "FLETCHER4", "SHA256", "SHA512", "SKEIN", "EDONR", "BLAKE3"}
	t := topology([]any{"DRAID1", "DRAID2", "DRAID3"})
	pool := object(req("name", text(1, 50)), opt("encryption", boolean(), false), opt("dedup_table_quota", choice("AUTO", "CUSTOM", nil), "AUTO"),
		opt("dedup_table_quota_value", null(atLeast(1)), nil), opt("deduplication", choice("ON", "VERIFY", "OFF", nil), nil),
		opt("checksum", choice(append(checksums, nil)...), nil), may("encryption_options", encryption25(100000, 350000)), req("topology", t),
		opt("allow_duplicate_serials", boolean(), false))
	v.Methods["pool.create"] = Method{Job: true, Schema: "pool_create", Params: []Field{req("data", pool)}}
	v.Methods["pool.update"] = Method{Job: true, Schema: "pool_update", Params: []Field{instanceParam, req("data", object(
		may("topology", patch(t)), may("autotrim", choice("ON", "OFF")), opt("allow_duplicate_serials", boolean(), false)))}}

	v.Methods["pool.dataset.create"] = Method{Schema: "pool_dataset_create", Params: []Field{req("data", either(
		fileSystem25(checksums, encryption25(100000, 350000)), volume25(checksums, encryption25(100000, 350000))))}}
	update := patch(volume25(checksums, Type{}).with(fileSystem25(checksums, Type{}).Fields...).with(may("force_size", boolean()),
		may("comments", str())).without("name", "type", "sparse", "volblocksize", "casesensitivity", "share_type", "encryption",
		"inherit_encryption", "encryption_options"))
	update = update.with(may("user_properties_update", list(object(req("key", userProperty()), may("value", str()), may("remove", boolean())))))
	v.Methods["pool.dataset.update"] = Method{Schema: "pool_dataset_update", Params: []Field{req("id", str()), req("data", update)}}
	v.call("pool.dataset.delete", req("id", str()), may("options", object(opt("recursive", boolean(), false), opt("force", boolean(), false))))
}

func encryption25(least int64, iterations int) Type {
	t := encryption("AES-256-GCM", least, iterations)
	for i, f := range t.Fields {
		if f.Name == "key" || f.Name == "passphrase" {
			t.Fields[i].Default = ""
		}
	}
	return t
}

func userProperty() Type {
	t := str()
	t.Pattern = ".*:.*"
	return t
}

// compressions25 are the compressions of 25.10.
func compressions25() []string {
	all := append([]string{}, compressions...)
	for level := 1; level <= 19; level++ {
		all = append(all, fmt.Sprint("ZSTD-", level))
	}
	for _, level := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 500, 1000} {
		all = append(all, fmt.Sprint("ZSTD-FAST-", level))
	}
	return append(all, "INHERIT")
}

// common25 is what file systems and zvols have in common.
func common25(kind string, checksums []any, encryption Type) Type {
	orInherit := func(t Type) Type { return either(t, choice("INHERIT")) }
	onOff := choice("ON", "OFF", "INHERIT")
	percent := orInherit(between(0, 100))
	return object(req("name", text(1, maxString)), opt("type", choice(kind), kind), opt("comments", str(), "INHERIT"),
		opt("sync", choice("STANDARD", "ALWAYS", "DISABLED", "INHERIT"), "INHERIT"), may("snapdev", choice("HIDDEN", "VISIBLE", "INHERIT")),
		opt("compression", choices(compressions25()), "INHERIT"), opt("exec", onOff, "INHERIT"), opt("managedby", text(1, maxString), "INHERIT"),
		opt("quota_warning", percent, "INHERIT"), opt("quota_critical", percent, "INHERIT"), opt("refquota_warning", percent, "INHERIT"),
		opt("refquota_critical", percent, "INHERIT"), may("reservation", integer()), may("refreservation", integer()),
		may("special_small_block_size", orInherit(integer())), opt("copies", orInherit(integer()), "INHERIT"),
		opt("snapdir", choice("DISABLED", "VISIBLE", "HIDDEN", "INHERIT"), "INHERIT"),
		opt("deduplication", choice("ON", "VERIFY", "OFF", "INHERIT"), "INHERIT"),
		opt("checksum", choice(append(checksums[:len(checksums):len(checksums)], "INHERIT")...), "INHERIT"), opt("readonly", onOff, "INHERIT"),
		opt("share_type", choice("GENERIC", "MULTIPROTOCOL", "NFS", "SMB", "APPS"), "GENERIC"), may("encryption_options", encryption),
		opt("encryption", boolean(), false), opt("inherit_encryption", boolean(), true), opt("create_ancestors", boolean(), false),
		opt("user_properties", list(object(req("key", userProperty()), req("value", str()))), []any{}))
}

func volume25(checksums []any, encryption Type) Type {
	return common25("VOLUME", checksums, encryption).with(may("force_size", boolean()), may("sparse", boolean()), req("volsize", integer()),
		may("volblocksize", choice("512", "512B", "1K", "2K", "4K", "8K", "16K", "32K", "64K", "128K")))
}

func fileSystem25(checksums []any, encryption Type) Type {
	quota := either(atLeast(1<<30), choice(0, nil))
	return common25("FILESYSTEM", checksums, encryption).with(may("aclmode", choice("PASSTHROUGH", "RESTRICTED", "DISCARD", "INHERIT")),
		may("acltype", choice("OFF", "NFSV4", "POSIX", "INHERIT")), may("atime", choice("ON", "OFF", "INHERIT")),
		may("casesensitivity", choice("SENSITIVE", "INSENSITIVE", "INHERIT")), may("quota", quota), may("refquota", quota), may("recordsize", str()))
}
