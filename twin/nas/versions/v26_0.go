// SPDX-License-Identifier: GPL-3.0-or-later

package versions

// v26_0 is TrueNAS 26.0: API v2.0 is gone, and services are started by service.control only.
func v26_0(v Version) *Version {
	v.Name, v.Full, v.REST = "26.0", "TrueNAS-26.0.0", false
	v.APIs = append(v.APIs, "v26.0.0")
	options := opt("login_options", object(opt("user_info", boolean(), true), opt("reconnect_token", boolean(), false)),
		map[string]any{"user_info": true, "reconnect_token": false})
	login := logins(options)
	login.Variants = append(login.Variants, object(req("mechanism", choice("SCRAM")),
		req("scram_type", choice("CLIENT_FIRST_MESSAGE", "CLIENT_FINAL_MESSAGE")), req("rfc_str", str())))
	v.call("auth.login_ex", req("login_data", login))
	v.call("auth.login_ex_continue", req("login_data", otp(options)))
	for _, verb := range verbs {
		v.drop("service." + verb)
	}
	v.call("iscsi.global.update", may("iscsi_update", v.data("iscsi.global.update").with(may("mode", between(0, 1)), may("direct_config", null(boolean())))))
	v.tells("iscsi.global", "mode", "direct_config")
	v.crud("interface", v.data("interface.create"), v.data("interface.update").with(may("fec_mode", choice("AUTO", "OFF", "RS", "BASER", "LLRS"))))
	storage26(&v)
	v.strictly("")
	return &v
}

func storage26(v *Version) {
	key := encryption25(1300000, 1300000).without("algorithm")
	t := topology([]any{"DRAID1", "DRAID2", "DRAID3"})
	data, _ := t.Field("data")
	t = t.with(opt("special", list(*data.Items), []any{}))
	pool := v.data("pool.create").with(req("name", text(1, maxString)), may("encryption_options", key), req("topology", t),
		opt("all_sed", boolean(), false), opt("force_topology", boolean(), false))
	v.Methods["pool.create"] = Method{Job: true, Schema: "pool_create", Params: []Field{req("data", pool)}}
	kinds := v.data("pool.dataset.create").Variants
	v.Methods["pool.dataset.create"] = Method{Schema: "pool_dataset_create", Params: []Field{req("data", either(
		kinds[0].with(may("encryption_options", key)), kinds[1].with(may("encryption_options", key))))}}
}
