// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/wire"
)

// iscsiAdapter is the name ESXi gives the software iSCSI adapter.
const (
	iscsiAdapter = "vmhba64"
	iscsiHBAKey  = "key-vim.host.InternetScsiHba-" + iscsiAdapter
	iscsiPort    = 3260
)

// iscsiName is the form of an iSCSI name (RFC 3720, 3.2.6): iqn, eui or naa.
var iscsiName = regexp.MustCompile(`^(iqn\.\d{4}-\d{2}\.[a-z0-9.-]+(:[^\s]*)?|eui\.[0-9A-Fa-f]{16}|naa\.([0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}))$`)

// EnableISCSI turns the software adapter on or off. Its configuration stays when it is off. Faults: HostConfigFault.
func (s *State) EnableISCSI(host int, enabled, inUse bool) *fault.Failure {
	if !enabled && s.ISCSI.Enabled && inUse {
		return fault.HostConfig("The adapter %s is in use: a datastore is on a disk behind it", iscsiAdapter)
	}
	s.ISCSI.Enabled = enabled
	if enabled && s.ISCSI.HBA.Device == "" {
		s.ISCSI.HBA = freshHBA(host, s.dns().HostName)
	}
	return nil
}

// freshHBA is the software adapter as it appears when it is turned on for the first time.
func freshHBA(host int, hostName string) types.HostInternetScsiHba {
	yes, no := types.NewBool(true), types.NewBool(false)
	return types.HostInternetScsiHba{
		HostHostBusAdapter: types.HostHostBusAdapter{
			Key: iscsiHBAKey, Device: iscsiAdapter, Status: "online", Model: "iSCSI Software Adapter", Driver: "iscsi_vmk",
		},
		IsSoftwareBased: true, CanBeDisabled: yes,
		NetworkBindingSupport: types.HostInternetScsiHbaNetworkBindingSupportTypeOptional,
		DiscoveryCapabilities: types.HostInternetScsiHbaDiscoveryCapabilities{StaticTargetDiscoverySettable: true, SendTargetsDiscoverySettable: true},
		DiscoveryProperties:   types.HostInternetScsiHbaDiscoveryProperties{StaticTargetDiscoveryEnabled: true, SendTargetsDiscoveryEnabled: true},
		AuthenticationCapabilities: types.HostInternetScsiHbaAuthenticationCapabilities{
			ChapAuthSettable: true, MutualChapSettable: yes, TargetChapSettable: yes, TargetMutualChapSettable: yes,
		},
		AuthenticationProperties: types.HostInternetScsiHbaAuthenticationProperties{
			ChapAuthenticationType: chapProhibited, MutualChapAuthenticationType: chapProhibited,
		},
		IpCapabilities: types.HostInternetScsiHbaIPCapabilities{Ipv6Supported: yes, NameAliasSettable: yes, HostNameAsTargetAddress: yes, MtuSettable: no},
		IpProperties:   types.HostInternetScsiHbaIPProperties{Ipv4Enabled: yes, Ipv6Enabled: no},
		IScsiName:      fmt.Sprintf("iqn.1998-01.com.vmware:%s-%08x", strings.ToLower(hostName), crc32.ChecksumIEEE(fmt.Appendf(nil, "esxi%d", host))),
		MaxSpeedMb:     1000, CurrentSpeedMb: 1000,
	}
}

// CheckHBA refuses an adapter that is not the software iSCSI adapter, or not there.
func (s *State) CheckHBA(device string) *fault.Failure {
	if !s.ISCSI.Enabled {
		return fault.NotFound("There is no iSCSI adapter %q: the software iSCSI adapter is off", device)
	}
	if device != iscsiAdapter {
		return fault.NotFound("There is no iSCSI adapter %q; the software iSCSI adapter is %s", device, iscsiAdapter)
	}
	return nil
}

// RenameHBA sets the initiator's name. Faults: HostConfigFault, InvalidArgument, NotFound.
func (s *State) RenameHBA(device, name string) *fault.Failure {
	if f := s.CheckHBA(device); f != nil {
		return f
	}
	name = strings.ToLower(name) // An iSCSI name has no case, and a host keeps it in lower case (RFC 3722).
	if !iscsiName.MatchString(name) || len(name) > 223 {
		return fault.Invalid("iScsiName", "%q is not an iSCSI name, such as iqn.1998-01.com.vmware:name", name)
	}
	s.ISCSI.HBA.IScsiName = name
	return nil
}

// AddSendTargets adds portals to ask for targets; those that are there already stay as they are.
func (s *State) AddSendTargets(device string, targets []types.HostInternetScsiHbaSendTarget) *fault.Failure {
	if f := s.CheckHBA(device); f != nil {
		return f
	}
	for _, t := range targets {
		if f := checkTargetAddress(t.Address, t.Port); f != nil {
			return f
		}
		t.Port = cmp.Or(t.Port, iscsiPort)
		if s.sendTarget(t.Address, t.Port) != nil {
			continue
		}
		auth := t.AuthenticationProperties
		t.AuthenticationProperties = inherited()
		s.ISCSI.HBA.ConfiguredSendTarget = append(s.ISCSI.HBA.ConfiguredSendTarget, t)
		if auth != nil {
			if f := s.setTargetAuth(s.sendTarget(t.Address, t.Port).AuthenticationProperties, targetName(t.Address, t.Port, ""), *auth); f != nil {
				return f
			}
		}
	}
	return nil
}

// RemoveSendTargets removes portals, and the targets that were found through them.
func (s *State) RemoveSendTargets(device string, targets []types.HostInternetScsiHbaSendTarget) *fault.Failure {
	if f := s.CheckHBA(device); f != nil {
		return f
	}
	hba := &s.ISCSI.HBA
	for _, t := range targets {
		t.Port = cmp.Or(t.Port, iscsiPort)
		if s.sendTarget(t.Address, t.Port) == nil {
			return fault.NotFound("There is no dynamic target %s", targetName(t.Address, t.Port, ""))
		}
		name := targetName(t.Address, t.Port, "")
		hba.ConfiguredSendTarget = slices.DeleteFunc(hba.ConfiguredSendTarget, func(o types.HostInternetScsiHbaSendTarget) bool {
			return o.Address == t.Address && o.Port == t.Port
		})
		hba.ConfiguredStaticTarget = slices.DeleteFunc(hba.ConfiguredStaticTarget, func(o types.HostInternetScsiHbaStaticTarget) bool {
			return o.Parent == name
		})
		s.dropSecret(name)
	}
	return nil
}

// AddStaticTargets adds targets by name and address; those that are there already stay as they are.
func (s *State) AddStaticTargets(device string, targets []types.HostInternetScsiHbaStaticTarget) *fault.Failure {
	if f := s.CheckHBA(device); f != nil {
		return f
	}
	for _, t := range targets {
		if f := checkTargetAddress(t.Address, t.Port); f != nil {
			return f
		}
		t.IScsiName = strings.ToLower(t.IScsiName)
		if !iscsiName.MatchString(t.IScsiName) {
			return fault.Invalid("targets.iScsiName", "%q is not an iSCSI name", t.IScsiName)
		}
		t.Port = cmp.Or(t.Port, iscsiPort)
		if s.staticTarget(t.Address, t.Port, t.IScsiName) != nil {
			continue
		}
		auth := t.AuthenticationProperties
		t.AuthenticationProperties = inherited()
		t.DiscoveryMethod = string(types.HostInternetScsiHbaStaticTargetTargetDiscoveryMethodStaticMethod)
		t.Parent = ""
		s.ISCSI.HBA.ConfiguredStaticTarget = append(s.ISCSI.HBA.ConfiguredStaticTarget, t)
		if auth != nil {
			properties := s.staticTarget(t.Address, t.Port, t.IScsiName).AuthenticationProperties
			if f := s.setTargetAuth(properties, targetName(t.Address, t.Port, t.IScsiName), *auth); f != nil {
				return f
			}
		}
	}
	return nil
}

func (s *State) RemoveStaticTargets(device string, targets []types.HostInternetScsiHbaStaticTarget) *fault.Failure {
	if f := s.CheckHBA(device); f != nil {
		return f
	}
	hba := &s.ISCSI.HBA
	for _, t := range targets {
		t.IScsiName = strings.ToLower(t.IScsiName)
		t.Port = cmp.Or(t.Port, iscsiPort)
		name := targetName(t.Address, t.Port, t.IScsiName)
		if s.staticTarget(t.Address, t.Port, t.IScsiName) == nil {
			return fault.NotFound("There is no static target %s", name)
		}
		hba.ConfiguredStaticTarget = slices.DeleteFunc(hba.ConfiguredStaticTarget, func(o types.HostInternetScsiHbaStaticTarget) bool {
			return o.Address == t.Address && o.Port == t.Port && o.IScsiName == t.IScsiName
		})
		s.dropSecret(name)
	}
	return nil
}

func (s *State) sendTarget(address string, port int32) *types.HostInternetScsiHbaSendTarget {
	for i := range s.ISCSI.HBA.ConfiguredSendTarget {
		if t := &s.ISCSI.HBA.ConfiguredSendTarget[i]; t.Address == address && t.Port == port {
			return t
		}
	}
	return nil
}

func (s *State) staticTarget(address string, port int32, iqn string) *types.HostInternetScsiHbaStaticTarget {
	for i := range s.ISCSI.HBA.ConfiguredStaticTarget {
		if t := &s.ISCSI.HBA.ConfiguredStaticTarget[i]; t.Address == address && t.Port == port && t.IScsiName == iqn {
			return t
		}
	}
	return nil
}

func checkTargetAddress(address string, port int32) *fault.Failure {
	if !isAddress(address) && !domainName.MatchString(address) {
		return fault.Invalid("targets.address", "%q is neither an IP address nor a host name", address)
	}
	if port < 0 || port > 65535 {
		return fault.Invalid("targets.port", "%d is not a port", port)
	}
	return nil
}

// targetName is what a target is called where there is one name for it: "address:port", and behind a comma its iSCSI name.
func targetName(address string, port int32, iqn string) string {
	name := net.JoinHostPort(address, strconv.Itoa(int(port)))
	if iqn != "" {
		name += "," + iqn
	}
	return name
}

// ChangeHBA changes the software iSCSI adapter. What is behind it stays as it was until the next rescan, except that an adapter that
// is turned off takes its disks with it.
func (h *Host) ChangeHBA(edit func(*State) *fault.Failure) *fault.Failure {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	if f := h.ChangeLocked(edit); f != nil {
		return f
	}
	old := h.Storage.Load()
	luns := old.luns
	if !h.State().ISCSI.Enabled {
		luns = nil
	}
	h.Storage.Store(look(h.State(), luns, old.Volumes))
	h.publish()
	return nil
}

// shownHBA is the iSCSI adapter as clients see it: names that are not set are empty, and a target that inherits its
// authentication shows the adapter's.
func (s *State) shownHBA() *types.HostInternetScsiHba {
	hba := s.ISCSI.HBA
	hba.IScsiAlias = cmp.Or(hba.IScsiAlias, wire.EmptyText)
	own := hba.AuthenticationProperties
	hba.AuthenticationProperties = shownAuth(own)
	hba.ConfiguredSendTarget = append([]types.HostInternetScsiHbaSendTarget{}, hba.ConfiguredSendTarget...)
	for i := range hba.ConfiguredSendTarget {
		t := &hba.ConfiguredSendTarget[i]
		t.AuthenticationProperties = shownTargetAuth(t.AuthenticationProperties, own)
	}
	hba.ConfiguredStaticTarget = append([]types.HostInternetScsiHbaStaticTarget{}, hba.ConfiguredStaticTarget...)
	for i := range hba.ConfiguredStaticTarget {
		t := &hba.ConfiguredStaticTarget[i]
		t.AuthenticationProperties = shownTargetAuth(t.AuthenticationProperties, own)
	}
	return &hba
}

func shownAuth(auth types.HostInternetScsiHbaAuthenticationProperties) types.HostInternetScsiHbaAuthenticationProperties {
	auth.ChapName = cmp.Or(auth.ChapName, wire.EmptyText)
	auth.MutualChapName = cmp.Or(auth.MutualChapName, wire.EmptyText)
	return auth
}

func shownTargetAuth(auth *types.HostInternetScsiHbaAuthenticationProperties, adapter types.HostInternetScsiHbaAuthenticationProperties) *types.HostInternetScsiHbaAuthenticationProperties {
	shown := *auth
	if *auth.ChapInherited {
		shown.ChapAuthEnabled, shown.ChapAuthenticationType, shown.ChapName = adapter.ChapAuthEnabled, adapter.ChapAuthenticationType, adapter.ChapName
	}
	if *auth.MutualChapInherited {
		shown.MutualChapAuthenticationType, shown.MutualChapName = adapter.MutualChapAuthenticationType, adapter.MutualChapName
	}
	shown = shownAuth(shown)
	return &shown
}
