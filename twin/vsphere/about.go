// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/simulator/vpx"
	"github.com/vmware/govmomi/vim25/types"
)

// builds are the build numbers of released versions, from VMware's build number list (KB 2143832 for ESXi, 2143838 for vCenter).
var builds = map[string]struct{ esxi, vcenter string }{
	"5.5.0": {"1331820", "1312298"},
	"6.0.0": {"2494585", "2562643"},
	"6.5.0": {"4564106", "4602587"},
	"6.7.0": {"8169922", "8217866"},
	"7.0.0": {"15843807", "15952498"},
	"7.0.3": {"18644231", "18700403"},
	"8.0.0": {"20513097", "20519528"},
	"8.0.2": {"22380479", "22385739"},
	"8.0.3": {"24022510", "24022515"},
}

// apiVersion is the version of the API in a product version: two parts up to 6.x, four from 7.0 on.
func apiVersion(version string) string {
	parts := strings.Split(version, ".")
	if len(parts) < 3 {
		return version
	}
	if parts[0] == "5" || parts[0] == "6" {
		return parts[0] + "." + parts[1]
	}
	return strings.Join(parts[:3], ".") + ".0"
}

func hostAbout(version string) types.AboutInfo {
	about := esx.ServiceContent.About
	about.Build = builds[version].esxi
	return versioned(about, version)
}

func vcenterAbout(version string) types.AboutInfo {
	about := vpx.ServiceContent.About
	about.Build = builds[version].vcenter
	return versioned(about, version)
}

func versioned(about types.AboutInfo, version string) types.AboutInfo {
	about.Build = cmp.Or(about.Build, "1")
	about.Version = version
	about.ApiVersion = apiVersion(version)
	about.FullName = fmt.Sprintf("%s %s build-%s", about.Name, version, about.Build)
	about.LicenseProductVersion = strings.Split(version, ".")[0] + ".0"
	return about
}
