// SPDX-License-Identifier: GPL-3.0-or-later

package middleware

import (
	"fmt"
	"hash/crc32"
	"time"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
)

func (m *Middleware) networkMethods() {
	config := func() map[string]any {
		settings := m.NAS.Network()
		settings["hostname_local"] = settings["hostname"]
		settings["state"] = map[string]any{"ipv4gateway": settings["ipv4gateway"], "ipv6gateway": settings["ipv6gateway"],
			"nameserver1": settings["nameserver1"], "nameserver2": settings["nameserver2"], "nameserver3": settings["nameserver3"]}
		return m.show("network.configuration", settings)
	}
	m.methods["network.configuration.config"] = func([]any) (any, error) { return config(), nil }
	m.methods["network.configuration.update"] = func(args []any) (any, error) {
		values, _ := args[0].(map[string]any)
		return after(m.NAS.UpdateNetwork(values), config)
	}
	m.rows("interface", m.interfaces)
	m.methods["interface.create"] = func([]any) (any, error) {
		return nil, fault.Refuse(fault.EINVAL, "This NAS has its physical interfaces only: no bridges, no link aggregation, no VLANs")
	}
	m.methods["interface.delete"] = m.methods["interface.create"]
	m.methods["interface.update"] = func(args []any) (any, error) {
		if err := m.NAS.UpdateInterface(word(args[0]), model.Fill[model.Interface](args[1])); err != nil {
			return nil, err
		}
		return m.methods["interface.get_instance"](args)
	}
	m.trialMethods()
}

// after answers with what is, when a change went well.
func after(err error, config func() map[string]any) (any, error) {
	if err != nil {
		return nil, err
	}
	return config(), nil
}

func (m *Middleware) trialMethods() {
	m.methods["interface.has_pending_changes"] = func([]any) (any, error) { return m.NAS.PendingInterfaces(), nil }
	m.methods["interface.rollback"] = func([]any) (any, error) { return nil, m.NAS.RollbackInterfaces() }
	m.methods["interface.checkin"] = func([]any) (any, error) { return nil, m.NAS.CheckinInterfaces() }
	m.methods["interface.checkin_waiting"] = func([]any) (any, error) {
		if seconds, waiting := m.NAS.CheckinWaiting(); waiting {
			return seconds, nil
		}
		return nil, nil
	}
	m.methods["interface.commit"] = func(args []any) (any, error) {
		rollback, wait := true, 60*time.Second
		if v, sent := member(args[0], "rollback").(bool); sent {
			rollback = v
		}
		if v, sent := member(args[0], "checkin_timeout").(int64); sent {
			wait = time.Duration(v) * time.Second
		}
		return nil, m.NAS.CommitInterfaces(rollback, wait)
	}
	m.methods["interface.ip_in_use"] = func([]any) (any, error) {
		var all []any
		for _, a := range m.NAS.Addresses() {
			all = append(all, map[string]any{"type": "INET", "address": a.String(), "netmask": 24, "broadcast": nil})
		}
		return all, nil
	}
}

// interfaces are the adapters with their settings and what is in effect.
func (m *Middleware) interfaces() []map[string]any {
	rows := []map[string]any{}
	for _, i := range m.NAS.Interfaces() {
		aliases, inEffect := []any{}, []any{}
		for _, a := range i.Aliases {
			aliases = append(aliases, model.ToMap(a))
			inEffect = append(inEffect, model.ToMap(a))
		}
		if lease, ok := m.NAS.Lease(i); ok {
			inEffect = append(inEffect, model.ToMap(model.Alias{Type: "INET", Address: lease.Addr().String(), Netmask: lease.Bits()}))
		}
		mtu := int64(1500)
		if i.MTU != nil {
			mtu = int64(*i.MTU)
		}
		sum := crc32.ChecksumIEEE([]byte(i.Name))
		rows = append(rows, map[string]any{
			"id": i.Name, "name": i.Name, "fake": false, "type": "PHYSICAL", "description": i.Description, "mtu": i.MTU,
			"ipv4_dhcp": i.DHCP, "ipv6_auto": i.Auto, "aliases": aliases,
			"state": map[string]any{"name": i.Name, "orig_name": i.Name, "mtu": mtu, "link_state": "LINK_STATE_UP", "aliases": inEffect,
				"link_address": fmt.Sprintf("00:0c:29:%02x:%02x:%02x", byte(sum>>16), byte(sum>>8), byte(sum))},
		})
	}
	return rows
}
