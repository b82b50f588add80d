// SPDX-License-Identifier: GPL-3.0-or-later

package middleware

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"livelab.dev/twin/nas/fault"
)

// Query filters rows as the middleware does: filters are [field, operator, value] or ["OR", [filter, …]]; options are
// get, count, limit, offset, order_by and select.
func Query(rows []map[string]any, filters, options any) (any, error) {
	if rows == nil {
		rows = []map[string]any{}
	}
	list, _ := filters.([]any)
	var failed error
	rows = slices.DeleteFunc(rows, func(row map[string]any) bool {
		ok, err := matchAll(row, list)
		if err != nil {
			failed = err
		}
		return !ok
	})
	if failed != nil {
		return nil, failed
	}
	by, _ := member(options, "order_by").([]any)
	for _, field := range slices.Backward(by) {
		order(rows, word(field))
	}
	if n := number(member(options, "offset")); n > 0 {
		rows = rows[min(n, len(rows)):]
	}
	if n := number(member(options, "limit")); n > 0 {
		rows = rows[:min(n, len(rows))]
	}
	if fields, _ := member(options, "select").([]any); len(fields) > 0 {
		for i, row := range rows {
			rows[i] = map[string]any{}
			for _, f := range fields {
				rows[i][word(f)] = row[word(f)]
			}
		}
	}
	switch {
	case flag(member(options, "count")):
		return len(rows), nil
	case flag(member(options, "get")) && len(rows) == 0:
		return nil, fault.Missing("No object matches the filters")
	case flag(member(options, "get")):
		return rows[0], nil
	}
	return rows, nil
}

func matchAll(row map[string]any, filters []any) (bool, error) {
	for _, f := range filters {
		ok, err := match(row, f)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func match(row map[string]any, filter any) (bool, error) {
	parts, _ := filter.([]any)
	if len(parts) == 2 && parts[0] == "OR" {
		any2, _ := parts[1].([]any)
		for _, one := range any2 {
			if ok, err := match(row, one); err != nil || ok {
				return ok, err
			}
		}
		return false, nil
	}
	if len(parts) != 3 {
		return false, fault.Refuse(fault.EINVAL, "Invalid filter %v", filter)
	}
	return holds(row[word(parts[0])], word(parts[1]), parts[2])
}

func holds(value any, operator string, want any) (bool, error) {
	switch operator {
	case "=":
		return same(value, want), nil
	case "!=":
		return !same(value, want), nil
	case ">", ">=", "<", "<=":
		c := compare(value, want)
		return operator[0] == '>' && c > 0 || operator[0] == '<' && c < 0 || len(operator) == 2 && c == 0, nil
	case "in", "nin":
		list, _ := want.([]any)
		in := slices.ContainsFunc(list, func(one any) bool { return same(value, one) })
		return in == (operator == "in"), nil
	case "^":
		return strings.HasPrefix(text(value), text(want)), nil
	case "$":
		return strings.HasSuffix(text(value), text(want)), nil
	case "~":
		form, err := regexp.Compile(text(want))
		if err != nil {
			return false, fault.Refuse(fault.EINVAL, "%v", err)
		}
		return form.MatchString(text(value)), nil
	}
	return false, fault.Refuse(fault.EINVAL, "Invalid operation: %s", operator)
}

// Loose is a value from a URL, which is not told whether it is a number or a text.
type Loose string

func same(value, want any) bool {
	if loose, ok := want.(Loose); ok {
		return text(value) == string(loose)
	}
	return fmt.Sprintf("%T %v", value, value) == fmt.Sprintf("%T %v", want, want)
}

// text is a JSON value as it stands in a URL: true, false, null, a number.
func text(v any) string {
	if v == nil {
		return "null"
	}
	return fmt.Sprint(v)
}

func order(rows []map[string]any, by string) {
	field := strings.TrimLeft(by, "-")
	slices.SortStableFunc(rows, func(a, b map[string]any) int {
		if strings.HasPrefix(by, "-") {
			a, b = b, a
		}
		return compare(a[field], b[field])
	})
}

func compare(a, b any) int {
	x, isNumber := a.(int64)
	y, alsoNumber := b.(int64)
	if isNumber && alsoNumber {
		return int(min(max(x-y, -1), 1))
	}
	return strings.Compare(text(a), text(b))
}
