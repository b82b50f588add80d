// SPDX-License-Identifier: GPL-3.0-or-later

package tgt

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Target is what tgtd is to serve under one name.
type Target struct {
	TID  int    // tgtd's number of the target, above 0
	Name string // the whole iqn
	LUNs map[int]LUN
	// Users are those who may log in by CHAP; nil asks for none.
	Users []string
	// Outgoing is the account by which the target proves itself (mutual CHAP); empty for none.
	Outgoing string
}

// LUN is a disk of a target. Two LUNs that compare equal are the same to tgtd.
type LUN struct {
	Path      string // of the file behind it, without commas
	Size      int64  // bytes; tgtd reads it from the file, a change makes it look again
	BlockSize int    // bytes
	// PhysicalExponent says that a physical block is two to its power logical ones.
	PhysicalExponent int
	Serial           string // at most 36 characters
	NAA              string // 32 hex digits beginning with 6
	Vendor           string // at most 8 characters
	Product          string // at most 16 characters
	Revision         string // at most 4 characters
	RPM              int    // rotations a minute; 1 for solid state, 0 for unknown
	ReadOnly         bool
}

// Account is a CHAP user. The user must not contain a comma.
type Account struct{ User, Secret string }

func (l LUN) params() string {
	readOnly := 0
	if l.ReadOnly {
		readOnly = 1
	}
	return fmt.Sprintf("scsi_sn=%s,scsi_id=%s,vendor_id=%s,product_id=%s,product_rev=%s,rotation_rate=%d,readonly=%d,lbppbe=%d,thin_provisioning=1",
		l.Serial, l.NAA, l.Vendor, l.Product, l.Revision, l.RPM, readOnly, l.PhysicalExponent)
}

// Config is everything that a tgtd is to serve.
type Config struct {
	Targets  []Target
	Accounts []Account
	// Discoverers may discover by CHAP; nil asks for none. Outgoing is the account by which tgtd proves itself to them.
	Discoverers []string
	Outgoing    string
}

// Apply brings tgtd from one configuration to another. Sessions of targets that stay are left alone; those of targets
// that go must be ended by the caller first.
func (c Control) Apply(from, to Config) error {
	var errs []error
	keep := func(err error, format string, args ...any) {
		if err != nil {
			errs = append(errs, fmt.Errorf(format+": %w", append(args, err)...))
		}
	}
	for _, old := range from.Targets {
		if !slices.ContainsFunc(to.Targets, func(t Target) bool { return same(t, old) }) {
			keep(c.deleteTarget(old.TID), "removing target %s", old.Name)
		}
	}
	// Deleting an account unbinds it, so the ones that changed are bound again below. Meanwhile the targets that use
	// them would let everyone in: they are closed for that time.
	renewed := map[string]bool{}
	for _, old := range from.Accounts {
		renewed[old.User] = !slices.Contains(to.Accounts, old)
	}
	closed := map[int]bool{}
	for _, target := range from.Targets {
		if slices.ContainsFunc(target.Users, func(user string) bool { return renewed[user] }) {
			closed[target.TID] = true
			_ = c.access(target.TID, opUnbind) // one that was removed above is gone already
		}
	}
	for _, old := range from.Accounts {
		if renewed[old.User] {
			keep(c.deleteAccount(old.User), "removing CHAP user %s", old.User)
		}
	}
	for _, account := range to.Accounts {
		if !slices.Contains(from.Accounts, account) {
			keep(c.newAccount(account), "adding CHAP user %s", account.User)
		}
	}
	for _, target := range to.Targets {
		old := Target{}
		if i := slices.IndexFunc(from.Targets, func(t Target) bool { return same(t, target) }); i >= 0 {
			old = from.Targets[i]
		} else if err := c.newTarget(target.TID, target.Name); err != nil {
			keep(err, "adding target %s", target.Name)
			continue
		}
		keep(c.applyTarget(old, target, renewed, closed[target.TID]), "target %s", target.Name)
	}
	old := Target{TID: everywhere, Users: from.Discoverers, Outgoing: from.Outgoing}
	keep(c.applyUsers(old, Target{TID: everywhere, Users: to.Discoverers, Outgoing: to.Outgoing}, renewed), "discovery")
	return errors.Join(errs...)
}

// everywhere is tgtd's number for what belongs to no target: discovery.
const everywhere = -1

func same(a, b Target) bool { return a.TID == b.TID && a.Name == b.Name }

// applyTarget changes one target. Closed says that nobody can log in to it now, as with a new one; the door is opened
// when everything behind it is in place.
func (c Control) applyTarget(old, target Target, renewed map[string]bool, closed bool) error {
	err := errors.Join(c.applyUsers(old, target, renewed), c.applyLUNs(old, target))
	if err == nil && (closed || old.TID == 0) {
		err = c.access(target.TID, opBind)
	}
	return err
}

func (c Control) applyUsers(old, target Target, renewed map[string]bool) error {
	var errs []error
	for _, user := range old.Users {
		if !renewed[user] && !slices.Contains(target.Users, user) {
			errs = append(errs, c.account(target.TID, user, incoming, opUnbind))
		}
	}
	for _, user := range target.Users {
		if renewed[user] || !slices.Contains(old.Users, user) {
			errs = append(errs, c.account(target.TID, user, incoming, opBind))
		}
	}
	stays := old.Outgoing == target.Outgoing && !renewed[old.Outgoing]
	if old.Outgoing != "" && !stays && !renewed[old.Outgoing] {
		errs = append(errs, c.account(target.TID, old.Outgoing, outgoing, opUnbind))
	}
	if target.Outgoing != "" && !stays {
		errs = append(errs, c.account(target.TID, target.Outgoing, outgoing, opBind))
	}
	return errors.Join(errs...)
}

func (c Control) applyLUNs(old, target Target) error {
	var errs []error
	for _, number := range slices.Sorted(maps.Keys(old.LUNs)) {
		if lun, stays := target.LUNs[number]; !stays || lun != old.LUNs[number] {
			errs = append(errs, c.deleteLUN(target.TID, number))
		}
	}
	for _, number := range slices.Sorted(maps.Keys(target.LUNs)) {
		if lun, was := old.LUNs[number]; !was || lun != target.LUNs[number] {
			errs = append(errs, c.newLUN(target.TID, number, target.LUNs[number]))
		}
	}
	return errors.Join(errs...)
}

// Check says what of a string tgtd's parameter lists cannot carry.
func Check(what, value string) error {
	if i := strings.IndexAny(value, ",\x00\n"); i >= 0 {
		return fmt.Errorf("%s %q must not contain %q", what, value, value[i])
	}
	return nil
}
