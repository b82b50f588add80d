// SPDX-License-Identifier: GPL-3.0-or-later

package names

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"
)

func TestEscape(t *testing.T) {
	for name, want := range map[string]string{
		"10.0.0.0/24": "10.0.0.0%2f24", `a\b`: "a%5cb", "100%": "100%25", "a%2fb": "a%2fb", "a%2Fb": "a%2fb", "50%2": "50%252",
		"50%25": "50%25", "%zz": "%25zz", "web": "web", "": "",
	} {
		if got := Escape(name); got != want {
			t.Errorf("%q is escaped as %q, want %q", name, got, want)
		}
		if again := Escape(Escape(name)); again != want {
			t.Errorf("%q escaped twice is %q", name, again)
		}
	}
	for name, want := range map[string]string{"10.0.0.0%2f24": "10.0.0.0/24", "a%5Cb": `a\b`, "100%25": "100%", "100%": "100%", "%252f": "%2f"} {
		if got := Plain(name); got != want {
			t.Errorf("%q is %q in plain, want %q", name, got, want)
		}
	}
}

func TestFile(t *testing.T) {
	for name, want := range map[string]string{"web": "web", "web/1": "web_2f1", "web%2f1": "web_2f1", "50%": "50_25", `a\b`: "a_5cb"} {
		if got := File(name); got != want {
			t.Errorf("%q is %q as a file, want %q", name, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	entity := types.ManagedObjectReference{Type: "Folder", Value: "group-v3"}
	for _, name := range []string{"", strings.Repeat("x", 81), strings.Repeat("€", 81)} {
		if _, f := Check(name, entity); f == nil {
			t.Errorf("%q is a name", name)
		} else if bad, ok := f.Fault.(*types.InvalidName); !ok || bad.Name != name || *bad.Entity != entity {
			t.Errorf("%q: %#v", name, f.Fault)
		}
	}
	for _, name := range []string{"x", strings.Repeat("x", 80), strings.Repeat("€", 80), strings.Repeat("/", 80)} {
		if got, f := Check(name, entity); f != nil || got != Escape(name) {
			t.Errorf("%q: %q, %v", name, got, f)
		}
	}
}
