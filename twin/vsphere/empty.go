// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"bytes"
	"cmp"
	"net/http"
	"strings"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

// emptyText stands for a string that is empty but there. govmomi's types leave every empty string out of a response, where ESXi
// sends it and clients tell the two apart. It is a character of Unicode's private use area, taken out again before a response leaves.
const emptyText = "\uE0E0"

// emptyStrings takes the mark out of the responses of a handler.
func emptyStrings(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, vim25.Path) { // A file that is downloaded is passed on as it is.
			w = &emptyWriter{w}
		}
		next.ServeHTTP(w, r)
	})
}

type emptyWriter struct{ http.ResponseWriter }

func (w *emptyWriter) Write(p []byte) (int, error) {
	if !bytes.Contains(p, []byte(emptyText)) {
		return w.ResponseWriter.Write(p)
	}
	_, err := w.ResponseWriter.Write(bytes.ReplaceAll(p, []byte(emptyText), nil))
	return len(p), err
}

// shownHBA is the iSCSI adapter as clients see it: names that are not set are empty, and a target that inherits its
// authentication shows the adapter's.
func (s *state) shownHBA() *types.HostInternetScsiHba {
	hba := s.ISCSI.HBA
	hba.IScsiAlias = cmp.Or(hba.IScsiAlias, emptyText)
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
	auth.ChapName = cmp.Or(auth.ChapName, emptyText)
	auth.MutualChapName = cmp.Or(auth.MutualChapName, emptyText)
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
