// SPDX-License-Identifier: GPL-3.0-or-later

// Package iscsi is the initiator's side: it discovers targets, logs in to them with CHAP where asked for, and reads and
// writes their LUNs. One session has one connection and one command under way at a time.
package iscsi

import (
	"context"
	"fmt"
	"net"
	"strings"
)

// DefaultInitiator is the name with which this package logs in where an Auth gives none.
const DefaultInitiator = "iqn.1998-01.com.vmware:livelab"

// DefaultPort is iSCSI's.
const DefaultPort = "3260"

// Auth says who the initiator is and how the two sides prove themselves. The zero value asks for nothing.
type Auth struct {
	Initiator string // the initiator's iqn; default DefaultInitiator
	// User and Password are offered to the target by CHAP. A target that asks for none lets in anyway.
	User, Password string
	// MutualUser and MutualPassword are what the target has to prove itself with; a login session fails when it does
	// not. Discovery does not ask for it.
	MutualUser, MutualPassword string
}

// Target is a target at one of its addresses.
type Target struct {
	Portal string // host:port
	IQN    string
}

// LUN is a logical unit as its target reports it.
type LUN struct {
	Portal    string // host:port
	IQN       string // of the target
	Number    int
	Size      int64 // bytes
	BlockSize int   // bytes
	Vendor    string
	Product   string
	Revision  string
	Serial    string
	NAA       string // "naa." and hex digits; empty when the LUN reports none
	ReadOnly  bool
	RPM       int // rotations a minute; 1 for solid state, 0 when not told
}

// Target is where the LUN is.
func (l LUN) Target() Target { return Target{l.Portal, l.IQN} }

// Discover asks a portal (host or host:port) for its targets. Each comes once for every address it has.
func Discover(ctx context.Context, portal string, auth Auth) ([]Target, error) {
	if _, _, err := net.SplitHostPort(portal); err != nil {
		portal = net.JoinHostPort(portal, DefaultPort)
	}
	s, err := login(ctx, Target{Portal: portal}, auth)
	if err != nil {
		return nil, fmt.Errorf("discovery at %s: %w", portal, err)
	}
	defer s.Close()
	pairs, err := s.sendTargets(ctx)
	if err != nil {
		return nil, fmt.Errorf("discovery at %s: %w", portal, err)
	}
	var targets []Target
	name, addressed := "", false
	add := func(address string) { targets = append(targets, Target{address, name}) }
	for _, p := range pairs {
		switch p.Key {
		case "TargetName":
			if name != "" && !addressed {
				add(portal)
			}
			name, addressed = p.Value, false
		case "TargetAddress":
			address, _, _ := strings.Cut(p.Value, ",") // behind the comma is the portal group's tag
			add(address)
			addressed = true
		}
	}
	// A target without an address is at the portal that told of it (RFC 7143, appendix C).
	if name != "" && !addressed {
		add(portal)
	}
	return targets, nil
}

// ListLUNs logs in to a target and asks each of its LUNs what it is. LUNs that are no disks are left out.
func ListLUNs(ctx context.Context, t Target, auth Auth) ([]LUN, error) {
	s, err := Login(ctx, t, auth)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.LUNs(ctx)
}
