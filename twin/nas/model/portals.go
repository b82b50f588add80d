// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/versions"
)

// Authentication methods.
const (
	AuthNone   = "NONE"
	AuthCHAP   = "CHAP"
	AuthMutual = "CHAP_MUTUAL"
)

var basenameForm = regexp.MustCompile(`^iqn\.\d{4}-\d{2}\.[-a-z0-9.]+(:[-a-z0-9.:]+)?$`)

// UpdateGlobal changes the iSCSI service's global configuration.
func (n *NAS) UpdateGlobal(fill func(*Global) error) (Global, error) {
	var result Global
	err := n.change(func(next *State) error {
		if err := fill(&next.Global); err != nil {
			return err
		}
		next.Global.ID = 1
		var wrong fault.Invalid
		if !basenameForm.MatchString(next.Global.Basename) {
			wrong.Add("basename", fault.EINVAL, "%q is not an iSCSI qualified name such as iqn.2005-10.org.freenas.ctl", next.Global.Basename)
		}
		for i, server := range next.Global.ISNSServers {
			host := server
			if a, err := netip.ParseAddrPort(server); err == nil {
				host = a.Addr().String()
			}
			if _, err := netip.ParseAddr(host); err != nil {
				wrong.Add(fmt.Sprintf("isns_servers.%d", i), fault.EINVAL, "Invalid iSNS server: %s", server)
			}
		}
		if n.Version.Linux && (next.Global.ALUA || next.Global.ISER) {
			wrong.Add("alua", fault.EINVAL, "This feature is only available on TrueNAS Enterprise")
		}
		checkDiscovery(next, next.Global.DiscoveryAuthmethod, next.Global.DiscoveryAuthgroup, &wrong)
		result = next.Global
		return wrong.Err()
	})
	return result, err
}

// Portals are the groups of addresses at which targets are reached.
func (n *NAS) Portals() Kind[Portal] {
	return Kind[Portal]{
		nas: n, name: "/iscsi/portal", title: "ISCSIPortal",
		items: func(state *State) *[]Portal { return &state.Portals },
		id:    func(p *Portal) *int { return &p.ID },
		fresh: func() Portal { return Portal{DiscoveryAuthmethod: AuthNone, Listen: []Listen{}} },
		check: n.checkPortal,
		remove: func(_ Options, state *State, gone Portal) error {
			for i := range state.Targets {
				t := &state.Targets[i]
				t.Groups = slices.DeleteFunc(t.Groups, func(g Group) bool { return g.Portal == gone.ID })
			}
			for i := range state.Portals {
				state.Portals[i].Tag = i + 1
			}
			return nil
		},
	}
}

func (n *NAS) checkPortal(state *State, p *Portal, others []Portal, wrong *fault.Invalid) {
	if p.Tag == 0 {
		p.Tag = len(others) + 1
	}
	if len(p.Listen) == 0 {
		wrong.Add("listen", fault.EINVAL, "At least one listen entry is required.")
	}
	for i, l := range p.Listen {
		if n.Version.GlobalPort {
			l.Port = 0
		}
		p.Listen[i] = l
		taken := slices.Contains(p.Listen[:i], l) ||
			slices.ContainsFunc(others, func(o Portal) bool {
				return slices.ContainsFunc(o.Listen, func(ol Listen) bool { return n.sameDoor(ol, l) })
			})
		if taken && n.Version.GlobalPort {
			wrong.Add("listen", fault.EINVAL, "'%s' IP is already in use.", l.IP)
		} else if taken {
			wrong.Add("listen", fault.EINVAL, "%s:%d already in use.", l.IP, l.Port)
		}
		if a, err := netip.ParseAddr(l.IP); err != nil || !a.IsUnspecified() && !slices.Contains(state.static(), a) {
			wrong.Add("listen", fault.EINVAL, "IP %s not configured on this system.", l.IP)
		}
		if !n.Version.GlobalPort && (l.Port < 1 || l.Port > 65535) {
			wrong.Add("listen", fault.EINVAL, "Port %d should be between 1 and 65535", l.Port)
		}
	}
	checkDiscovery(state, p.DiscoveryAuthmethod, p.DiscoveryAuthgroup, wrong)
}

// sameDoor says whether two entries stand for one address and port.
func (n *NAS) sameDoor(a, b Listen) bool {
	return a.IP == b.IP && (n.Version.GlobalPort || a.Port == b.Port)
}

// checkDiscovery checks which CHAP users may discover.
func checkDiscovery(state *State, method string, group *int, wrong *fault.Invalid) {
	if method == AuthNone || method == "" {
		return
	}
	if group == nil {
		wrong.Add("discovery_authgroup", fault.EINVAL, "This field is required if discovery method is set to CHAP or CHAP Mutual.")
		return
	}
	members := state.members(*group)
	if len(members) == 0 {
		wrong.Add("discovery_authgroup", fault.ENOENT, "Auth Group \"%d\" not found.", *group)
	} else if method == AuthMutual && members[0].PeerUser == "" {
		wrong.Add("discovery_authgroup", fault.EINVAL, "Auth Group \"%d\" has no peer user, which CHAP Mutual takes.", *group)
	}
}

// discovery are the CHAP users that may discover, and the one by which the NAS proves itself; none when everyone may.
// tgtd knows one set of them for all portals: where portals differ, the strictest holds for all.
func (n *NAS) discovery(state *State) (users []Auth, peer *Auth) {
	add := func(method string, members []Auth) {
		if method == AuthNone || method == "" {
			return
		}
		users = append(users, members...)
		if method == AuthMutual && peer == nil && len(members) > 0 {
			peer = &members[0]
		}
	}
	switch n.Version.Discovery {
	case versions.DiscoveryGlobal:
		if g := state.Global; g.DiscoveryAuthgroup != nil {
			add(g.DiscoveryAuthmethod, state.members(*g.DiscoveryAuthgroup))
		}
	case versions.DiscoveryPortal:
		for _, p := range state.Portals {
			if p.DiscoveryAuthgroup != nil {
				add(p.DiscoveryAuthmethod, state.members(*p.DiscoveryAuthgroup))
			}
		}
	case versions.DiscoveryAuth:
		for _, a := range state.Auths {
			add(a.DiscoveryAuth, []Auth{a})
		}
	}
	return users, peer
}

// ListenChoices are the addresses that a portal may have.
func (n *NAS) ListenChoices() map[string]string {
	choices := map[string]string{"0.0.0.0": "0.0.0.0", "::": "::"}
	for _, a := range View(n, (*State).static) {
		choices[a.String()] = a.String()
	}
	return choices
}

// Port is the TCP port of a portal's entry.
func (n *NAS) Port(state *State, l Listen) int {
	if n.Version.GlobalPort {
		return state.Global.ListenPort
	}
	return l.Port
}

// listens are the addresses on which a portal is to be opened: those of the NAS's own that it names.
func (n *NAS) listens(state *State, p Portal) []string {
	var all []string
	for _, l := range p.Listen {
		a, err := netip.ParseAddr(l.IP)
		for _, own := range n.addresses {
			if err == nil && (a.IsUnspecified() || a == own) {
				all = append(all, netip.AddrPortFrom(own, uint16(n.Port(state, l))).String())
			}
		}
	}
	return all
}

// Initiators are the groups of initiators.
func (n *NAS) Initiators() Kind[Initiator] {
	return Kind[Initiator]{
		nas: n, name: "/iscsi/initiator", title: "ISCSITargetAuthorizedInitiator",
		items: func(state *State) *[]Initiator { return &state.Initiators },
		id:    func(i *Initiator) *int { return &i.ID },
		fresh: func() Initiator { return Initiator{Initiators: []string{}, AuthNetwork: []string{}} },
		check: checkInitiator,
		remove: func(_ Options, state *State, gone Initiator) error {
			for _, t := range state.Targets {
				for i, g := range t.Groups {
					if g.Initiator != nil && *g.Initiator == gone.ID {
						t.Groups[i].Initiator = nil
					}
				}
			}
			for i := range state.Initiators {
				state.Initiators[i].Tag = i + 1
			}
			return nil
		},
	}
}

func checkInitiator(_ *State, i *Initiator, others []Initiator, wrong *fault.Invalid) {
	i.Initiators, i.AuthNetwork = orEmpty(i.Initiators), orEmpty(i.AuthNetwork)
	if i.Tag == 0 {
		i.Tag = len(others) + 1
	}
	for n, name := range i.Initiators {
		if name == "" || strings.ContainsAny(name, " \t\n,") {
			wrong.Add("initiators", fault.EINVAL, "initiators[%d]: %q is not the name of an initiator", n, name)
		}
	}
	checkNetworks("auth_network", i.AuthNetwork, wrong)
}

func checkNetworks(field string, networks []string, wrong *fault.Invalid) {
	for n, network := range networks {
		if _, err := parseNetwork(network); err != nil {
			wrong.Add(fmt.Sprintf("%s.%d", field, n), fault.EINVAL, "%q is not an IP address or network", network)
		}
	}
}

// parseNetwork takes an address for the network of that one address.
func parseNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Prefix(a.BitLen())
	}
	return netip.ParsePrefix(s)
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
