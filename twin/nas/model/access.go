// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strings"

	"livelab.dev/twin/iscsi/pdu"
	"livelab.dev/twin/nas/portal"
	"livelab.dev/twin/nas/tgt"
)

// admitted says whether a visitor may log in to a target where it stands. CHAP, where asked for, comes after it.
func admitted(state *State, nas *NAS, who portal.Visitor, target string) bool {
	for _, t := range state.Targets {
		if state.iqn(t) == target {
			return state.lets(nas, t, who)
		}
	}
	return false
}

// lets says whether one of a target's groups lets a visitor in at the portal where it has come.
func (s *State) lets(nas *NAS, t Target, who portal.Visitor) bool {
	if nas.Version.GlobalPort && !near(t.AuthNetworks, who) {
		return false
	}
	for _, g := range t.Groups {
		if p, ok := s.portal(g.Portal); ok && slices.Contains(nas.listens(s, p), who.Portal) && s.welcome(g.Initiator, who) {
			return true
		}
	}
	return false
}

func (s *State) portal(id int) (Portal, bool) {
	i := slices.IndexFunc(s.Portals, func(p Portal) bool { return p.ID == id })
	if i < 0 {
		return Portal{}, false
	}
	return s.Portals[i], true
}

// welcome checks a visitor's name and address against an initiator group; no group and empty lists let everyone in.
func (s *State) welcome(initiator *int, who portal.Visitor) bool {
	if initiator == nil {
		return true
	}
	for _, i := range s.Initiators {
		if i.ID != *initiator {
			continue
		}
		named := len(i.Initiators) == 0 || slices.Contains(i.Initiators, who.Initiator)
		return named && near(i.AuthNetwork, who)
	}
	return true
}

// near says whether a visitor comes from one of the networks; none lets everyone in.
func near(networks []string, who portal.Visitor) bool {
	return len(networks) == 0 || slices.ContainsFunc(networks, func(network string) bool {
		prefix, err := parseNetwork(network)
		return err == nil && prefix.Contains(who.Peer)
	})
}

// visible are the targets that a discovery shows, each with all addresses of the portals where it is.
func visible(state *State, nas *NAS, who portal.Visitor) []pdu.Pair {
	var pairs []pdu.Pair
	for _, t := range state.Targets {
		if !state.lets(nas, t, who) {
			continue
		}
		pairs = append(pairs, pdu.Pair{Key: "TargetName", Value: state.iqn(t)})
		for _, g := range t.Groups {
			if p, ok := state.portal(g.Portal); ok {
				for _, address := range nas.listens(state, p) {
					pairs = append(pairs, pdu.Pair{Key: "TargetAddress", Value: fmt.Sprintf("%s,%d", address, p.Tag)})
				}
			}
		}
	}
	return pairs
}

// placeholder is a target that nobody can see or log in to, as the portals do not know it. It is there because tgtd ends
// the connection of a discovery that would show nothing.
var placeholder = tgt.Target{TID: 1 << 30, Name: "iqn.2005-10.org.freenas.ctl:placeholder-of-an-empty-list"}

// targetConfig is what tgtd is to serve. Its LUNs count from 1, see package portal. Where groups of a target differ in
// authentication, the strictest holds for all: tgtd knows it by target, not by portal.
func (n *NAS) targetConfig(state *State) tgt.Config {
	config := tgt.Config{Targets: []tgt.Target{placeholder}}
	for _, t := range state.Targets {
		target := tgt.Target{TID: t.ID, Name: state.iqn(t), LUNs: map[int]tgt.LUN{}}
		for _, g := range t.Groups {
			if g.Authmethod == AuthNone || g.Auth == nil {
				continue
			}
			members := state.members(*g.Auth)
			var peer *Auth
			if g.Authmethod == AuthMutual && len(members) > 0 && target.Outgoing == "" {
				peer = &members[0]
			}
			users, outgoing := admit(&config, members, peer)
			for _, user := range users {
				target.Users = appendNew(target.Users, user)
			}
			target.Outgoing += outgoing
		}
		for _, l := range state.Links {
			i := slices.IndexFunc(state.Extents, func(e Extent) bool { return e.ID == l.Extent })
			if l.Target == t.ID && i >= 0 && state.Extents[i].Enabled {
				target.LUNs[l.LunID+1] = n.lun(state, t, state.Extents[i])
			}
		}
		config.Targets = append(config.Targets, target)
	}
	discoverers, peer := n.discovery(state)
	config.Discoverers, config.Outgoing = admit(&config, discoverers, peer)
	return config
}

// admit makes accounts of CHAP users, and of the one by which the NAS proves itself where there is one.
func admit(config *tgt.Config, users []Auth, peer *Auth) (names []string, outgoing string) {
	for _, u := range users {
		config.Accounts = appendNew(config.Accounts, tgt.Account{User: u.User, Secret: u.Secret})
		names = appendNew(names, u.User)
	}
	if peer != nil {
		config.Accounts = appendNew(config.Accounts, tgt.Account{User: peer.PeerUser, Secret: peer.PeerSecret})
		outgoing = peer.PeerUser
	}
	return names, outgoing
}

func appendNew[T comparable](list []T, item T) []T {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

func (n *NAS) lun(state *State, t Target, e Extent) tgt.LUN {
	size, physical := int64(e.Filesize), int64(0)
	if i := state.dataset(zvolName(e.Path)); e.Type == "DISK" && i >= 0 {
		size, physical = state.Datasets[i].VolSize, state.Datasets[i].VolBlockSize
	}
	serial, product, block := e.Serial, "iSCSI Disk", e.Blocksize
	if t.BlockSize != 0 {
		block = t.BlockSize
	}
	if t.Serial != "" {
		serial = t.Serial
	}
	exponent := 0
	if !e.PBlocksize && physical > int64(block) {
		exponent = bits.Len64(uint64(physical)/uint64(block)) - 1
	}
	if e.ProductID != nil {
		product = *e.ProductID
	}
	return tgt.LUN{
		Path: n.backing(e), Size: size, BlockSize: block, PhysicalExponent: exponent, Serial: serial, NAA: strings.TrimPrefix(e.NAA, "0x"),
		Vendor: e.Vendor, Product: product, Revision: "0123", RPM: rpms[e.RPM], ReadOnly: e.RO,
	}
}

// Session is an initiator that has logged in to a target.
type Session struct {
	Initiator     string     `json:"initiator"`
	InitiatorAddr netip.Addr `json:"initiator_addr"`
	Target        string     `json:"target"`
	TargetAlias   string     `json:"target_alias"`
}

// Sessions are those that there are now.
func (n *NAS) Sessions() []Session { return n.service.sessions() }

func (v *service) sessions() []Session {
	v.mu.Lock()
	defer v.mu.Unlock()
	rows := []Session{}
	for _, p := range v.portals {
		for _, s := range p.Sessions() {
			if s.Target != "" {
				rows = append(rows, Session{s.Initiator, s.Peer, s.Target, ""})
			}
		}
	}
	return rows
}

func (v *service) inUse(iqn string) bool {
	return slices.ContainsFunc(v.sessions(), func(s Session) bool { return s.Target == iqn })
}
