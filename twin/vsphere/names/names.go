// SPDX-License-Identifier: GPL-3.0-or-later

// Package names spells the names of managed entities as a vCenter keeps them: a slash, a backslash and a percent sign are escaped, so
// that an inventory path can be split at its slashes. A host's own names, such as that of a port group, are not escaped.
package names

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// Longest is how many characters the name of an entity can have.
const Longest = 80

// special are the characters that are escaped, and the escape sequences: a percent sign that begins one is none of the former.
var special = regexp.MustCompile(`(?i)%2f|%5c|%25|[/\\%]`)

var escapes = map[string]string{"/": "%2f", `\`: "%5c", "%": "%25"}

var characters = strings.NewReplacer("%2f", "/", "%5c", `\`, "%25", "%")

// Escape is a name as vCenter keeps it. A name that is escaped already stays as it is.
func Escape(name string) string {
	return special.ReplaceAllStringFunc(name, func(part string) string {
		if sequence, ok := escapes[part]; ok {
			return sequence
		}
		return strings.ToLower(part)
	})
}

// Plain is a name without escapes, as people read it and hosts keep it.
func Plain(name string) string { return characters.Replace(Escape(name)) }

// File is a name that files can have: that of a machine's directory, and of what is in it.
func File(name string) string { return strings.ReplaceAll(Escape(name), "%", "_") }

// Same tells whether two names are the same, however they are spelt.
func Same(a, b string) bool { return Escape(a) == Escape(b) }

// Check is a name as vCenter keeps it. Faults: InvalidName for one that is empty or too long.
func Check(name string, entity types.ManagedObjectReference) (string, *fault.Failure) {
	if plain := utf8.RuneCountInString(Plain(name)); plain == 0 || plain > Longest {
		return "", fault.New(&types.InvalidName{Name: name, Entity: &entity}, "%q is not a name: it has 1 to %d characters", name, Longest)
	}
	return Escape(name), nil
}
