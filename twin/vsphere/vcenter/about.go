// SPDX-License-Identifier: GPL-3.0-or-later

package vcenter

import (
	"github.com/vmware/govmomi/simulator/vpx"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
)

func vcenterAbout(version string) types.AboutInfo {
	about := vpx.ServiceContent.About
	about.Build = host.Builds[version].VCenter
	return host.Versioned(about, version)
}
