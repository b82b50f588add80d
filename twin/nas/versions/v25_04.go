// SPDX-License-Identifier: GPL-3.0-or-later

package versions

// v25_04 is TrueNAS 25.04: JSON-RPC. What is iSCSI's and what logs in is checked by pydantic; discovery's authentication
// moves from the portals to the CHAP users.
func v25_04(v Version) *Version {
	v.Name, v.Full, v.JSONRPC = "25.04", "TrueNAS-25.04.2.6", true
	v.APIs = []string{"v24.10", "v25.04.0", "v25.04.1", "v25.04.2"}
	v.Discovery = DiscoveryAuth
	auth25(&v)
	iscsi25(&v)
	core25(&v)
	v.strictly("iscsi.", "auth.", "core.", "api_key.")
	return &v
}

func auth25(v *Version) {
	options := opt("login_options", object(opt("user_info", boolean(), true)), map[string]any{"user_info": true})
	v.call("auth.login", req("username", str()), req("password", str()), opt("otp_token", null(str()), ""))
	v.call("auth.login_ex", req("login_data", logins(options)))
	v.call("auth.login_ex_continue", req("login_data", otp(options)))
	v.call("auth.legacy_api_key_login", req("api_key", str()))
	v.call("auth.legacy_token_login", req("token", str()))
	v.call("auth.login_with_api_key", req("api_key", str()))
	v.call("auth.login_with_token", req("token", str()))
	v.call("auth.generate_token", opt("ttl", null(integer()), 600), opt("attrs", Type{Kind: Object, Open: true}, map[string]any{}),
		opt("match_origin", boolean(), true), opt("single_use", boolean(), false))
	v.call("auth.mechanism_choices")
	v.call("auth.logout")
	v.call("auth.me")
	v.call("api_key.create", req("api_key_create", object(opt("name", text(1, 200), "nobody"), req("username", text(1, maxString)),
		opt("expires_at", null(anything()), nil))))
}

// logins are the ways to prove who one is.
func logins(options Field) Type {
	return either(
		object(req("mechanism", choice("API_KEY_PLAIN")), req("username", str()), req("api_key", str()), options),
		object(req("mechanism", choice("PASSWORD_PLAIN")), req("username", str()), req("password", str()), options),
		object(req("mechanism", choice("TOKEN_PLAIN")), req("token", str()), options),
		otp(options))
}

func otp(options Field) Type {
	return object(req("mechanism", choice("OTP_TOKEN")), req("otp_token", str()), options)
}

func iscsi25(v *Version) {
	global := v.data("iscsi.global.update").with(may("iser", boolean()))
	v.call("iscsi.global.update", may("iscsi_update", global))
	v.call("iscsi.global.client_count")
	v.tells("iscsi.global", "iser")

	portal := object(req("listen", list(object(req("ip", text(1, maxString))))), opt("comment", str(), ""))
	v.kind("iscsi.portal", "iscsi_portal", portal, patch(portal))
	v.tells("iscsi.portal", "-discovery_authmethod", "-discovery_authgroup")

	initiator := object(opt("initiators", list(str()), []any{}), opt("comment", str(), ""))
	v.kind("iscsi.initiator", "iscsi_initiator", initiator, patch(initiator).with(may("id", integer())))

	auth := v.data("iscsi.auth.create").with(opt("discovery_auth", choice(authMethods...), "NONE"))
	v.crud("iscsi.auth", auth, patch(auth))
	v.rename("iscsi.auth.create", "data", "iscsi_auth_create")
	v.rename("iscsi.auth.update", "data", "iscsi_auth_update")
	v.tells("iscsi.auth", "discovery_auth")

	parameters := object(opt("QueuedCommands", choice(32, 128, nil), nil))
	target := v.data("iscsi.target.create").with(req("name", text(1, 120)), opt("iscsi_parameters", null(parameters), nil))
	v.kind("iscsi.target", "iscsi_target", target, patch(target), opt("force", boolean(), false), opt("delete_extents", boolean(), false))
	v.tells("iscsi.target", "rel_tgt_id", "iscsi_parameters")

	extent := v.data("iscsi.extent.create").with(opt("filesize", either(str(), integer()), "0"))
	v.crud("iscsi.extent", extent, patch(extent))

	link := object(req("target", integer()), opt("lunid", null(integer()), nil), req("extent", integer()))
	v.kind("iscsi.targetextent", "iscsi_target_to_extent", link,
		patch(link).with(may("id", integer()), may("lunid", integer())), opt("force", boolean(), false))
}

// core25 is what a WebSocket's client asks of the middleware itself.
func core25(v *Version) {
	v.call("core.subscribe", req("event", str()))
	v.call("core.unsubscribe", req("id", str()))
	v.call("core.set_options", req("options", object(may("private_methods", boolean()), may("py_exceptions", boolean()), may("legacy_jobs", boolean()))))
	v.call("system.version_short")
	v.call("system.product_type")
	v.call("disk.get_unused", opt("join_partitions", boolean(), false))
}
