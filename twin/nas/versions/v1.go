// SPDX-License-Identifier: GPL-3.0-or-later

package versions

import "maps"

// V1 is API v1.0: the fields of each resource, by its path below the API's address.
type V1 struct{ Resources map[string]Type }

func (v *V1) clone() *V1 { return &V1{maps.Clone(v.Resources)} }

// The words of API v1.0 for authentication.
var v1Auth = choice("None", "CHAP", "CHAP Mutual")

// v1_9_3_0: a target itself says by which portal, for whom and with which authentication it is reached.
func v1_9_3_0() *V1 {
	short := text(0, 120)
	return &V1{map[string]Type{
		"services/iscsi/globalconfiguration": object(may("iscsi_basename", text(1, 120)), may("iscsi_isns_servers", str()),
			may("iscsi_pool_avail_threshold", threshold), may("iscsi_discoveryauthmethod", v1Auth), may("iscsi_discoveryauthgroup", null(integer()))),
		"services/iscsi/portal": object(opt("iscsi_target_portal_tag", integer(), 1), opt("iscsi_target_portal_comment", short, ""),
			req("iscsi_target_portal_ips", list(str()))),
		"services/iscsi/authorizedinitiator": object(opt("iscsi_target_initiator_initiators", str(), "ALL"),
			opt("iscsi_target_initiator_auth_network", str(), "ALL"), opt("iscsi_target_initiator_comment", short, "")),
		"services/iscsi/authcredential": object(opt("iscsi_target_auth_tag", integer(), 1), req("iscsi_target_auth_user", text(1, 120)),
			req("iscsi_target_auth_secret", text(1, 120)), opt("iscsi_target_auth_peeruser", short, ""), opt("iscsi_target_auth_peersecret", short, "")),
		"services/iscsi/target": object(req("iscsi_target_name", text(1, 120)), opt("iscsi_target_alias", null(short), nil),
			opt("iscsi_target_serial", text(0, 16), "10000001"), req("iscsi_target_portalgroup", integer()), opt("iscsi_target_initiatorgroup", null(integer()), nil),
			opt("iscsi_target_authtype", v1Auth, "None"), opt("iscsi_target_authgroup", null(integer()), nil),
			opt("iscsi_target_initialdigest", choice("Auto", "Header digest", "Data digest", "Both", "None"), "Auto"),
			opt("iscsi_target_logical_blocksize", choice(blockSizes...), 512)),
		"services/iscsi/extent": object(req("iscsi_target_extent_name", text(1, 120)), req("iscsi_target_extent_type", choice("Disk", "File", "ZVOL")),
			may("iscsi_target_extent_disk", str()), may("iscsi_target_extent_path", str()), opt("iscsi_target_extent_filesize", str(), "0"),
			opt("iscsi_target_extent_comment", short, ""), opt("iscsi_target_extent_insecure_tpc", boolean(), true)),
		"services/iscsi/targettoextent": object(req("iscsi_target", integer()), req("iscsi_extent", integer()), opt("iscsi_lunid", null(integer()), nil)),
		"services/services":             object(may("srv_enable", boolean())),
		"storage/volume": object(req("volume_name", text(1, 50)), req("layout", list(object(req("vdevtype", choice("stripe", "mirror", "raidz", "raidz2", "raidz3")),
			req("disks", list(str()))))), opt("encryption", boolean(), false), opt("encryption_inirand", boolean(), false),
			opt("dedup", choice("off", "on", "verify"), "off"), may("volume_add", str())),
		"zvols": object(req("name", str()), req("volsize", str()), opt("sparse", boolean(), true), opt("props", Type{Kind: Object, Open: true}, map[string]any{})),
		"network/interface": object(may("int_interface", text(1, 300)), may("int_name", short), opt("int_dhcp", boolean(), false), opt("int_ipv4address", str(), ""),
			opt("int_v4netmaskbit", str(), ""), opt("int_ipv6auto", boolean(), false), opt("int_ipv6address", str(), ""),
			opt("int_v6netmaskbit", choice("", "0", "48", "60", "64", "80", "96"), ""), opt("int_options", str(), ""), opt("int_aliases", list(str()), []any{})),
		"network/globalconfiguration": object(may("gc_hostname", text(1, 120)), may("gc_domain", short), may("gc_ipv4gateway", address()), may("gc_ipv6gateway", address()),
			may("gc_nameserver1", address()), may("gc_nameserver2", address()), may("gc_nameserver3", address()), may("gc_httpproxy", str()),
			may("gc_netwait_enabled", boolean()), may("gc_netwait_ip", str()), may("gc_hosts", str())),
		"system/settings": object(may("stg_guiprotocol", choice("http", "https")), may("stg_guiaddress", str()), may("stg_guiv6address", str()),
			may("stg_guiport", between(1, 65535)), may("stg_guihttpsport", between(1, 65535)), may("stg_guihttpsredirect", boolean()),
			may("stg_guicertificate", null(integer())), may("stg_language", str()), may("stg_kbdmap", str()), may("stg_timezone", str()), may("stg_syslogserver", str()),
			may("stg_wizardshown", boolean())),
	}}
}

// v1_9_3_1: groups tie targets to portals; serial number and block size are the extent's.
func v1_9_3_1(before *V1) *V1 {
	v := before.clone()
	change := func(name string, t Type) { v.Resources["services/iscsi/"+name] = t }
	old := func(name string) Type { return v.Resources["services/iscsi/"+name] }
	short := text(0, 120)
	change("globalconfiguration", old("globalconfiguration").without("iscsi_discoveryauthmethod", "iscsi_discoveryauthgroup"))
	change("portal", old("portal").with(opt("iscsi_target_portal_discoveryauthmethod", v1Auth, "None"), opt("iscsi_target_portal_discoveryauthgroup", null(integer()), nil)))
	change("target", object(req("iscsi_target_name", text(1, 120)), opt("iscsi_target_alias", null(short), nil), opt("iscsi_target_mode", choice("iscsi", "fc", "both"), "iscsi")))
	change("targetgroup", object(req("iscsi_target", integer()), req("iscsi_target_portalgroup", integer()), opt("iscsi_target_initiatorgroup", null(integer()), nil),
		opt("iscsi_target_authtype", v1Auth, "None"), opt("iscsi_target_authgroup", null(integer()), nil),
		opt("iscsi_target_initialdigest", choice("Auto", "Header digest", "Data digest", "Both", "None"), "Auto")))
	change("extent", old("extent").with(opt("iscsi_target_extent_blocksize", choice(blockSizes...), 512), opt("iscsi_target_extent_pblocksize", boolean(), false),
		opt("iscsi_target_extent_avail_threshold", threshold, nil), opt("iscsi_target_extent_xen", boolean(), false),
		opt("iscsi_target_extent_rpm", choice("Unknown", "SSD", "5400", "7200", "10000", "15000"), "SSD"), opt("iscsi_target_extent_ro", boolean(), false),
		opt("iscsi_target_extent_serial", text(0, 16), "10000001")))
	return v
}

// v1_11_3: an extent can be switched off.
func v1_11_3(before *V1) *V1 {
	v := before.clone()
	v.Resources["services/iscsi/extent"] = v.Resources["services/iscsi/extent"].with(opt("iscsi_target_extent_enabled", boolean(), true),
		opt("iscsi_target_extent_legacy", boolean(), false))
	v.Resources["services/iscsi/globalconfiguration"] = v.Resources["services/iscsi/globalconfiguration"].with(may("iscsi_alua", boolean()))
	return v
}

// With is an object with more fields.
func (t Type) With(fields ...Field) Type { return t.with(fields...) }

// Extra is a text that may be sent.
func Extra(name string) Field { return may(name, str()) }

// Dataset1 is what API v1.0 takes for a dataset.
var Dataset1 = object(req("name", text(1, 255)), may("compression", str()), may("dedup", str()), may("comments", str()))
