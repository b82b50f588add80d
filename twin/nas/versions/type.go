// SPDX-License-Identifier: GPL-3.0-or-later

package versions

// Kind is the sort of a JSON value.
type Kind int

// Kinds of values. Either is one of several types; Any is not looked into.
const (
	Any Kind = iota
	String
	Integer
	Boolean
	List
	Object
	Either
)

// maxString is how long a string may be where nothing else is said.
const maxString = 1024

// Type says which values are taken.
type Type struct {
	Kind     Kind
	Null     bool // null is taken, too
	Min, Max *int64
	// MinLen and MaxLen are a string's length; a list's shortest is MinLen.
	MinLen, MaxLen int
	Unique         bool   // a list's members differ
	Choices        []any  // the only values that are taken, strings or int64
	Pattern        string // of a string, as in "^a.*$"
	Items          *Type  // of a list's members; nil for any
	Fields         []Field
	Open           bool // an object takes unknown fields
	Variants       []Type
	Address        bool // a string is an IP address, or empty
}

// Field is a member of an object, or a parameter of a method.
type Field struct {
	Name string
	Type
	Required bool
	Default  any // what it is when it is not sent, where HasDefault is set
	Filled   bool
}

func str() Type                 { return Type{Kind: String, MaxLen: maxString} }
func integer() Type             { return Type{Kind: Integer} }
func boolean() Type             { return Type{Kind: Boolean} }
func anything() Type            { return Type{} }
func list(of Type) Type         { return Type{Kind: List, Items: &of} }
func object(f ...Field) Type    { return Type{Kind: Object, Fields: f} }
func either(of ...Type) Type    { return Type{Kind: Either, Variants: of} }
func address() Type             { return Type{Kind: String, MaxLen: maxString, Address: true} }
func text(least, most int) Type { return Type{Kind: String, MinLen: least, MaxLen: most} }

func between(least, most int64) Type { return Type{Kind: Integer, Min: &least, Max: &most} }
func atLeast(least int64) Type       { return Type{Kind: Integer, Min: &least} }

// choice takes the values given: strings, integers (as int) and nil.
func choice(values ...any) Type {
	t := Type{Kind: String}
	for _, v := range values {
		if n, ok := v.(int); ok {
			t.Kind, v = Integer, int64(n)
		}
		if v == nil {
			t.Null = true
			continue
		}
		t.Choices = append(t.Choices, v)
	}
	return t
}

func choices(values []string) Type {
	all := make([]any, 0, len(values))
	for _, v := range values {
		all = append(all, v)
	}
	return choice(all...)
}

func null(t Type) Type {
	t.Null = true
	return t
}

// req is a field that must be sent.
func req(name string, t Type) Field { return Field{Name: name, Type: t, Required: true} }

// may is a field that may be left out and has no default.
func may(name string, t Type) Field { return Field{Name: name, Type: t} }

// opt is a field with a default. An int stands for an int64.
func opt(name string, t Type, value any) Field {
	if n, ok := value.(int); ok {
		value = int64(n)
	}
	return Field{Name: name, Type: t, Default: value, Filled: true}
}

// patch is what an update takes of an object: every field may be left out, and none has a default.
func patch(t Type) Type {
	fields := make([]Field, 0, len(t.Fields))
	for _, f := range t.Fields {
		fields = append(fields, may(f.Name, f.Type))
	}
	t.Fields = fields
	return t
}

// with is an object with fields added or replaced.
func (t Type) with(fields ...Field) Type {
	t.Fields = append([]Field{}, t.Fields...)
	for _, f := range fields {
		t = t.without(f.Name)
		t.Fields = append(t.Fields, f)
	}
	return t
}

// without is an object that lacks fields.
func (t Type) without(names ...string) Type {
	var kept []Field
	for _, f := range t.Fields {
		if !contains(names, f.Name) {
			kept = append(kept, f)
		}
	}
	t.Fields = kept
	return t
}

// Field finds a member of an object.
func (t Type) Field(name string) (Field, bool) {
	for _, f := range t.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}
