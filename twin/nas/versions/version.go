// SPDX-License-Identifier: GPL-3.0-or-later

// Package versions says what each version of FreeNAS and TrueNAS takes and tells: which dialects of the API it speaks,
// which methods there are, their fields with types, ranges and choices, and what its objects look like. One file a
// version holds what changed from the one before.
package versions

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Method is a call of the API v2.0 and of JSON-RPC.
type Method struct {
	Params []Field
	// Job says that the answer is a job's number.
	Job bool
	// Strict says that arguments are checked as pydantic does.
	Strict bool
	// Schema is what the fields are told under when a rule refuses them; the parameter's own name where it is empty.
	Schema string
}

// Where discovery's authentication is set.
const (
	DiscoveryGlobal = "global" // in the global configuration
	DiscoveryPortal = "portal" // in each portal
	DiscoveryAuth   = "auth"   // with each CHAP user, for all portals
)

// Limits are rules with numbers that differ between versions.
type Limits struct {
	MaxLUN    int
	MaxSerial int
	// UniqueSerial says that two extents cannot have one serial number.
	UniqueSerial bool
	// OneTarget says that an extent is in one target at most.
	OneTarget bool
	// SecretLength says that a CHAP secret must have 12 to 16 characters.
	SecretLength bool
	// RawDisks says that a whole disk can be an extent.
	RawDisks bool
}

// Version is one version of FreeNAS or TrueNAS.
type Version struct {
	Name string // as in lab.yml: "25.10"
	Full string // as it calls itself: "TrueNAS-25.10.5"
	// Linux says that it is TrueNAS SCALE or later; the others are FreeBSD.
	Linux bool
	// V1 is API v1.0 and nil where there is none.
	V1 *V1
	// REST says that there is API v2.0, and JSONRPC that there is JSON-RPC.
	REST, JSONRPC bool
	// APIs are the versions of JSON-RPC's API that are told of; the last is "current".
	APIs []string
	// APIKeys says that there are API keys.
	APIKeys bool
	// GlobalPort says that iSCSI's port is set in the global configuration, not in each portal.
	GlobalPort bool
	Discovery  string // one of the Discovery constants
	// Installer is the path of the installer's API, empty where the installer has none.
	Installer string
	Methods   map[string]Method
	// Replies are the fields of an answer, by the method that reads it; all there are where nothing is said.
	Replies map[string][]string
	Limits
}

// Default is the version of a NAS for which nothing else is said.
const Default = "25.10"

// all makes every version from the one before it.
var all = sync(v9_3_0(), v9_3_1, v11_3, v13_0, v22_12, v24_10, v25_04, v25_10, v26_0)

func sync(first *Version, next ...func(Version) *Version) []*Version {
	list := []*Version{first}
	for _, make := range next {
		list = append(list, make(list[len(list)-1].clone()))
	}
	return list
}

// Names are the versions that there are.
func Names() []string {
	var names []string
	for _, v := range all {
		names = append(names, v.Name)
	}
	return names
}

// Lookup finds a version by its name in lab.yml. "9.3" is the last of that line.
func Lookup(name string) (*Version, error) {
	if name == "9.3" {
		name = "9.3.1"
	}
	for _, v := range all {
		if v.Name == name {
			return v, nil
		}
	}
	return nil, fmt.Errorf("version %q is not known; it is one of %s", name, strings.Join(Names(), ", "))
}

// clone is a copy whose tables can be changed. What is in the tables is never changed, only replaced.
func (v *Version) clone() Version {
	c := *v
	c.Methods, c.Replies, c.APIs = maps.Clone(v.Methods), maps.Clone(v.Replies), slices.Clone(v.APIs)
	if c.Methods == nil {
		c.Methods, c.Replies = map[string]Method{}, map[string][]string{}
	}
	return c
}

// drop removes methods.
func (v *Version) drop(names ...string) {
	for _, name := range names {
		delete(v.Methods, name)
	}
}

// data is the object that a method takes: its last parameter with fields.
func (v *Version) data(name string) Type {
	params := v.Methods[name].Params
	return params[len(params)-1].Type
}

// crud replaces what create and update take, under parameters of the names given. With empty names they stay.
func (v *Version) crud(kind string, create, update Type) {
	for method, t := range map[string]Type{kind + ".create": create, kind + ".update": update} {
		m := v.Methods[method]
		m.Params = slices.Clone(m.Params)
		m.Params[len(m.Params)-1].Type = t
		v.Methods[method] = m
	}
}

// rename gives the last parameter of a method another name, under which its faults are told. Schema is for those that a
// rule finds.
func (v *Version) rename(method, param, schema string) {
	m := v.Methods[method]
	m.Params = slices.Clone(m.Params)
	m.Params[len(m.Params)-1].Name, m.Schema = param, schema
	v.Methods[method] = m
}

// strictly says of methods that their arguments are not converted. A name that ends in a dot stands for all below it.
func (v *Version) strictly(names ...string) {
	for name, m := range v.Methods {
		for _, one := range names {
			if one == "" || name == one || strings.HasSuffix(one, ".") && strings.HasPrefix(name, one) {
				m.Strict = true
				v.Methods[name] = m
			}
		}
	}
}

// tells adds and removes ("-name") fields of an answer.
func (v *Version) tells(kind string, changes ...string) {
	fields := slices.Clone(v.Replies[kind])
	for _, change := range changes {
		if gone, ok := strings.CutPrefix(change, "-"); ok {
			fields = slices.DeleteFunc(fields, func(f string) bool { return f == gone })
		} else {
			fields = append(fields, change)
		}
	}
	v.Replies[kind] = fields
}

// Prefix is what the fields of a call are told under when a rule refuses them.
func (m Method) Prefix() string {
	if m.Schema != "" || len(m.Params) == 0 {
		return m.Schema
	}
	for _, p := range m.Params {
		if p.Kind == Object {
			return p.Name
		}
	}
	return m.Params[0].Name
}
