// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the twin's module path, with the slash behind it.
const module = "livelab.dev/twin/"

// layers are the packages of the twin, the lowest first. A package imports packages of lower layers only, never one of its own.
var layers = [][]string{
	{"survive"},
	{"iscsi/pdu", "nas/tgt", "hypervisor", "network", "vsphere/store", "vsphere/wire", "vsphere/registry/fault"},
	{"iscsi", "vsphere/names", "vsphere/registry/fault/faulttest"},
	{"partitions", "vmfs", "vsphere/registry"},
	{"vsphere/host", "vsphere/machines"},
	{"vsphere/machines/imports", "vsphere/machines/power", "vsphere/machines/move", "vsphere/machines/perf", "vsphere/view"},
	{"vsphere/vcenter"},
	{"vsphere/api"},
	{"vsphere"},
	{"lab"},
	{"cmd/labtwin", "cmd/govc"},
}

// apart are the folders whose own layers are their own matter: nothing but lab imports them, and they import nothing above iscsi.
const apart = "nas"

// rank is the layer of a package, from 1; 0 for none.
func rank(pkg string) int {
	return 1 + slices.IndexFunc(layers, func(layer []string) bool { return slices.Contains(layer, pkg) })
}

// imported are the packages that each package of the twin imports, tests left out: the file that does, by what it imports.
func imported(t *testing.T) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	root := os.DirFS("..")
	must(t, fs.WalkDir(root, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", file), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(file)
		if all[pkg] == nil {
			all[pkg] = map[string]string{}
		}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all[pkg][name] = file
		}
		return nil
	}))
	return all
}

// TestPackagesImportDownwards holds the order of the twin's packages.
func TestPackagesImportDownwards(t *testing.T) {
	all := imported(t)
	for pkg, imports := range all {
		if pkg == apart || strings.HasPrefix(pkg, apart+"/") {
			continue
		}
		if rank(pkg) == 0 {
			t.Errorf("%s has no layer: say in layers where it is", pkg)
		}
		for name, file := range imports {
			below, own := strings.CutPrefix(name, module)
			if !own || below == apart || strings.HasPrefix(below, apart+"/") {
				continue
			}
			if rank(below) >= rank(pkg) {
				t.Errorf("%s imports %s, which is not below %s", file, below, pkg)
			}
		}
	}
	for _, pkg := range slices.Concat(layers...) {
		if all[pkg] == nil && !strings.HasPrefix(pkg, apart+"/") {
			t.Errorf("there is no package %s", pkg)
		}
	}
}

// TestHostKnowsNoSOAP holds that a host is its state and its rules: methods of the API are answered in package api.
func TestHostKnowsNoSOAP(t *testing.T) {
	banned := []string{
		"github.com/vmware/govmomi/vim25/methods", "github.com/vmware/govmomi/vim25/soap", "github.com/vmware/govmomi/vim25/mo",
		"github.com/vmware/govmomi/simulator", "net/http",
	}
	for name, file := range imported(t)["vsphere/host"] {
		if slices.Contains(banned, name) {
			t.Errorf("%s imports %s", file, name)
		}
	}
}

// TestPackagesStaySmall holds that a folder and a file of the twin can be overlooked.
func TestPackagesStaySmall(t *testing.T) {
	const mostFiles, mostLines = 30, 600
	files := map[string]int{}
	must(t, filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(file) != ".go" {
			return err
		}
		data, err := os.ReadFile(file)
		if lines := strings.Count(string(data), "\n"); lines > mostLines {
			t.Errorf("%s has %d lines, more than %d", file, lines, mostLines)
		}
		if !strings.HasSuffix(file, "_test.go") {
			files[filepath.Dir(file)]++
		}
		return err
	}))
	for _, folder := range slices.Sorted(maps.Keys(files)) {
		// api has a file for each managed object of the reference, as many as there are.
		if files[folder] > mostFiles && folder != filepath.Join("..", "vsphere", "api") {
			t.Errorf("%s has %d files, more than %d", folder, files[folder], mostFiles)
		}
	}
}
