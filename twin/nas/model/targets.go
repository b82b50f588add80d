// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"livelab.dev/twin/nas/fault"
)

var targetForm = regexp.MustCompile(`^[-a-z0-9.:]+$`)

// AutoLUN stands for a LUN id that the request leaves to the NAS.
const AutoLUN = math.MinInt

// iqn is a target's whole name.
func (s *State) iqn(t Target) string {
	for _, prefix := range []string{"iqn.", "naa.", "eui."} {
		if strings.HasPrefix(t.Name, prefix) {
			return t.Name
		}
	}
	return s.Global.Basename + ":" + t.Name
}

// Targets are the iSCSI targets.
func (n *NAS) Targets() Kind[Target] {
	return Kind[Target]{
		nas: n, name: "/iscsi/target", title: "iSCSITarget",
		items:  func(state *State) *[]Target { return &state.Targets },
		id:     func(t *Target) *int { return &t.ID },
		fresh:  func() Target { return Target{Mode: "ISCSI", Groups: []Group{}, AuthNetworks: []string{}} },
		check:  n.checkTarget,
		remove: n.removeTarget,
	}
}

func (n *NAS) removeTarget(o Options, state *State, gone Target) error {
	if !o.Force && n.service.inUse(state.iqn(gone)) {
		return fault.Refuse(fault.EFAULT, "Target %s is in use.", gone.Name)
	}
	var extents []int
	for _, l := range state.Links {
		if l.Target == gone.ID {
			extents = append(extents, l.Extent)
		}
	}
	state.Links = slices.DeleteFunc(state.Links, func(l TargetExtent) bool { return l.Target == gone.ID })
	if o.Remove {
		state.dropExtents(func(e Extent) bool { return slices.Contains(extents, e.ID) })
	}
	return nil
}

func (n *NAS) checkTarget(state *State, t *Target, others []Target, wrong *fault.Invalid) {
	if t.RelTgtID == 0 {
		t.RelTgtID = t.ID
	}
	switch {
	case t.Name == "":
		wrong.Add("name", fault.EINVAL, "This field is required")
	case len(t.Name) > 120:
		wrong.Add("name", fault.EINVAL, "The length of name should not exceed 120 characters")
	case !targetForm.MatchString(t.Name):
		wrong.Add("name", fault.EINVAL, "Only lowercase alphanumeric characters plus dot (.), dash (-), and colon (:) are allowed.")
	case slices.ContainsFunc(others, func(o Target) bool { return o.Name == t.Name }):
		wrong.Add("name", fault.EEXIST, "Target with this name already exists")
	}
	if t.Alias != nil {
		switch {
		case strings.Contains(*t.Alias, `"`):
			wrong.Add("alias", fault.EINVAL, "Double quotes are not allowed")
		case *t.Alias == "target":
			wrong.Add("alias", fault.EINVAL, "target is a reserved word")
		case slices.ContainsFunc(others, func(o Target) bool { return o.Alias != nil && *o.Alias == *t.Alias }):
			wrong.Add("alias", fault.EEXIST, "Alias already exists")
		}
	}
	if t.Mode != "ISCSI" {
		wrong.Add("mode", fault.EINVAL, "Fibre Channel not enabled")
	}
	checkNetworks("auth_networks", t.AuthNetworks, wrong)
	if t.Groups == nil {
		t.Groups = []Group{}
	}
	for i, g := range t.Groups {
		if g.ID == 0 {
			t.Groups[i].ID = state.id("group")
		}
		checkGroup(state, t.Groups[:i], g, wrong, func(field string) string { return fmt.Sprintf("groups.%d.%s", i, field) })
	}
}

func checkGroup(state *State, before []Group, g Group, wrong *fault.Invalid, field func(string) string) {
	if slices.ContainsFunc(before, func(o Group) bool { return o.Portal == g.Portal }) {
		wrong.Add(field("portal"), fault.EINVAL, "Portal %d cannot be duplicated on a target", g.Portal)
	} else if _, ok := state.portal(g.Portal); !ok {
		wrong.Add(field("portal"), fault.ENOENT, "%d Portal not found in database", g.Portal)
	}
	if g.Initiator != nil && !slices.ContainsFunc(state.Initiators, func(i Initiator) bool { return i.ID == *g.Initiator }) {
		wrong.Add(field("initiator"), fault.ENOENT, "%d Initiator not found in database", *g.Initiator)
	}
	if g.Authmethod == AuthNone {
		return
	}
	if g.Auth == nil {
		wrong.Add(field("auth"), fault.EINVAL, "Authentication group is required for CHAP and CHAP Mutual")
		return
	}
	members := state.members(*g.Auth)
	if len(members) == 0 {
		wrong.Add(field("auth"), fault.ENOENT, "%d Authentication group not found", *g.Auth)
	} else if g.Authmethod == AuthMutual && members[0].PeerUser == "" {
		wrong.Add(field("auth"), fault.EINVAL, "Authentication group %d does not support CHAP Mutual", *g.Auth)
	}
}

// Links give extents their LUN ids on targets.
func (n *NAS) Links() Kind[TargetExtent] {
	return Kind[TargetExtent]{
		nas: n, name: "/iscsi/targetextent", title: "iSCSITargetToExtent",
		items: func(state *State) *[]TargetExtent { return &state.Links },
		id:    func(l *TargetExtent) *int { return &l.ID },
		fresh: func() TargetExtent { return TargetExtent{LunID: AutoLUN} },
		check: n.checkLink,
		remove: func(o Options, state *State, gone TargetExtent) error {
			i := slices.IndexFunc(state.Targets, func(t Target) bool { return t.ID == gone.Target })
			if !o.Force && i >= 0 && n.service.inUse(state.iqn(state.Targets[i])) {
				return fault.Refuse(fault.EFAULT, "Associated target %s is in use.", state.iqn(state.Targets[i]))
			}
			return nil
		},
	}
}

func (n *NAS) checkLink(state *State, l *TargetExtent, others []TargetExtent, wrong *fault.Invalid) {
	if !slices.ContainsFunc(state.Targets, func(t Target) bool { return t.ID == l.Target }) {
		wrong.Add("target", fault.ENOENT, "Target not found")
	}
	if !slices.ContainsFunc(state.Extents, func(e Extent) bool { return e.ID == l.Extent }) {
		wrong.Add("extent", fault.ENOENT, "Extent not found")
	}
	var taken []int
	for _, o := range others {
		if n.Version.OneTarget && o.Extent == l.Extent {
			wrong.Add("extent", fault.EINVAL, "Extent is already in use.")
		}
		if o.Target != l.Target {
			continue
		}
		taken = append(taken, o.LunID)
		if !n.Version.OneTarget && o.Extent == l.Extent {
			wrong.Add("target", fault.EEXIST, "Extent is already in this target.")
		}
	}
	if l.LunID == AutoLUN {
		for l.LunID = 0; slices.Contains(taken, l.LunID); l.LunID++ {
		}
	}
	if l.LunID < 0 || l.LunID > n.Version.MaxLUN {
		wrong.Add("lunid", fault.EINVAL, "LUN ID must be a positive integer and lower than %d", n.Version.MaxLUN)
	}
	if slices.Contains(taken, l.LunID) {
		wrong.Add("lunid", fault.EINVAL, "LUN ID is already being used for this target.")
	}
}
