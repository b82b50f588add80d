// SPDX-License-Identifier: GPL-3.0-or-later

package vcenter

import (
	"cmp"
	"errors"
	"net/netip"

	"livelab.dev/twin/vsphere/host"
)

// Config is the vCenter.
type Config struct {
	// Addr is where the SDK listens. Port 0 takes a free one (tests).
	Addr netip.AddrPort
	// User may log in. Default: administrator@vsphere.local.
	User string
	// Password is the user's. Required.
	Password string
	// Version is the vCenter version. Default: [DefaultVersion].
	Version string
}

// Defaults fills what was left out and checks the rest.
func (c *Config) Defaults() error {
	if c.Password == "" {
		return errors.New("vsphere: vCenter has no password")
	}
	c.User = cmp.Or(c.User, "administrator@vsphere.local")
	c.Version = cmp.Or(c.Version, host.DefaultVersion)
	return nil
}
