// SPDX-License-Identifier: GPL-3.0-or-later

package versions

// Install is what the installer's "install" takes.
func Install() Type {
	words := list(str())
	password := text(6, 0)
	alias := object(req("type", str()), req("address", str()), req("netmask", integer()))
	adapter := object(req("name", str()), may("aliases", list(alias)), may("ipv4_dhcp", boolean()), may("ipv6_auto", boolean()))
	return object(may("wipe_disks", words), req("disks", words), req("set_pmbr", boolean()),
		req("authentication", null(object(req("username", choice("truenas_admin", "root")), req("password", password)))),
		may("post_install", object(may("network_interfaces", list(adapter)))))
}
