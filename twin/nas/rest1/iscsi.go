// SPDX-License-Identifier: GPL-3.0-or-later

package rest1

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
	"livelab.dev/twin/nas/versions"
)

// Words for authentication, here and in the model.
var authHere, authThere = []string{"None", "CHAP", "CHAP Mutual"}, []string{model.AuthNone, model.AuthCHAP, model.AuthMutual}

// optional is a number for which -1 stands for none.
func optional(name, inner string) field {
	return field{name: name, inner: inner, in: func(v any) (any, error) {
		if v == int64(-1) {
			return nil, nil
		}
		return v, nil
	}}
}

// add adds a resource where the version has it.
func (a *api) add(name string, one resource) {
	if schema, ok := a.nas.Version.V1.Resources[name]; ok {
		one.schema = schema
		a.resources[name] = one
	}
}

func (a *api) iscsi() {
	a.add("services/iscsi/globalconfiguration", a.global())
	a.add("services/iscsi/portal", a.portals())
	initiators := kind(a.nas.Initiators(), mapping{lines("iscsi_target_initiator_initiators", "initiators", false),
		lines("iscsi_target_initiator_auth_network", "auth_network", true), {name: "iscsi_target_initiator_comment", inner: "comment"},
		{name: "iscsi_target_initiator_tag", inner: "tag"}})
	initiators.readOnly = append(initiators.readOnly, "iscsi_target_initiator_tag")
	a.add("services/iscsi/authorizedinitiator", initiators)
	a.add("services/iscsi/authcredential", kind(a.nas.Auths(), plain("iscsi_target_auth_", "tag", "user", "secret", "peeruser", "peersecret")))
	a.add("services/iscsi/target", a.targets())
	a.add("services/iscsi/targetgroup", a.groups())
	a.add("services/iscsi/extent", a.extents())
	a.add("services/iscsi/targettoextent", a.links())
}

func (a *api) global() resource {
	fields := mapping{{name: "iscsi_basename", inner: "basename"}, {name: "iscsi_pool_avail_threshold", inner: "pool_avail_threshold"},
		{name: "iscsi_isns_servers", inner: "isns_servers", in: func(v any) (any, error) {
			text, _ := v.(string)
			return strings.Fields(text), nil
		}, out: func(v any) any {
			list, _ := v.([]any)
			return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", "\n"), "[]")
		}}}
	if a.nas.Version.Discovery == versions.DiscoveryGlobal {
		fields = append(fields, words("iscsi_discoveryauthmethod", "discovery_authmethod", authHere, authThere),
			optional("iscsi_discoveryauthgroup", "discovery_authgroup"))
	}
	if _, ok := a.nas.Version.V1.Resources["services/iscsi/globalconfiguration"].Field("iscsi_alua"); ok {
		fields = append(fields, field{name: "iscsi_alua", inner: "alua"})
	}
	return resource{
		single: true, readOnly: []string{"id"},
		rows: func() []map[string]any {
			return []map[string]any{fields.from(model.View(a.nas, func(s *model.State) model.Global { return s.Global }))}
		},
		update: func(_ string, sent map[string]any) error {
			inner, err := fields.into(sent)
			if err == nil {
				_, err = a.nas.UpdateGlobal(model.Fill[model.Global](inner))
			}
			return fields.err(err)
		},
	}
}

// portals have a tag that is 1 when none is sent. A change adds the addresses sent to those there are, so one that is
// there already is refused.
func (a *api) portals() resource {
	fields := mapping{{name: "iscsi_target_portal_tag", inner: "tag"}, {name: "iscsi_target_portal_comment", inner: "comment"},
		{name: "iscsi_target_portal_ips", inner: "listen", in: doors, out: showDoors}}
	if a.nas.Version.Discovery == versions.DiscoveryPortal {
		fields = append(fields, words("iscsi_target_portal_discoveryauthmethod", "discovery_authmethod", authHere, authThere),
			optional("iscsi_target_portal_discoveryauthgroup", "discovery_authgroup"))
	}
	one := kind(a.nas.Portals(), fields)
	create, update := one.create, one.update
	one.create = func(sent map[string]any) (any, error) {
		if err := a.checkTag(sent, 1); err != nil {
			return nil, err
		}
		return create(sent)
	}
	one.update = func(id string, sent map[string]any) error {
		if err := a.checkTag(sent, 0); err != nil {
			return err
		}
		if added, ok := sent["iscsi_target_portal_ips"].([]any); ok {
			before, _ := one.row(id)
			ips, _ := before["iscsi_target_portal_ips"].([]string)
			var all []any
			for _, ip := range ips {
				all = append(all, ip)
				if slices.Contains(added, any(ip)) {
					var wrong fault.Invalid
					wrong.Add("iscsi_target_portal_ips", fault.EEXIST, "This IP and port are already in use.")
					return wrong
				}
			}
			sent["iscsi_target_portal_ips"] = append(all, added...)
		}
		return update(id, sent)
	}
	return one
}

// checkTag refuses a tag that would leave a gap. Room is how many portals there will be more than now.
func (a *api) checkTag(sent map[string]any, room int) error {
	tag, ok := sent["iscsi_target_portal_tag"].(int64)
	if !ok {
		return nil
	}
	var wrong fault.Invalid
	if most := len(a.nas.Portals().All()) + room; int(tag) > most {
		wrong.Add("iscsi_target_portal_tag", fault.EINVAL, "Your Portal Group ID cannot be higher than %d", most)
	}
	return wrong.Err()
}

// doors reads "IP:PORT" entries.
func doors(v any) (any, error) {
	list, _ := v.([]any)
	entries := []any{}
	for _, one := range list {
		text, _ := one.(string)
		i := strings.LastIndex(text, ":")
		if i < 0 {
			return nil, fmt.Errorf("%q is not an IP address and a port", text)
		}
		port, err := strconv.Atoi(text[i+1:])
		if _, bad := netip.ParseAddr(strings.Trim(text[:i], "[]")); errors.Join(err, bad) != nil {
			return nil, fmt.Errorf("%q is not an IP address and a port", text)
		}
		entries = append(entries, map[string]any{"ip": strings.Trim(text[:i], "[]"), "port": port})
	}
	return entries, nil
}

func showDoors(v any) any {
	list, _ := v.([]any)
	all := []string{}
	for _, one := range list {
		entry, _ := one.(map[string]any)
		all = append(all, fmt.Sprintf("%v:%v", entry["ip"], entry["port"]))
	}
	return all
}
