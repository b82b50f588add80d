// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"
)

// behind are the types of the values that stand behind an interface of the API, where they have more than its name says.
var behind = map[string]reflect.Type{
	"BaseHostVirtualSwitchBridge": reflect.TypeFor[types.HostVirtualSwitchBondBridge](),
}

// sources calls f with every file of this package and those below it, tests left out.
func sources(t *testing.T, f func(file *ast.File)) {
	t.Helper()
	must(t, filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err == nil {
			f(parsed)
		}
		return err
	}))
}

// isName tells whether an expression is a name of a package, such as fault.Invalid.
func isName(e ast.Expr, pkg, name string) bool {
	selected, ok := e.(*ast.SelectorExpr)
	if !ok || selected.Sel.Name != name {
		return false
	}
	from, ok := selected.X.(*ast.Ident)
	return ok && from.Name == pkg
}

// has tells whether a type of the API has a property at a path, such as "spec.bridge.nicDevice".
func has(t reflect.Type, path string) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() == reflect.Interface {
		named, ok := behind[t.Name()]
		if !ok {
			named, ok = types.TypeFunc()(strings.TrimPrefix(t.Name(), "Base"))
		}
		if !ok {
			return false
		}
		t = named
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	first, rest, more := strings.Cut(path, ".")
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("xml"), ","); !field.Anonymous && name == first && (!more || has(field.Type, rest)) {
			return true
		}
	}
	return false
}

// TestInvalidArgumentNamesAProperty shows that what an InvalidArgument calls wrong is a property of some request that is answered here.
func TestInvalidArgumentNamesAProperty(t *testing.T) {
	var requests []reflect.Type
	var named []string
	sources(t, func(file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				for _, parameter := range n.Type.Params.List {
					if star, ok := parameter.Type.(*ast.StarExpr); ok {
						if selected, ok := star.X.(*ast.SelectorExpr); ok && isName(selected, "types", selected.Sel.Name) {
							if request, ok := types.TypeFunc()(selected.Sel.Name); ok {
								requests = append(requests, request)
							}
						}
					}
				}
			case *ast.CallExpr:
				if !isName(n.Fun, "fault", "Invalid") {
					break
				}
				if text, ok := n.Args[0].(*ast.BasicLit); ok {
					property, err := strconv.Unquote(text.Value)
					must(t, err)
					named = append(named, property)
				}
			}
			return true
		})
	})
	if len(named) < 40 || len(requests) < 40 {
		t.Fatalf("found %d properties and %d requests", len(named), len(requests))
	}
	for _, property := range named {
		found := false
		for _, request := range requests {
			found = found || has(request, property)
		}
		if !found {
			t.Errorf("no request has the property %q", property)
		}
	}
}
