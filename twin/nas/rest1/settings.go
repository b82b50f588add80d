// SPDX-License-Identifier: GPL-3.0-or-later

package rest1

import (
	"fmt"
	"regexp"
	"strings"

	"livelab.dev/twin/nas/model"
)

// version is what the NAS is: its whole name, and the two parts of it.
func (a *api) version() map[string]any {
	full := a.nas.Version.Full
	return map[string]any{"fullversion": full, "version": regexp.MustCompile(`\d+\.\d+`).FindString(full), "name": "FreeNAS"}
}

func (a *api) settings() {
	text := func(name, inner string) field {
		return field{name: name, inner: inner, in: func(v any) (any, error) {
			words, _ := v.(string)
			return strings.Fields(words), nil
		}, out: func(v any) any {
			list, _ := v.([]any)
			return strings.Trim(fmt.Sprint(list), "[]")
		}}
	}
	gc := append(plain("gc_", "hostname", "domain", "ipv4gateway", "ipv6gateway", "nameserver1", "nameserver2", "nameserver3", "httpproxy", "netwait_enabled", "hosts"),
		text("gc_netwait_ip", "netwait_ip"))
	a.add("network/globalconfiguration", values(gc, a.nas.Network, a.nas.UpdateNetwork))
	stg := append(plain("stg_", "guiprotocol", "language", "kbdmap", "timezone", "syslogserver", "wizardshown"),
		text("stg_guiaddress", "ui_address"), text("stg_guiv6address", "ui_v6address"), field{name: "stg_guiport", inner: "ui_port"},
		field{name: "stg_guihttpsport", inner: "ui_httpsport"}, field{name: "stg_guihttpsredirect", inner: "ui_httpsredirect"},
		field{name: "stg_guicertificate", inner: "ui_certificate"})
	a.add("system/settings", values(stg, a.nas.General, a.nas.UpdateGeneral))
}

// values is a resource that is one object of settings.
func values(fields mapping, read func() map[string]any, write func(map[string]any) error) resource {
	return resource{
		single: true, readOnly: []string{"id"},
		rows: func() []map[string]any { return []map[string]any{fields.from(read())} },
		update: func(_ string, sent map[string]any) error {
			inner, err := fields.into(sent)
			if err == nil {
				err = write(inner)
			}
			return fields.err(err)
		},
	}
}

// services has the one service of this NAS. Enabling it starts it; one that does not start is disabled again, and one
// that is in use stays enabled: both are answered as if all were well.
func (a *api) services() resource {
	const name, id = "iscsitarget", 4
	return resource{
		named: "srv_service", schema: a.nas.Version.V1.Resources["services/services"], readOnly: []string{"id", "srv_service"},
		rows: func() []map[string]any {
			enabled := model.View(a.nas, func(s *model.State) bool { return s.Service.Enable })
			return []map[string]any{{"id": id, "srv_service": name, "srv_enable": enabled}}
		},
		update: func(_ string, sent map[string]any) error {
			enable, told := sent["srv_enable"].(bool)
			switch {
			case !told:
				return nil
			case enable:
				return a.nas.EnableISCSI(a.nas.StartISCSI() == nil)
			case len(a.nas.Sessions()) > 0:
				return nil
			}
			a.nas.StopISCSI()
			return a.nas.EnableISCSI(false)
		},
	}
}
