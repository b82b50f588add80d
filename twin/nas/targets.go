// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var targetForm = regexp.MustCompile(`^[-a-z0-9.:]+$`)

// maxLUN is the greatest LUN id: CTL's lun_map_size is 1024.
const maxLUN = 1023

// autoLUN stands for a LUN id that the request leaves to the NAS.
const autoLUN = math.MinInt

// iqn is a target's whole name.
func (s *State) iqn(t Target) string {
	for _, prefix := range []string{"iqn.", "naa.", "eui."} {
		if strings.HasPrefix(t.Name, prefix) {
			return t.Name
		}
	}
	return s.Global.Basename + ":" + t.Name
}

func (s *Server) targets() kind[Target] {
	return kind[Target]{
		path: "/iscsi/target", schema: "iscsi_target", title: "iSCSI target",
		items: func(state *State) *[]Target { return &state.Targets },
		id:    func(t *Target) *int { return &t.ID },
		fresh: func() Target { return Target{Mode: "ISCSI", Groups: []Group{}} },
		check: checkTarget,
		remove: func(r *http.Request, state *State, gone Target) error {
			if force, _ := forced(r); !force && s.service.inUse(state.iqn(gone)) {
				return refusal(einval, "Target %s is in use.", gone.Name)
			}
			state.Links = slices.DeleteFunc(state.Links, func(l TargetExtent) bool { return l.Target == gone.ID })
			return nil
		},
	}
}

func checkTarget(state *State, schema string, t *Target, others []Target, wrong Invalid) {
	switch {
	case t.Name == "":
		wrong.add(schema+".name", einval, "attribute required")
	case !targetForm.MatchString(t.Name):
		wrong.add(schema+".name", einval, "Lowercase alphanumeric characters plus dot (.), dash (-), and colon (:) are allowed.")
	case slices.ContainsFunc(others, func(o Target) bool { return o.Name == t.Name }):
		wrong.add(schema+".name", eexist, "Target name already exists")
	}
	if t.Alias != nil {
		switch {
		case strings.Contains(*t.Alias, `"`):
			wrong.add(schema+".alias", einval, "Double quotes are not allowed")
		case slices.ContainsFunc(others, func(o Target) bool { return o.Alias != nil && *o.Alias == *t.Alias }):
			wrong.add(schema+".alias", eexist, "Alias already exists")
		}
	}
	if t.Mode != "ISCSI" {
		wrong.add(schema+".mode", einval, "Fibre Channel not enabled")
	}
	if t.Groups == nil {
		t.Groups = []Group{}
	}
	for i, g := range t.Groups {
		checkGroup(state, t.Groups[:i], g, wrong, func(field string) string {
			return schema + ".groups." + text(float64(i)) + "." + field
		})
	}
}

func checkGroup(state *State, before []Group, g Group, wrong Invalid, field func(string) string) {
	if slices.ContainsFunc(before, func(o Group) bool { return o.Portal == g.Portal }) {
		wrong.add(field("portal"), einval, "Portal %d cannot be duplicated on a target", g.Portal)
	} else if !slices.ContainsFunc(state.Portals, func(p Portal) bool { return p.ID == g.Portal }) {
		wrong.add(field("portal"), einval, "%d Portal not found in database", g.Portal)
	}
	if g.Initiator != nil && !slices.ContainsFunc(state.Initiators, func(i Initiator) bool { return i.ID == *g.Initiator }) {
		wrong.add(field("initiator"), einval, "%d Initiator not found in database", *g.Initiator)
	}
	switch g.Authmethod {
	case authNone:
	case authCHAP, authMutual:
		checkGroupAuth(state, g, wrong, field)
	default:
		wrong.add(field("authmethod"), einval, "Invalid choice: %s", g.Authmethod)
	}
}

func checkGroupAuth(state *State, g Group, wrong Invalid, field func(string) string) {
	if g.Auth == nil {
		wrong.add(field("auth"), einval, "Authentication group is required for CHAP and CHAP Mutual")
		return
	}
	members := state.members(*g.Auth)
	if len(members) == 0 {
		wrong.add(field("auth"), enoent, "Authentication group not found")
	} else if g.Authmethod == authMutual && members[0].PeerUser == "" {
		wrong.add(field("auth"), einval, "Authentication group %d does not support CHAP Mutual", *g.Auth)
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

func (s *Server) targetExtents() kind[TargetExtent] {
	return kind[TargetExtent]{
		path: "/iscsi/targetextent", schema: "iscsi_targetextent", title: "Associated target",
		items: func(state *State) *[]TargetExtent { return &state.Links },
		id:    func(l *TargetExtent) *int { return &l.ID },
		fresh: func() TargetExtent { return TargetExtent{LunID: autoLUN} },
		check: checkTargetExtent,
		remove: func(r *http.Request, state *State, gone TargetExtent) error {
			i := slices.IndexFunc(state.Targets, func(t Target) bool { return t.ID == gone.Target })
			if force, _ := forced(r); !force && i >= 0 && s.service.inUse(state.iqn(state.Targets[i])) {
				return refusal(einval, "Associated target %s is in use.", state.iqn(state.Targets[i]))
			}
			return nil
		},
	}
}

func checkTargetExtent(state *State, schema string, l *TargetExtent, others []TargetExtent, wrong Invalid) {
	if !slices.ContainsFunc(state.Targets, func(t Target) bool { return t.ID == l.Target }) {
		wrong.add(schema+".target", enoent, "Target %d not found", l.Target)
	}
	if !slices.ContainsFunc(state.Extents, func(e Extent) bool { return e.ID == l.Extent }) {
		wrong.add(schema+".extent", enoent, "Extent %d not found", l.Extent)
	}
	var taken []int
	for _, o := range others {
		if o.Target == l.Target {
			taken = append(taken, o.LunID)
			if o.Extent == l.Extent {
				wrong.add(schema+".target", eexist, "Extent is already in this target.")
			}
		}
	}
	if l.LunID == autoLUN {
		for l.LunID = 0; slices.Contains(taken, l.LunID); l.LunID++ {
		}
	}
	if l.LunID < 0 || l.LunID > maxLUN {
		wrong.add(schema+".lunid", einval, "LUN ID must be a positive integer and lower than %d", maxLUN)
	}
	if slices.Contains(taken, l.LunID) {
		wrong.add(schema+".lunid", eexist, "LUN ID is already being used for this target.")
	}
}
