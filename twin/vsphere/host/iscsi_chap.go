// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/iscsi"

	"livelab.dev/twin/vsphere/registry/fault"
)

// How CHAP can be wanted of a target.
const (
	chapProhibited  = string(types.HostInternetScsiHbaChapAuthenticationTypeChapProhibited)
	chapDiscouraged = string(types.HostInternetScsiHbaChapAuthenticationTypeChapDiscouraged)
	chapPreferred   = string(types.HostInternetScsiHbaChapAuthenticationTypeChapPreferred)
	chapRequired    = string(types.HostInternetScsiHbaChapAuthenticationTypeChapRequired)
)

var chapTypes = []string{chapProhibited, chapDiscouraged, chapPreferred, chapRequired}

// inherited is the authentication of a target that uses the adapter's.
func inherited() *types.HostInternetScsiHbaAuthenticationProperties {
	return &types.HostInternetScsiHbaAuthenticationProperties{
		ChapAuthenticationType: chapProhibited, ChapInherited: types.NewBool(true),
		MutualChapAuthenticationType: chapProhibited, MutualChapInherited: types.NewBool(true),
	}
}

// UpdateAuth sets CHAP on the adapter, or on the targets of a set. Faults: HostConfigFault, InvalidArgument, NotFound.
func (s *State) UpdateAuth(device string, auth types.HostInternetScsiHbaAuthenticationProperties, set *types.HostInternetScsiHbaTargetSet) *fault.Failure {
	if f := s.CheckHBA(device); f != nil {
		return f
	}
	if set == nil {
		auth.ChapInherited, auth.MutualChapInherited = nil, nil
		return s.setAuth(&s.ISCSI.HBA.AuthenticationProperties, "", auth)
	}
	for _, t := range set.SendTargets {
		t.Port = cmp.Or(t.Port, iscsiPort)
		target := s.sendTarget(t.Address, t.Port)
		if target == nil {
			return fault.NotFound("There is no dynamic target %s", targetName(t.Address, t.Port, ""))
		}
		if f := s.setTargetAuth(target.AuthenticationProperties, targetName(t.Address, t.Port, ""), auth); f != nil {
			return f
		}
	}
	for _, t := range set.StaticTargets {
		t.IScsiName = strings.ToLower(t.IScsiName)
		t.Port = cmp.Or(t.Port, iscsiPort)
		name := targetName(t.Address, t.Port, t.IScsiName)
		target := s.staticTarget(t.Address, t.Port, t.IScsiName)
		if target == nil {
			return fault.NotFound("There is no static target %s", name)
		}
		if f := s.setTargetAuth(target.AuthenticationProperties, name, auth); f != nil {
			return f
		}
	}
	return nil
}

// setTargetAuth sets one target's CHAP; what it inherits it does not check.
func (s *State) setTargetAuth(into *types.HostInternetScsiHbaAuthenticationProperties, name string, auth types.HostInternetScsiHbaAuthenticationProperties) *fault.Failure {
	if auth.ChapInherited == nil {
		auth.ChapInherited = types.NewBool(false)
	}
	if auth.MutualChapInherited == nil {
		auth.MutualChapInherited = types.NewBool(*auth.ChapInherited)
	}
	if *auth.ChapInherited && *auth.MutualChapInherited {
		*into = *inherited()
		s.dropSecret(name)
		return nil
	}
	return s.setAuth(into, name, auth)
}

// setAuth checks authentication properties and keeps them, the secrets apart from the rest.
func (s *State) setAuth(into *types.HostInternetScsiHbaAuthenticationProperties, name string, auth types.HostInternetScsiHbaAuthenticationProperties) *fault.Failure {
	auth.MutualChapAuthenticationType = cmp.Or(auth.MutualChapAuthenticationType, chapProhibited)
	if auth.ChapAuthenticationType == "" {
		// Clients older than API 4.0 only say whether CHAP is on.
		auth.ChapAuthenticationType = chapProhibited
		if auth.ChapAuthEnabled {
			auth.ChapAuthenticationType = chapPreferred
		}
	}
	if f := s.checkAuth(name, auth); f != nil {
		return f
	}
	auth.ChapAuthEnabled = auth.ChapAuthenticationType != chapProhibited
	secret := s.secret(name)
	secret.Target = name
	if auth.ChapSecret != "" {
		secret.Secret = auth.ChapSecret
	}
	if auth.MutualChapSecret != "" {
		secret.MutualSecret = auth.MutualChapSecret
	}
	s.dropSecret(name)
	if auth.ChapAuthEnabled {
		s.ISCSI.Secrets = append(s.ISCSI.Secrets, secret)
	}
	auth.ChapSecret, auth.MutualChapSecret = "", ""
	*into = auth
	return nil
}

func (s *State) checkAuth(name string, auth types.HostInternetScsiHbaAuthenticationProperties) *fault.Failure {
	if !slices.Contains(chapTypes, auth.ChapAuthenticationType) {
		return fault.Invalid("authenticationProperties.chapAuthenticationType", "%q is not one of %v", auth.ChapAuthenticationType, chapTypes)
	}
	mutual := auth.MutualChapAuthenticationType
	if mutual != chapProhibited && mutual != chapRequired {
		return fault.Invalid("authenticationProperties.mutualChapAuthenticationType", "%q is not one of %v", mutual, []string{chapProhibited, chapRequired})
	}
	known := s.secret(name)
	if auth.ChapAuthenticationType != chapProhibited && (auth.ChapName == "" || auth.ChapSecret == "" && known.Secret == "") {
		return fault.Invalid("authenticationProperties.chapName", "CHAP needs a name and a secret")
	}
	if mutual == chapRequired {
		if auth.ChapAuthenticationType != chapRequired {
			return fault.Invalid("authenticationProperties.mutualChapAuthenticationType", "mutual CHAP needs %s for CHAP", chapRequired)
		}
		if auth.MutualChapName == "" || auth.MutualChapSecret == "" && known.MutualSecret == "" {
			return fault.Invalid("authenticationProperties.mutualChapName", "mutual CHAP needs a name and a secret")
		}
		if auth.ChapSecret != "" && auth.ChapSecret == auth.MutualChapSecret {
			return fault.Invalid("authenticationProperties.mutualChapSecret", "the two secrets must differ")
		}
	}
	return nil
}

// secret is what is kept under a name; empty when nothing is.
func (s *State) secret(name string) chapSecret {
	for _, secret := range s.ISCSI.Secrets {
		if secret.Target == name {
			return secret
		}
	}
	return chapSecret{}
}

func (s *State) dropSecret(name string) {
	s.ISCSI.Secrets = slices.DeleteFunc(s.ISCSI.Secrets, func(c chapSecret) bool { return c.Target == name })
}

// auth is how the adapter logs in to a target with the given properties, kept under a name.
func (s *State) auth(properties *types.HostInternetScsiHbaAuthenticationProperties, name string) iscsi.Auth {
	if properties == nil || properties.ChapInherited != nil && *properties.ChapInherited {
		properties, name = &s.ISCSI.HBA.AuthenticationProperties, ""
	}
	auth := iscsi.Auth{Initiator: s.ISCSI.HBA.IScsiName}
	secret := s.secret(name)
	if properties.ChapAuthEnabled {
		auth.User, auth.Password = properties.ChapName, secret.Secret
	}
	if properties.MutualChapAuthenticationType == chapRequired {
		auth.MutualUser, auth.MutualPassword = properties.MutualChapName, secret.MutualSecret
	}
	return auth
}
