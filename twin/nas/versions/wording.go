// SPDX-License-Identifier: GPL-3.0-or-later

package versions

import (
	"fmt"
	"strings"
)

// wording is how a generation of the middleware says what is wrong, and what it takes for something else.
type wording struct {
	// coerces says that "1" is taken for 1, and 1 for "1".
	coerces bool
	// empties says that a number that need not be there is taken away by an empty text, as Django's forms have it.
	empties                             bool
	missing, extra                      string
	str, integer, boolean, list, object string
	null                                func(t Type) string
	choice                              func(t Type, value any) string
	bounds                              func(t Type, value int64) string
	short, long                         func(limit int) string
	few                                 func(least, are int) string
	member                              func(c *cleaner, path string, i int, t Type, value any) any
}

// lenient is the middleware's own checker: everything before 25.04, and what was not converted by then.
var lenient = &wording{
	coerces: true, missing: "attribute required", extra: "Field was not expected",
	str: "Not a string", integer: "Not an integer", boolean: "Not a boolean", list: "Not a list", object: "A dict was expected",
	null:   func(Type) string { return "null not allowed" },
	choice: func(_ Type, value any) string { return fmt.Sprintf("Invalid choice: %v", value) },
	bounds: func(t Type, _ int64) string {
		switch {
		case t.Max == nil:
			return fmt.Sprintf("Should be greater or equal than %d", *t.Min)
		case t.Min == nil:
			return fmt.Sprintf("Should be less or equal than %d", *t.Max)
		}
		return fmt.Sprintf("Should be between %d and %d", *t.Min, *t.Max)
	},
	short: func(int) string { return "Empty value not allowed" },
	long:  func(limit int) string { return fmt.Sprintf("Value greater than %d not allowed", limit) },
	few:   func(int, int) string { return "Empty value not allowed" },
	// Of a list the first member that is wrong is told, in one message for the list.
	member: func(c *cleaner, path string, i int, t Type, value any) any {
		inner := &cleaner{words: c.words}
		cleaned := inner.clean(path[strings.LastIndex(path, ".")+1:], t, value)
		if len(inner.wrong) > 0 {
			c.refuse(path, "Item#%d is not valid per list types: %s", i, inner.wrong.Error())
		}
		return cleaned
	},
}

// strict is pydantic, as the middleware has set it from 25.04 on: nothing is converted, unknown fields are refused.
var strict = &wording{
	missing: "Field required", extra: "Extra inputs are not permitted",
	str: "Input should be a valid string", integer: "Input should be a valid integer",
	boolean: "Input should be a valid boolean", list: "Input should be a valid list", object: "Input should be a valid dictionary or instance",
	null: func(t Type) string {
		switch {
		case t.Choices != nil:
			return "Input should be " + orList(t.Choices)
		case t.Kind == String:
			return "Input should be a valid string"
		case t.Kind == Integer:
			return "Input should be a valid integer"
		case t.Kind == Boolean:
			return "Input should be a valid boolean"
		case t.Kind == List:
			return "Input should be a valid list"
		}
		return "Input should be a valid dictionary or instance"
	},
	choice: func(t Type, _ any) string { return "Input should be " + orList(t.Choices) },
	bounds: func(t Type, value int64) string {
		if t.Min != nil && value < *t.Min {
			return fmt.Sprintf("Input should be greater than or equal to %d", *t.Min)
		}
		return fmt.Sprintf("Input should be less than or equal to %d", *t.Max)
	},
	short: func(limit int) string { return "String should have at least " + count(limit, "character") },
	long:  func(limit int) string { return "String should have at most " + count(limit, "character") },
	few: func(least, are int) string {
		return fmt.Sprintf("List should have at least %s after validation, not %d", count(least, "item"), are)
	},
	member: func(c *cleaner, path string, i int, t Type, value any) any {
		return c.clean(fmt.Sprintf("%s.%d", path, i), t, value)
	},
}

// form is a form of Django, as API v1.0 has them.
var form = &wording{
	coerces: true, empties: true, missing: "This field is required.", extra: "Unknown field.",
	str: "Enter a text.", integer: "Enter a whole number.", boolean: "Enter true or false.", list: "Enter a list.", object: "Enter an object.",
	null: func(Type) string { return "This field is required." },
	choice: func(_ Type, value any) string {
		return fmt.Sprintf("Select a valid choice. %v is not one of the available choices.", value)
	},
	bounds: func(t Type, value int64) string {
		if t.Min != nil && value < *t.Min {
			return fmt.Sprintf("Ensure this value is greater than or equal to %d.", *t.Min)
		}
		return fmt.Sprintf("Ensure this value is less than or equal to %d.", *t.Max)
	},
	short: func(int) string { return "This field is required." },
	long:  func(limit int) string { return fmt.Sprintf("Ensure this value has at most %d characters.", limit) },
	few:   func(int, int) string { return "This field is required." },
	member: func(c *cleaner, path string, i int, t Type, value any) any {
		return c.clean(fmt.Sprintf("%s.%d", path, i), t, value)
	},
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// orList writes 'A', 'B' or 'C'.
func orList(values []any) string {
	var all []string
	for _, v := range values {
		switch v := v.(type) {
		case string:
			all = append(all, "'"+v+"'")
		default:
			all = append(all, fmt.Sprint(v))
		}
	}
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}
