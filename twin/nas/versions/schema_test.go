// SPDX-License-Identifier: GPL-3.0-or-later

package versions

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// schemas finds what the middleware itself publishes; it is kept outside the project.
func schemas(t *testing.T, file string) map[string]node {
	t.Helper()
	for _, folder := range []string{"../../../../shared/truenas", "../../../../../shared/truenas"} {
		data, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			continue
		}
		var all map[string]node
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	t.Skip("not run: no ../shared/truenas")
	return nil
}

type node = map[string]any

// Every method that is published takes here what it takes there, field by field.
func TestTablesAgreeWithTheMiddleware(t *testing.T) {
	for version, file := range map[string]string{"25.04": "jsonrpc-25.04.2.json", "25.10": "jsonrpc-25.10.5.json", "26.0": "jsonrpc-26.0.0.json"} {
		t.Run(version, func(t *testing.T) {
			v, err := Lookup(version)
			if err != nil {
				t.Fatal(err)
			}
			for name, schema := range schemas(t, file) {
				method, ok := v.Methods[name]
				if !ok {
					t.Errorf("%s is missing", name)
					continue
				}
				if !method.Strict {
					t.Errorf("%s converts what it is given", name)
				}
				defs, _ := schema["$defs"].(node)
				there := describe(read(schema, defs), "")
				here := describe(Type{Kind: Object, Fields: method.Params}, "")
				for _, line := range here {
					if !slices.Contains(there, line) {
						t.Errorf("%s: only here: %s", name, line)
					}
				}
				for _, line := range there {
					if !slices.Contains(here, line) {
						t.Errorf("%s: only there: %s", name, line)
					}
				}
			}
		})
	}
}

// read makes a type of a JSON Schema.
func read(s node, defs node) Type {
	if ref, ok := s["$ref"].(string); ok {
		return read(defs[ref[strings.LastIndex(ref, "/")+1:]].(node), defs)
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		if list, ok := s[key].([]any); ok {
			return readVariants(list, defs)
		}
	}
	t := Type{MinLen: number(s["minLength"]) + number(s["minItems"]), MaxLen: number(s["maxLength"]), Min: bound(s["minimum"]), Max: bound(s["maximum"])}
	if above := bound(s["exclusiveMinimum"]); above != nil {
		least := *above + 1
		t.Min = &least
	}
	t.Pattern, _ = s["pattern"].(string)
	t.Unique, _ = s["uniqueItems"].(bool)
	if values, ok := s["enum"].([]any); ok {
		return choice(asInts(values)...)
	}
	if value, ok := s["const"]; ok {
		return choice(asInts([]any{value})...)
	}
	switch s["type"] {
	case "string":
		t.Kind = String
	case "integer":
		t.Kind = Integer
	case "boolean":
		t.Kind = Boolean
	case "array":
		t.Kind = List
		if items, ok := s["items"].(node); ok {
			item := read(items, defs)
			t.Items = &item
		}
	case "object":
		readFields(&t, s, defs)
	case "null":
		t.Null = true
	}
	return t
}

func readFields(t *Type, s node, defs node) {
	t.Kind = Object
	t.Open = s["additionalProperties"] != false
	required, _ := s["required"].([]any)
	properties, _ := s["properties"].(node)
	for name, p := range properties {
		f := Field{Name: name, Type: read(p.(node), defs), Required: slices.Contains(required, any(name))}
		f.Default, f.Filled = p.(node)["default"]
		t.Fields = append(t.Fields, f)
	}
}

// readVariants takes "or null" for what it is, and leaves out an empty string beside any string: an address.
func readVariants(list []any, defs node) Type {
	var types []Type
	isNull, isAddress := false, false
	for _, one := range list {
		s := one.(node)
		switch {
		case s["type"] == "null":
			isNull = true
		case s["const"] == "":
			isAddress = true
		default:
			types = append(types, read(s, defs))
		}
	}
	t := Type{Kind: Either, Variants: types}
	if len(types) == 1 {
		t = types[0]
	}
	t.Null, t.Address = t.Null || isNull, isAddress
	return t
}

func number(v any) int {
	f, _ := v.(float64)
	return int(f)
}

func bound(v any) *int64 {
	f, ok := v.(float64)
	if !ok {
		return nil
	}
	n := int64(f)
	return &n
}

func asInts(values []any) []any {
	var all []any
	for _, v := range values {
		if f, ok := v.(float64); ok {
			v = int(f)
		}
		all = append(all, v)
	}
	return all
}

// describe says everything of a type in lines, so that two can be compared.
func describe(t Type, path string) []string {
	// A field that the middleware calls an address may be any string there.
	line := fmt.Sprintf("%s: kind %d null %v min %s max %s length %d to %d unique %v open %v pattern %q choices %v", path, t.Kind, t.Null,
		show(t.Min), show(t.Max), t.MinLen, t.MaxLen, t.Unique, t.Open, t.Pattern, sorted(t.Choices))
	lines := []string{line}
	for _, f := range t.Fields {
		value := "none"
		if f.Filled {
			data, _ := json.Marshal(f.Default)
			value = string(data)
		}
		lines = append(lines, fmt.Sprintf("%s.%s: required %v default %s", path, f.Name, f.Required, value))
		lines = append(lines, describe(f.Type, path+"."+f.Name)...)
	}
	if t.Items != nil {
		lines = append(lines, describe(*t.Items, path+"[]")...)
	}
	for _, variant := range t.Variants {
		lines = append(lines, describe(variant, path+tagOf(variant))...)
	}
	return lines
}

// tagOf names a variant by what tells it from the others, whatever their order.
func tagOf(t Type) string {
	for _, f := range t.Fields {
		if f.Name == "type" || f.Name == "mechanism" {
			return fmt.Sprint("|", sorted(f.Choices))
		}
	}
	return fmt.Sprintf("|%d%v", t.Kind, sorted(t.Choices))
}

func sorted(values []any) []string {
	var all []string
	for _, v := range values {
		all = append(all, fmt.Sprintf("%v", v))
	}
	slices.Sort(all)
	return all
}

func show(n *int64) string {
	if n == nil {
		return "none"
	}
	return fmt.Sprint(*n)
}
