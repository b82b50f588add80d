// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"slices"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/tgt"
	"livelab.dev/twin/nas/versions"
)

// Auths are the CHAP users.
func (n *NAS) Auths() Kind[Auth] {
	return Kind[Auth]{
		nas: n, name: "/iscsi/auth", title: "iSCSITargetAuthCredential",
		items:  func(state *State) *[]Auth { return &state.Auths },
		id:     func(a *Auth) *int { return &a.ID },
		fresh:  func() Auth { return Auth{DiscoveryAuth: AuthNone} },
		check:  n.checkAuth,
		remove: n.keepUsedAuth,
	}
}

// keepUsedAuth refuses to remove a group's last user where something asks for the group.
func (n *NAS) keepUsedAuth(_ Options, state *State, gone Auth) error {
	if len(state.members(gone.Tag)) > 0 {
		return nil
	}
	asks := func(group *int) bool { return group != nil && *group == gone.Tag }
	for _, t := range state.Targets {
		if slices.ContainsFunc(t.Groups, func(g Group) bool { return asks(g.Auth) }) {
			return fault.Refuse(fault.EFAULT, "Authorized access of %d is being used by following target(s): %d", gone.ID, t.ID)
		}
	}
	for _, p := range state.Portals {
		if n.Version.Discovery == versions.DiscoveryPortal && asks(p.DiscoveryAuthgroup) {
			return fault.Refuse(fault.EFAULT, "Authorized access of %d is being used by following portal(s): %d", gone.ID, p.ID)
		}
	}
	if n.Version.Discovery == versions.DiscoveryGlobal && asks(state.Global.DiscoveryAuthgroup) {
		return fault.Refuse(fault.EFAULT, "Authorized access of %d is being used by discovery", gone.ID)
	}
	return nil
}

func (n *NAS) checkAuth(_ *State, a *Auth, others []Auth, wrong *fault.Invalid) {
	n.checkSecrets(a, wrong)
	if a.DiscoveryAuth == AuthMutual {
		if a.PeerUser == "" {
			wrong.Add("peeruser", fault.EINVAL, "The peer user is required if using Mutual CHAP for discovery authentication.")
		}
		if slices.ContainsFunc(others, func(o Auth) bool { return o.DiscoveryAuth == AuthMutual }) {
			wrong.Add("discovery_auth", fault.EINVAL, "Cannot specify CHAP_MUTUAL as only one such entry is permitted.")
		}
	}
	for field, user := range map[string]string{"user": a.User, "peeruser": a.PeerUser} {
		if err := tgt.Check("user", user); err != nil {
			wrong.Add(field, fault.EINVAL, "%v", err)
		}
	}
	// One tgtd serves all targets and knows a user by one secret.
	for _, mine := range [][2]string{{a.User, a.Secret}, {a.PeerUser, a.PeerSecret}} {
		for _, o := range others {
			user, secret := mine[0], mine[1]
			if user != "" && (o.User == user && o.Secret != secret || o.PeerUser == user && o.PeerSecret != secret) {
				wrong.Add("user", fault.EEXIST, "User %s has another secret in group %d; this NAS keeps one for each user", user, o.Tag)
			}
		}
	}
	if a.PeerUser != "" && a.PeerUser == a.User {
		wrong.Add("peeruser", fault.EINVAL, "The peer user cannot be the same as the user.")
	}
}

func (n *NAS) checkSecrets(a *Auth, wrong *fault.Invalid) {
	n.checkSecret("secret", "Secret", a.Secret, wrong)
	switch {
	case a.PeerUser == "" && a.PeerSecret != "":
		wrong.Add("peersecret", fault.EINVAL, "The peer user is required if you set a peer secret.")
	case a.PeerUser != "" && a.PeerSecret == "":
		wrong.Add("peersecret", fault.EINVAL, "The peer secret is required if you set a peer user.")
	case a.PeerUser != "" && a.PeerSecret == a.Secret:
		wrong.Add("peersecret", fault.EINVAL, "The peer secret cannot be the same as user secret.")
	case a.PeerUser != "":
		n.checkSecret("peersecret", "Peer Secret", a.PeerSecret, wrong)
	}
}

func (n *NAS) checkSecret(field, title, secret string, wrong *fault.Invalid) {
	if length := len(secret); n.Version.SecretLength && (length < 12 || length > 16) {
		wrong.Add(field, fault.EINVAL, "%s must be between 12 and 16 characters.", title)
	}
	if strings.TrimSpace(secret) != secret {
		wrong.Add(field, fault.EINVAL, "%s cannot have leading or trailing space(s).", title)
	}
	if strings.Contains(secret, "#") {
		wrong.Add(field, fault.EINVAL, "%s cannot contain \"#\".", title)
	}
	if err := tgt.Check(title, secret); err != nil {
		wrong.Add(field, fault.EINVAL, "%s cannot contain a comma or a line end on this NAS.", title)
	}
}

// members are the users of a CHAP group.
func (s *State) members(tag int) []Auth {
	var members []Auth
	for _, a := range s.Auths {
		if a.Tag == tag {
			members = append(members, a)
		}
	}
	return members
}
