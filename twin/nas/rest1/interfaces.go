// SPDX-License-Identifier: GPL-3.0-or-later

package rest1

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
)

// Fields of an interface for faults of the model's.
var interfaceFields = mapping{{name: "int_ipv4address", inner: "address"}, {name: "int_v4netmaskbit", inner: "netmask"}, {name: "int_dhcp", inner: "ipv4_dhcp"},
	{name: "int_aliases", inner: "aliases"}, {name: "int_name", inner: "description"}}

// interfaces has a row for each adapter that was configured. What is changed takes effect at once.
func (a *api) interfaces() resource {
	return resource{
		schema: a.nas.Version.V1.Resources["network/interface"], named: "int_interface",
		readOnly: []string{"id", "ipv4_addresses", "ipv6_addresses", "int_media_status"},
		rows: func() []map[string]any {
			rows := []map[string]any{}
			for i, one := range a.nas.Interfaces() {
				if one.Configured {
					rows = append(rows, a.showInterface(i+1, one))
				}
			}
			return rows
		},
		create: func(sent map[string]any) (any, error) {
			name, _ := sent["int_interface"].(string)
			i := a.interfaceAt(func(one model.Interface) bool { return one.Name == name && !one.Configured })
			if i < 0 {
				return nil, fault.Invalid{{Field: "int_interface", Errno: fault.EINVAL,
					Message: fmt.Sprintf("Select a valid choice. %s is not one of the available choices.", name)}}
			}
			return i + 1, a.setInterface(name, sent)
		},
		update: func(id string, sent map[string]any) error {
			return a.setInterface(a.nas.Interfaces()[number(id)-1].Name, sent)
		},
	}
}

func (a *api) interfaceAt(fits func(model.Interface) bool) int {
	return slices.IndexFunc(a.nas.Interfaces(), fits)
}

func (a *api) showInterface(id int, one model.Interface) map[string]any {
	row := map[string]any{
		"id": id, "int_interface": one.Name, "int_name": one.Description, "int_dhcp": one.DHCP, "int_ipv4address": "", "int_v4netmaskbit": "",
		"int_ipv6auto": one.Auto, "int_ipv6address": "", "int_v6netmaskbit": "", "int_options": "", "int_media_status": "Active",
		"int_aliases": []string{}, "ipv6_addresses": []string{},
	}
	addresses, more := []string{}, []string{}
	for i, alias := range one.Aliases {
		text := fmt.Sprintf("%s/%d", alias.Address, alias.Netmask)
		addresses = append(addresses, text)
		if i == 0 {
			row["int_ipv4address"], row["int_v4netmaskbit"] = alias.Address, fmt.Sprint(alias.Netmask)
		} else {
			more = append(more, text)
		}
	}
	if lease, ok := a.nas.Lease(one); ok {
		addresses = append(addresses, lease.String())
	}
	row["int_aliases"], row["ipv4_addresses"] = more, addresses
	return row
}

// setInterface changes an adapter. Its first address is replaced; further ones are added to those there are.
func (a *api) setInterface(name string, sent map[string]any) error {
	err := a.nas.UpdateInterface(name, func(one *model.Interface) error {
		if v, ok := sent["int_name"].(string); ok {
			one.Description = v
		}
		if v, ok := sent["int_dhcp"].(bool); ok {
			one.DHCP = v
		}
		if v, ok := sent["int_ipv6auto"].(bool); ok {
			one.Auto = v
		}
		if v, ok := sent["int_ipv6address"].(string); ok && v != "" {
			return fault.Invalid{{Field: "int_ipv6address", Message: "This NAS has no IPv6 addresses.", Errno: fault.EINVAL}}
		}
		return setAddresses(one, sent)
	})
	if err == nil {
		err = a.nas.CommitInterfaces(false, 0)
	}
	return interfaceFields.err(err)
}

func setAddresses(one *model.Interface, sent map[string]any) error {
	address, told := sent["int_ipv4address"].(string)
	bits, masked := sent["int_v4netmaskbit"].(string)
	first := model.Alias{Type: "INET"}
	if len(one.Aliases) > 0 {
		first = one.Aliases[0]
	}
	if told {
		first.Address = address
	}
	if masked && bits != "" {
		n, err := strconv.Atoi(bits)
		if err != nil {
			return fault.Invalid{{Field: "int_v4netmaskbit", Message: "Enter a number of bits.", Errno: fault.EINVAL}}
		}
		first.Netmask = n
	}
	switch {
	case first.Address == "":
		one.Aliases = one.Aliases[min(1, len(one.Aliases)):]
	case len(one.Aliases) == 0:
		one.Aliases = []model.Alias{first}
	default:
		one.Aliases[0] = first
	}
	list, _ := sent["int_aliases"].([]any)
	for _, v := range list {
		text, _ := v.(string)
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return fault.Invalid{{Field: "int_aliases", Message: fmt.Sprintf("%q is not an address and its bits.", text), Errno: fault.EINVAL}}
		}
		one.Aliases = append(one.Aliases, model.Alias{Type: "INET", Address: prefix.Addr().String(), Netmask: prefix.Bits()})
	}
	return nil
}
