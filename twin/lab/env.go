// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// WriteEnv prints shell exports with which other clients find the data centre: govc, and whatever reads LAB_*.
// The passwords in it are for the shell's environment: `eval "$(labtwin env)"`.
func WriteEnv(w io.Writer, d Dir, c Config, s Secrets) error {
	pairs := [][2]string{
		{"GOVC_URL", "https://" + c.endpoint(c.VCenter.Address).String() + "/sdk"},
		{"GOVC_USERNAME", c.VCenter.User},
		{"GOVC_PASSWORD", s.VCenter},
		{"GOVC_TLS_CA_CERTS", d.CA()},
		{"LABTWIN_DIR", string(d)},
		{"LAB_CA", d.CA()},
		{"LAB_CONTROL_NETWORK", c.ControlNetwork},
		{"LAB_DATA_NETWORK", c.DataNetwork},
		{"LAB_VCENTER_URL", "https://" + c.endpoint(c.VCenter.Address).String()},
		{"LAB_VCENTER_USER", c.VCenter.User},
		{"LAB_VCENTER_PASSWORD", s.VCenter},
		{"LAB_ESXI_USER", "root"},
		{"LAB_ESXI_PASSWORD", s.ESXi},
		{"LAB_NAS_URL", "https://" + c.endpoint(c.NAS.Address).String()},
		{"LAB_NAS_USER", c.NAS.User},
		{"LAB_NAS_PASSWORD", s.NAS},
		{"LAB_NAS_PORTAL", c.NAS.Portal},
		{"LAB_CHAP_PASSWORD", s.CHAP},
	}
	for _, h := range c.Hosts {
		pairs = append(pairs, [2]string{fmt.Sprintf("LAB_ESXI%d_URL", h.Number), "https://" + c.endpoint(h.Address).String()})
	}
	for _, local := range slices.Sorted(maps.Keys(c.Guests.Forwards)) {
		switch guest, _ := netip.ParseAddrPort(c.Guests.Forwards[local]); guest.Port() {
		case 80:
			pairs = append(pairs, [2]string{"LAB_WEB_URL", "http://" + local})
		case 22:
			pairs = append(pairs, [2]string{"LAB_WEB_SSH", local})
		}
	}
	for _, pair := range pairs {
		if _, err := fmt.Fprintf(w, "export %s=%s\n", pair[0], quote(pair[1])); err != nil {
			return err
		}
	}
	return nil
}

// quote makes one shell word of a text.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
