// SPDX-License-Identifier: GPL-3.0-or-later

package nas_test

import (
	"os/exec"
	"strings"
	"testing"

	"livelab.dev/twin/nas/nastest"
)

// libiscsi's own conformance tests, those that every block device must pass, hold on a LUN with CHAP and without.
func TestLibiscsiMandatory(t *testing.T) {
	tool, err := exec.LookPath("iscsi-test-cu")
	if err != nil {
		t.Skip("not run: iscsi-test-cu is not installed (Debian's package libiscsi-bin)")
	}
	n := nastest.Start(t)
	iqn := n.Serve(64 * MiB)
	passes := func(what, url, suite string) {
		out, err := exec.CommandContext(t.Context(), tool, "--fail", "--dataloss", "--normal", "--test=ALL."+suite, url).CombinedOutput()
		text := string(out)
		if err != nil || strings.Contains(text, "FAILED") || !strings.Contains(text, "asserts") {
			t.Errorf("%s, %s: %v\n%s", what, suite, err, text)
		}
	}
	for _, suite := range []string{"Mandatory", "TestUnitReady", "Inquiry.Standard", "ReadCapacity10", "ReadCapacity16", "Read10", "Write10"} {
		passes("anybody", "iscsi://"+n.Portal+"/"+iqn+"/0", suite)
	}
	n.OK("POST", "/iscsi/auth", M{"tag": 1, "user": "esxi", "secret": secret})
	n.OK("PUT", "/iscsi/target/id/1", M{"groups": []M{{"portal": 1, "authmethod": "CHAP", "auth": 1}}})
	passes("CHAP", "iscsi://esxi%"+secret+"@"+n.Portal+"/"+iqn+"/0", "Mandatory")
	if out, err := exec.CommandContext(t.Context(), tool, "--fail", "--test=ALL.Mandatory", "iscsi://"+n.Portal+"/"+iqn+"/0").CombinedOutput(); err == nil {
		t.Errorf("without the credentials the tests run: %s", out)
	}
}
