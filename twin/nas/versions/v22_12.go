// SPDX-License-Identifier: GPL-3.0-or-later

package versions

// v22_12 is TrueNAS SCALE 22.12: Linux. iSCSI's port is set once for all portals, networks are allowed by target.
func v22_12(v Version) *Version {
	v.Name, v.Full, v.Linux = "22.12", "TrueNAS-SCALE-22.12.4.2", true
	v.MaxLUN, v.MaxSerial, v.OneTarget, v.RawDisks, v.GlobalPort = 16382, 20, true, false, true
	global := v.data("iscsi.global.update").with(may("listen_port", between(1025, 65535)))
	v.call("iscsi.global.update", req("iscsiglobal_update", global))
	v.tells("iscsi.global", "listen_port")

	portal := v.data("iscsi.portal.create").with(req("listen", list(object(req("ip", address())))))
	v.crud("iscsi.portal", portal, patch(portal))

	initiator := v.data("iscsi.initiator.create").without("auth_network")
	v.crud("iscsi.initiator", initiator, patch(initiator))
	v.tells("iscsi.initiator", "-auth_network")

	target := v.data("iscsi.target.create").with(opt("auth_networks", list(str()), []any{}))
	v.crud("iscsi.target", target, patch(target))
	v.tells("iscsi.target", "auth_networks")

	extent := v.data("iscsi.extent.create").with(req("name", text(1, 64)))
	v.crud("iscsi.extent", extent, patch(extent))
	system22(&v)
	return &v
}

func system22(v *Version) {
	network := v.data("network.configuration.update").without("netwait_enabled", "netwait_ip").with(may("hosts", list(str())),
		may("service_announcement", object(may("netbios", boolean()), may("mdns", boolean()), may("wsd", boolean()))),
		may("activity", object(req("type", choice("ALLOW", "DENY")), opt("activities", list(str()), []any{}))))
	v.call("network.configuration.update", req("global_configuration_update", network))
	v.tells("network.configuration", "-netwait_enabled", "-netwait_ip", "service_announcement", "activity")

	create := v.data("interface.create").without("disable_offload_capabilities", "options").with(
		opt("stp", boolean(), true), opt("xmit_hash_policy", choice("LAYER2", "LAYER2+3", "LAYER3+4", nil), nil),
		opt("lacpdu_rate", choice("SLOW", "FAST", nil), nil), opt("mtu", null(between(68, 9216)), nil))
	v.crud("interface", create, patch(create.without("type")))

	general := v.data("system.general.update").without("syslogserver", "sysloglevel", "crash_reporting").with(
		may("ui_httpsprotocols", list(choice("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"))), may("ui_allowlist", list(str())),
		may("ui_consolemsg", boolean()), may("ui_x_frame_options", choice("SAMEORIGIN", "DENY", "ALLOW_ALL")))
	v.call("system.general.update", req("general_settings", general))
	v.tells("system.general", "-syslogserver", "-sysloglevel", "-crash_reporting", "ui_httpsprotocols", "ui_allowlist", "ui_consolemsg", "ui_x_frame_options")

	options := object(opt("ha_propagate", boolean(), true))
	for _, verb := range verbs {
		v.call("service."+verb, req("service", str()), opt("service-control", options, map[string]any{}))
	}
}
