// SPDX-License-Identifier: GPL-3.0-or-later

package versions

// v11_3 is FreeNAS 11.3, the first here with API v2.0 and the last with v1.0.
func v11_3(v Version) *Version {
	v.Name, v.Full, v.REST = "11.3", "FreeNAS-11.3-U5", true
	v.MaxLUN, v.MaxSerial, v.SecretLength, v.RawDisks = 1023, 16, true, true
	v.Discovery = DiscoveryPortal
	v.V1 = v1_11_3(v.V1)
	iscsi11(&v)
	storage11(&v)
	system11(&v)
	return &v
}

var (
	authMethods   = []any{"NONE", "CHAP", "CHAP_MUTUAL"}
	blockSizes    = []any{512, 1024, 2048, 4096}
	rpms          = []any{"UNKNOWN", "SSD", "5400", "7200", "10000", "15000"}
	verbs         = []string{"start", "stop", "restart", "reload"}
	threshold     = null(between(1, 99))
	queryParams   = []Field{opt("query-filters", list(anything()), []any{}), opt("query-options", Type{Kind: Object, Open: true}, map[string]any{})}
	instanceParam = req("id", integer())
)

// kind adds the calls that each sort of object has. Delete's further parameters come behind the id.
func (v *Version) kind(name string, schema string, create, update Type, onDelete ...Field) {
	v.Methods[name+".query"] = Method{Params: queryParams}
	v.Methods[name+".get_instance"] = Method{Params: []Field{instanceParam, opt("query-options", Type{Kind: Object, Open: true}, map[string]any{})}}
	v.Methods[name+".create"] = Method{Params: []Field{req(schema+"_create", create)}}
	v.Methods[name+".update"] = Method{Params: []Field{instanceParam, req(schema+"_update", update)}}
	v.Methods[name+".delete"] = Method{Params: append([]Field{instanceParam}, onDelete...)}
}

// call adds a method.
func (v *Version) call(name string, params ...Field) { v.Methods[name] = Method{Params: params} }

// job adds a method that starts a job.
func (v *Version) job(name string, params ...Field) {
	v.Methods[name] = Method{Params: params, Job: true}
}

func iscsi11(v *Version) {
	v.call("iscsi.global.config")
	v.call("iscsi.global.sessions", queryParams...)
	v.call("iscsi.global.update", req("iscsiglobal_update", object(
		may("basename", str()), may("isns_servers", list(str())), may("pool_avail_threshold", threshold), may("alua", boolean()))))
	v.Replies["iscsi.global"] = []string{"id", "basename", "isns_servers", "pool_avail_threshold", "alua"}

	portal := object(opt("comment", str(), ""), opt("discovery_authmethod", choice(authMethods...), "NONE"),
		opt("discovery_authgroup", null(integer()), nil),
		req("listen", list(object(req("ip", address()), opt("port", between(1, 65535), 3260)))))
	v.kind("iscsi.portal", "iscsiportal", portal, patch(portal))
	v.call("iscsi.portal.listen_ip_choices")
	v.Replies["iscsi.portal"] = []string{"id", "tag", "comment", "listen", "discovery_authmethod", "discovery_authgroup"}

	initiator := object(opt("tag", integer(), 0), opt("initiators", list(str()), []any{}), opt("auth_network", list(str()), []any{}), opt("comment", str(), ""))
	v.kind("iscsi.initiator", "iscsi_initiator", initiator, patch(initiator))
	v.Replies["iscsi.initiator"] = []string{"id", "tag", "initiators", "auth_network", "comment"}

	auth := object(req("tag", integer()), req("user", str()), req("secret", str()), opt("peeruser", str(), ""), opt("peersecret", str(), ""))
	v.kind("iscsi.auth", "iscsi_auth", auth, patch(auth))
	v.Replies["iscsi.auth"] = []string{"id", "tag", "user", "secret", "peeruser", "peersecret"}

	target := object(req("name", str()), opt("alias", null(str()), nil), opt("mode", choice("ISCSI", "FC", "BOTH"), "ISCSI"),
		opt("groups", list(object(req("portal", integer()), opt("initiator", null(integer()), nil),
			opt("authmethod", choice(authMethods...), "NONE"), opt("auth", null(integer()), nil))), []any{}))
	v.kind("iscsi.target", "iscsi_target", target, patch(target), opt("force", boolean(), false))
	v.Replies["iscsi.target"] = []string{"id", "name", "alias", "mode", "groups"}

	extent := object(req("name", str()), opt("type", choice("DISK", "FILE"), "DISK"), opt("disk", null(str()), nil),
		opt("serial", null(str()), nil), opt("path", null(str()), nil), opt("filesize", integer(), 0),
		opt("blocksize", choice(blockSizes...), 512), opt("pblocksize", boolean(), false), opt("avail_threshold", threshold, nil),
		opt("comment", str(), ""), opt("insecure_tpc", boolean(), true), opt("xen", boolean(), false),
		opt("rpm", choice(rpms...), "SSD"), opt("ro", boolean(), false), opt("enabled", boolean(), true))
	v.kind("iscsi.extent", "iscsi_extent", extent, patch(extent), opt("remove", boolean(), false), opt("force", boolean(), false))
	v.call("iscsi.extent.disk_choices")
	v.Replies["iscsi.extent"] = []string{"id", "name", "type", "disk", "serial", "path", "filesize", "blocksize", "pblocksize",
		"avail_threshold", "comment", "naa", "insecure_tpc", "xen", "rpm", "ro", "enabled", "vendor"}

	link := object(req("target", integer()), opt("lunid", null(integer()), nil), req("extent", integer()))
	v.kind("iscsi.targetextent", "iscsi_targetextent", link, patch(link), opt("force", boolean(), false))
}

func system11(v *Version) {
	v.call("core.ping")
	v.call("core.get_jobs", queryParams...)
	v.job("core.job_wait", req("id", integer()))
	for _, name := range []string{"info", "version", "ready", "state"} {
		v.call("system." + name)
	}
	v.call("system.general.config")
	v.call("system.general.update", req("general_settings", object(
		may("language", str()), may("kbdmap", str()), may("timezone", str()), may("ui_address", list(str())), may("ui_v6address", list(str())),
		may("ui_port", between(1, 65535)), may("ui_httpsport", between(1, 65535)), may("ui_httpsredirect", boolean()),
		may("ui_certificate", null(integer())), may("syslogserver", str()), may("sysloglevel", str()),
		may("crash_reporting", null(boolean())), may("usage_collection", null(boolean())))))
	for _, name := range []string{"language", "kbdmap", "timezone"} {
		v.call("system.general." + name + "_choices")
	}
	v.Replies["system.general"] = []string{"id", "language", "kbdmap", "timezone", "ui_address", "ui_v6address", "ui_port", "ui_httpsport",
		"ui_httpsredirect", "ui_certificate", "usage_collection", "crash_reporting", "syslogserver", "sysloglevel"}
	v.call("network.configuration.config")
	v.call("network.configuration.update", req("global_configuration_update", object(
		may("hostname", str()), may("hostname_b", str()), may("hostname_virtual", str()), may("domain", str()), may("domains", list(str())),
		may("ipv4gateway", address()), may("ipv6gateway", address()), may("nameserver1", address()), may("nameserver2", address()),
		may("nameserver3", address()), may("httpproxy", str()), may("netwait_enabled", boolean()), may("netwait_ip", list(str())), may("hosts", str()))))
	v.Replies["network.configuration"] = []string{"id", "hostname", "domain", "domains", "ipv4gateway", "ipv6gateway", "nameserver1", "nameserver2",
		"nameserver3", "httpproxy", "netwait_enabled", "netwait_ip", "hosts", "hostname_local", "state"}
	interfaces11(v)
	services11(v)
}

func interfaces11(v *Version) {
	alias := object(opt("type", choice("INET", "INET6"), "INET"), req("address", address()), req("netmask", integer()))
	bare := object(opt("type", choice("INET", "INET6"), "INET"), req("address", address()))
	create := object(may("name", str()), opt("description", str(), ""), req("type", choice("BRIDGE", "LINK_AGGREGATION", "VLAN")),
		may("disable_offload_capabilities", boolean()), opt("ipv4_dhcp", boolean(), false), opt("ipv6_auto", boolean(), false),
		opt("aliases", list(alias), []any{}), opt("failover_critical", boolean(), false), may("failover_group", null(integer())),
		may("failover_vhid", null(between(1, 255))), opt("failover_aliases", list(bare), []any{}), opt("failover_virtual_aliases", list(bare), []any{}),
		opt("bridge_members", list(anything()), []any{}), may("lag_protocol", choice("LACP", "FAILOVER", "LOADBALANCE", "ROUNDROBIN", "NONE")),
		opt("lag_ports", list(str()), []any{}), may("vlan_parent_interface", str()), may("vlan_tag", between(1, 4094)),
		may("vlan_pcp", null(between(0, 7))), opt("mtu", null(between(1492, 9216)), nil), opt("options", str(), ""))
	v.kind("interface", "interface", create, patch(create.without("type")))
	for _, name := range []string{"get_instance", "update", "delete"} {
		m := v.Methods["interface."+name]
		m.Params = append([]Field{req("id", str())}, m.Params[1:]...)
		v.Methods["interface."+name] = m
	}
	v.call("interface.has_pending_changes")
	v.call("interface.rollback")
	v.call("interface.checkin")
	v.call("interface.checkin_waiting")
	v.call("interface.commit", opt("options", object(opt("rollback", boolean(), true), opt("checkin_timeout", integer(), 60)), map[string]any{}))
	v.call("interface.ip_in_use", opt("options", Type{Kind: Object, Open: true}, map[string]any{}))
}

func services11(v *Version) {
	v.call("service.query", queryParams...)
	v.call("service.get_instance", req("id_or_name", either(integer(), str())), opt("query-options", Type{Kind: Object, Open: true}, map[string]any{}))
	v.call("service.update", req("id_or_name", either(integer(), str())), req("service-update", object(req("enable", boolean()))))
	options := object(opt("onetime", boolean(), true), opt("wait", null(boolean()), nil), opt("sync", null(boolean()), nil))
	for _, verb := range verbs {
		v.call("service."+verb, req("service", str()), opt("service-control", options, map[string]any{}))
	}
	v.call("service.started", req("service", str()))
}
