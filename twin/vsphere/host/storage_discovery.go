// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"context"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/iscsi"

	"livelab.dev/twin/vsphere/registry/fault"
)

// targetTimeout is how long a target may take to answer before a rescan goes on without it.
const targetTimeout = 10 * time.Second

// FormatTimeout is how long a disk may take to be formatted or erased.
const FormatTimeout = 2 * time.Minute

// discoverTargets asks each portal of the configuration for its targets, which become static targets with that portal as parent. A
// portal that does not answer keeps those it had; on ESXi too, a rescan is no failure because of it.
func (h *Host) discoverTargets(ctx context.Context) *fault.Failure {
	s := h.State()
	if !s.ISCSI.Enabled {
		return nil
	}
	targets := slices.DeleteFunc(slices.Clone(s.ISCSI.HBA.ConfiguredStaticTarget), func(t types.HostInternetScsiHbaStaticTarget) bool {
		return t.Parent != ""
	})
	for _, send := range s.ISCSI.HBA.ConfiguredSendTarget {
		parent := targetName(send.Address, send.Port, "")
		found, err := h.discover(ctx, parent, s.auth(send.AuthenticationProperties, parent))
		if err != nil {
			h.Logf("%s: %v", h.Label(), err)
			found = discovered(s, parent)
		}
		for _, t := range found {
			if !slices.ContainsFunc(targets, func(o types.HostInternetScsiHbaStaticTarget) bool {
				return o.Address == t.Address && o.Port == t.Port && o.IScsiName == t.IScsiName
			}) {
				targets = append(targets, t)
			}
		}
	}
	if slices.EqualFunc(targets, s.ISCSI.HBA.ConfiguredStaticTarget, sameTarget) {
		return nil
	}
	return h.ChangeLocked(func(s *State) *fault.Failure {
		s.ISCSI.HBA.ConfiguredStaticTarget = targets
		return nil
	})
}

func sameTarget(a, b types.HostInternetScsiHbaStaticTarget) bool {
	return a.Address == b.Address && a.Port == b.Port && a.IScsiName == b.IScsiName && a.Parent == b.Parent
}

func (h *Host) discover(ctx context.Context, portal string, auth iscsi.Auth) ([]types.HostInternetScsiHbaStaticTarget, error) {
	ctx, cancel := context.WithTimeout(ctx, targetTimeout)
	defer cancel()
	found, err := h.Env.Storage.Discover(ctx, portal, auth)
	if err != nil {
		return nil, err
	}
	var targets []types.HostInternetScsiHbaStaticTarget
	for _, t := range found {
		address, port, ok := splitPortal(t.Portal)
		if !ok {
			continue
		}
		targets = append(targets, types.HostInternetScsiHbaStaticTarget{
			Address: address, Port: port, IScsiName: t.IQN, Parent: portal,
			DiscoveryMethod:          string(types.HostInternetScsiHbaStaticTargetTargetDiscoveryMethodSendTargetMethod),
			AuthenticationProperties: inherited(),
		})
	}
	return targets, nil
}

// discovered are the targets that an earlier discovery at a portal found.
func discovered(s *State, parent string) []types.HostInternetScsiHbaStaticTarget {
	return slices.DeleteFunc(slices.Clone(s.ISCSI.HBA.ConfiguredStaticTarget), func(t types.HostInternetScsiHbaStaticTarget) bool {
		return t.Parent != parent
	})
}

// findDevices logs in to every target and asks for its disks.
func (h *Host) findDevices(ctx context.Context) []device {
	s := h.State()
	if !s.ISCSI.Enabled {
		return nil
	}
	var devices []device
	for _, t := range s.ISCSI.HBA.ConfiguredStaticTarget {
		auth := s.targetAuth(t)
		portal := net.JoinHostPort(t.Address, strconv.Itoa(int(t.Port)))
		ctx, cancel := context.WithTimeout(ctx, targetTimeout)
		luns, err := h.Env.Storage.LUNs(ctx, iscsi.Target{Portal: portal, IQN: t.IScsiName}, auth)
		cancel()
		if err != nil {
			h.Logf("%s: %v", h.Label(), err)
			continue
		}
		for _, lun := range luns {
			devices = append(devices, device{LUN: lun, Auth: auth})
		}
	}
	return devices
}

// targetAuth is how to log in to a target: as it says itself, or as its portal says, or as the adapter says.
func (s *State) targetAuth(t types.HostInternetScsiHbaStaticTarget) iscsi.Auth {
	properties, name := t.AuthenticationProperties, targetName(t.Address, t.Port, t.IScsiName)
	if address, port, ok := splitPortal(t.Parent); ok {
		if send := s.sendTarget(address, port); send != nil {
			properties, name = send.AuthenticationProperties, t.Parent
		}
	}
	return s.auth(properties, name)
}

func splitPortal(portal string) (string, int32, bool) {
	address, text, err := net.SplitHostPort(portal)
	if err != nil {
		return "", 0, false
	}
	port, err := strconv.ParseUint(text, 10, 16)
	return address, int32(port), err == nil
}
