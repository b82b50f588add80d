// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"livelab.dev/twin/nas/tgt"
)

// Authentication methods.
const (
	authNone   = "NONE"
	authCHAP   = "CHAP"
	authMutual = "CHAP_MUTUAL"
)

func (s *Server) iscsiRoutes(handle func(string, call)) {
	handle("GET /iscsi/global", func(*http.Request) (any, error) {
		return view(s, func(state *State) Global { return state.Global }), nil
	})
	handle("PUT /iscsi/global", s.updateGlobal)
	handle("GET /iscsi/global/sessions", func(r *http.Request) (any, error) { return query(r, s.service.sessions()) })
	handle("GET /iscsi/portal/listen_ip_choices", func(*http.Request) (any, error) {
		choices := map[string]string{"0.0.0.0": "0.0.0.0"}
		for _, a := range s.addresses {
			choices[a.String()] = a.String()
		}
		return choices, nil
	})
	s.portals().routes(s, handle)
	s.initiators().routes(s, handle)
	s.auths().routes(s, handle)
	s.targets().routes(s, handle)
	s.extents().routes(s, handle)
	s.targetExtents().routes(s, handle)
}

var basenameForm = regexp.MustCompile(`^iqn\.\d{4}-\d{2}\.[-a-z0-9.]+(:[-a-z0-9.:]+)?$`)

func (s *Server) updateGlobal(r *http.Request) (any, error) {
	var result Global
	err := s.change(func(next *State) error {
		const schema = "iscsiglobal_update"
		id := next.Global.ID
		if err := decode(r, schema, &next.Global); err != nil {
			return err
		}
		next.Global.ID = id
		wrong := Invalid{}
		if !basenameForm.MatchString(next.Global.Basename) {
			wrong.add(schema+".basename", einval, "%q is not an iSCSI qualified name such as iqn.2005-10.org.freenas.ctl", next.Global.Basename)
		}
		result = next.Global
		return wrong.err()
	})
	return result, err
}

func (s *Server) portals() kind[Portal] {
	return kind[Portal]{
		path: "/iscsi/portal", schema: "iscsiportal", title: "iSCSI portal",
		items: func(state *State) *[]Portal { return &state.Portals },
		id:    func(p *Portal) *int { return &p.ID },
		fresh: func() Portal { return Portal{DiscoveryAuthmethod: authNone, Listen: []Listen{}} },
		check: s.checkPortal,
		remove: func(_ *http.Request, state *State, gone Portal) error {
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

func (s *Server) checkPortal(state *State, schema string, p *Portal, others []Portal, wrong Invalid) {
	if p.Tag == 0 {
		p.Tag = len(others) + 1
	}
	if len(p.Listen) == 0 {
		wrong.add(schema+".listen", einval, "At least one listen entry is required.")
	}
	for i, l := range p.Listen {
		taken := slices.Contains(p.Listen[:i], l) ||
			slices.ContainsFunc(others, func(o Portal) bool { return slices.Contains(o.Listen, l) })
		if taken {
			wrong.add(schema+".listen", einval, "%s:%d already in use.", l.IP, l.Port)
		}
		if a, err := netip.ParseAddr(l.IP); err != nil || !(a.IsUnspecified() || slices.Contains(s.addresses, a)) {
			wrong.add(schema+".listen", einval, "IP %s not configured on this system.", l.IP)
		}
		if l.Port < 1 || l.Port > 65535 {
			wrong.add(schema+".listen", einval, "Port %d should be between 1 and 65535", l.Port)
		}
	}
	switch p.DiscoveryAuthmethod {
	case authNone:
	case authCHAP, authMutual:
		// tgtd knows one set of discovery users for all portals; the twin does not pretend to more.
		wrong.add(schema+".discovery_authmethod", einval, "Discovery by CHAP is not supported by this NAS: use NONE")
	default:
		wrong.add(schema+".discovery_authmethod", einval, "Invalid choice: %s", p.DiscoveryAuthmethod)
	}
}

func (s *Server) initiators() kind[Initiator] {
	return kind[Initiator]{
		path: "/iscsi/initiator", schema: "iscsi_initiator", title: "iSCSI initiator group",
		items: func(state *State) *[]Initiator { return &state.Initiators },
		id:    func(i *Initiator) *int { return &i.ID },
		fresh: func() Initiator { return Initiator{Initiators: []string{}, AuthNetwork: []string{}} },
		check: checkInitiator,
		remove: func(_ *http.Request, state *State, gone Initiator) error {
			for _, t := range state.Targets {
				for i, g := range t.Groups {
					if g.Initiator != nil && *g.Initiator == gone.ID {
						t.Groups[i].Initiator = nil
					}
				}
			}
			return nil
		},
	}
}

func checkInitiator(_ *State, schema string, i *Initiator, _ []Initiator, wrong Invalid) {
	i.Initiators, i.AuthNetwork = orEmpty(i.Initiators), orEmpty(i.AuthNetwork)
	for n, name := range i.Initiators {
		if name == "" || strings.ContainsAny(name, " \t\n,") {
			wrong.add(schema+".initiators", einval, "initiators[%d]: %q is not the name of an initiator", n, name)
		}
	}
	for n, network := range i.AuthNetwork {
		if _, err := parseNetwork(network); err != nil {
			wrong.add(schema+".auth_network", einval, "auth_network[%d]: %q is not an IP address or network", n, network)
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

func (s *Server) auths() kind[Auth] {
	return kind[Auth]{
		path: "/iscsi/auth", schema: "iscsi_auth", title: "iSCSI authorized access",
		items: func(state *State) *[]Auth { return &state.Auths },
		id:    func(a *Auth) *int { return &a.ID },
		fresh: func() Auth { return Auth{} },
		check: checkAuth,
		remove: func(_ *http.Request, state *State, gone Auth) error {
			if slices.ContainsFunc(state.Auths, func(a Auth) bool { return a.Tag == gone.Tag }) {
				return nil
			}
			for _, t := range state.Targets {
				if slices.ContainsFunc(t.Groups, func(g Group) bool { return g.Auth != nil && *g.Auth == gone.Tag }) {
					return refusal(einval, "Authorized access of %d is being used by following target(s): %d", gone.ID, t.ID)
				}
			}
			return nil
		},
	}
}

func checkAuth(state *State, schema string, a *Auth, others []Auth, wrong Invalid) {
	if a.Tag < 1 {
		wrong.add(schema+".tag", einval, "attribute required")
	}
	if a.User == "" {
		wrong.add(schema+".user", einval, "attribute required")
	}
	checkSecret := func(field, title, secret string) {
		if len(secret) < 12 || len(secret) > 16 {
			wrong.add(schema+"."+field, einval, "%s must be between 12 and 16 characters.", title)
		}
	}
	checkSecret("secret", "Secret", a.Secret)
	switch {
	case a.PeerUser == "" && a.PeerSecret != "":
		wrong.add(schema+".peersecret", einval, "The peer user is required if you set a peer secret.")
	case a.PeerUser != "" && a.PeerSecret == "":
		wrong.add(schema+".peersecret", einval, "The peer secret is required if you set a peer user.")
	case a.PeerUser != "" && a.PeerSecret == a.Secret:
		wrong.add(schema+".peersecret", einval, "The peer secret cannot be the same as user secret.")
	case a.PeerUser != "":
		checkSecret("peersecret", "Peer Secret", a.PeerSecret)
	}
	for _, user := range []string{a.User, a.PeerUser} {
		if err := tgt.Check("user", user); err != nil {
			wrong.add(schema+".user", einval, "%v", err)
		}
	}
	// One tgtd serves all targets and knows a user by one secret.
	for user, secret := range map[string]string{a.User: a.Secret, a.PeerUser: a.PeerSecret} {
		for _, o := range others {
			if user != "" && (o.User == user && o.Secret != secret || o.PeerUser == user && o.PeerSecret != secret) {
				wrong.add(schema+".user", eexist, "User %s has another secret in group %d; this NAS keeps one for each user", user, o.Tag)
			}
		}
	}
	if a.PeerUser != "" && a.PeerUser == a.User {
		wrong.add(schema+".peeruser", einval, "The peer user cannot be the same as the user.")
	}
}
