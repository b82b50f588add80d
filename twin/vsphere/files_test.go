// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
)

func TestTokensDoNotOpen(t *testing.T) {
	l := newLab(t)
	anonymous, err := vim25.NewClient(ctx, soap.NewClient(&url.URL{Scheme: "https", Host: l.VCenterAddr().String(), Path: "/sdk"}, true))
	must(t, err)
	_, err = methods.LoginByToken(ctx, anonymous, &types.LoginByToken{This: *anonymous.ServiceContent.SessionManager})
	wantFault(t, "token", err, &types.InvalidLogin{})
}

func TestFilesNeedALogin(t *testing.T) {
	l := newLab(t)
	c := l.esx(0)
	ds, err := find.NewFinder(c).Datastore(ctx, "datastore1")
	must(t, err)
	must(t, ds.Upload(ctx, strings.NewReader("hello"), "notes.txt", &soap.DefaultUpload))
	file := filepath.Join(t.TempDir(), "notes.txt")
	must(t, ds.DownloadFile(ctx, "notes.txt", file, &soap.DefaultDownload))
	if data, err := os.ReadFile(file); err != nil || string(data) != "hello" {
		t.Errorf("downloaded %q, %v", data, err)
	}

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	status := func(edit func(*http.Request)) int {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, "https://"+l.Hosts()[0].Addr().String()+"/folder/notes.txt?dcPath=ha-datacenter&dsName=datastore1", nil)
		must(t, err)
		edit(req)
		res, err := client.Do(req)
		must(t, err)
		must(t, res.Body.Close())
		return res.StatusCode
	}
	for what, test := range map[string]struct {
		edit func(*http.Request)
		want int
	}{
		"nobody":         {func(*http.Request) {}, http.StatusUnauthorized},
		"wrong password": {func(r *http.Request) { r.SetBasicAuth("root", "wrong") }, http.StatusUnauthorized},
		"made-up cookie": {func(r *http.Request) { r.AddCookie(&http.Cookie{Name: soap.SessionCookieName, Value: "x"}) }, http.StatusUnauthorized},
		"made-up ticket": {func(r *http.Request) { r.AddCookie(&http.Cookie{Name: registry.TicketCookie, Value: "x"}) }, http.StatusUnauthorized},
		"password":       {func(r *http.Request) { r.SetBasicAuth("root", hostPassword) }, http.StatusOK},
	} {
		if got := status(test.edit); got != test.want {
			t.Errorf("%s: %d, want %d", what, got, test.want)
		}
	}
}
