// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"maps"
	"slices"
	"strings"

	"livelab.dev/twin/nas/fault"
)

// Languages are those in which the NAS can speak, by their codes.
var Languages = map[string]string{
	"de": "German", "en": "English", "es": "Spanish", "fr": "French", "it": "Italian", "ja": "Japanese", "ko": "Korean",
	"nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "pt-br": "Brazilian Portuguese", "ru": "Russian", "sv": "Swedish",
	"zh-hans": "Simplified Chinese", "zh-hant": "Traditional Chinese",
}

// The keyboard maps: FreeBSD's older console has other names for them.
var (
	kbdmaps = map[string]string{"us": "English (US)", "uk": "English (UK)", "es": "Spanish", "latinamerican": "Latin American", "fr": "French",
		"de": "German", "it": "Italian", "pt": "Portuguese", "br": "Brazilian", "no": "Norwegian", "se": "Swedish", "dk": "Danish", "jp": "Japanese"}
	oldKbdmaps = map[string]string{"us.iso": "United States of America ISO-8859-1", "uk.iso": "United Kingdom ISO-8859-1", "spanish.iso": "Spanish ISO-8859-1",
		"spanish.iso.acc": "Spanish ISO-8859-1 (accent keys)", "latinamerican": "Latin American", "fr.iso": "French ISO-8859-1", "german.iso": "German ISO-8859-1",
		"it.iso": "Italian ISO-8859-1", "pt.iso": "Portuguese ISO-8859-1", "br275.iso": "Brazilian 275 ISO-8859-1"}
)

// Kbdmaps are the keyboard maps that can be chosen, with what they are.
func (n *NAS) Kbdmaps() map[string]string {
	if n.Version.REST || n.Version.JSONRPC {
		return kbdmaps
	}
	return oldKbdmaps
}

// Timezones are the time zones that can be chosen.
func Timezones() map[string]string {
	all := map[string]string{}
	for _, z := range zones {
		all[z] = z
	}
	return all
}

func (n *NAS) generalDefaults() map[string]any {
	kbdmap := "us"
	if !n.Version.REST && !n.Version.JSONRPC {
		kbdmap = ""
	}
	return map[string]any{
		"id": 1, "language": "en", "kbdmap": kbdmap, "timezone": "America/Los_Angeles", "ui_address": []string{"0.0.0.0"},
		"ui_v6address": []string{"::"}, "ui_port": 80, "ui_httpsport": 443, "ui_httpsredirect": n.Version.V1 != nil, "ui_certificate": 1,
		"ui_httpsprotocols": []string{"TLSv1.2", "TLSv1.3"}, "ui_allowlist": []string{}, "ui_consolemsg": false, "ui_x_frame_options": "SAMEORIGIN",
		"usage_collection": true, "crash_reporting": true, "syslogserver": "", "sysloglevel": "F_INFO", "ds_auth": false, "wizardshown": false,
		"guiprotocol": "https",
	}
}

func (n *NAS) networkDefaults() map[string]any {
	name, domain, _ := strings.Cut(n.cfg.Hostname, ".")
	return map[string]any{
		"id": 1, "hostname": name, "domain": domain, "domains": []string{}, "ipv4gateway": "", "ipv6gateway": "", "nameserver1": "", "nameserver2": "",
		"nameserver3": "", "httpproxy": "", "netwait_enabled": false, "netwait_ip": []string{}, "hosts": n.noHosts(),
		"service_announcement": map[string]any{"netbios": false, "mdns": true, "wsd": true},
		"activity":             map[string]any{"type": "DENY", "activities": []string{}},
	}
}

// noHosts is an empty list of hosts as the version has it: a list on Linux, lines elsewhere.
func (n *NAS) noHosts() any {
	if n.Version.Linux {
		return []string{}
	}
	return ""
}

// General are the settings of language, keyboard, time zone and the web interface.
func (n *NAS) General() map[string]any {
	return View(n, func(s *State) map[string]any { return maps.Clone(s.General) })
}

// UpdateGeneral changes some of them. The API stays where it is: the ports of the web interface are remembered only.
func (n *NAS) UpdateGeneral(values map[string]any) error {
	var wrong fault.Invalid
	for field, known := range map[string]map[string]string{"language": Languages, "kbdmap": n.Kbdmaps(), "timezone": Timezones()} {
		value, sent := values[field].(string)
		if _, ok := known[value]; sent && !ok && value != "" {
			wrong.Add(field, fault.EINVAL, "%s", map[string]string{
				"language": "Specified \"" + value + "\" language unknown",
				"kbdmap":   "Invalid keyboard map", "timezone": "Timezone not known. Please select a valid timezone."}[field])
		}
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	return n.change(func(next *State) error {
		maps.Copy(next.General, values)
		return nil
	})
}

// Network are the settings of host name, name servers and gateways.
func (n *NAS) Network() map[string]any {
	return View(n, func(s *State) map[string]any { return maps.Clone(s.Network) })
}

// UpdateNetwork changes some of them.
func (n *NAS) UpdateNetwork(values map[string]any) error {
	var wrong fault.Invalid
	for field, form := range map[string]string{"hostname": "host", "domain": "domain"} {
		if value, ok := values[field].(string); ok && !hostForm(value, form == "domain") {
			wrong.Add(field, fault.EINVAL, "Invalid hostname. Only letters, digits, hyphens and periods are allowed, and no label begins or ends with a hyphen.")
		}
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	return n.change(func(next *State) error {
		maps.Copy(next.Network, values)
		return nil
	})
}

// hostForm says whether a name can be a host's or a domain's.
func hostForm(name string, mayBeEmpty bool) bool {
	if name == "" {
		return mayBeEmpty
	}
	return !slices.ContainsFunc(strings.Split(name, "."), func(label string) bool {
		return label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != ""
	})
}

// Hostname is the NAS's whole name.
func (n *NAS) Hostname() string {
	network := n.Network()
	name, _ := network["hostname"].(string)
	if domain, _ := network["domain"].(string); domain != "" {
		name += "." + domain
	}
	return name
}
