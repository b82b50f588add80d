// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// query answers a GET of a list as the middleware does: every parameter filters (name=tank, id__in=1,2, name__ne=x),
// but for limit, offset, sort, count and get.
func query[T any](r *http.Request, items []T) (any, error) {
	rows, err := toRows(items)
	if err != nil {
		return nil, err
	}
	values := r.URL.Query()
	for key, want := range values {
		if slices.Contains([]string{"limit", "offset", "sort", "count", "get"}, key) {
			continue
		}
		field, operator, _ := strings.Cut(key, "__")
		match, err := matcher(operator, want[0])
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(row map[string]any) bool { return !match(text(row[field])) })
	}
	if by := values.Get("sort"); by != "" {
		field := strings.TrimLeft(by, "-")
		slices.SortStableFunc(rows, func(a, b map[string]any) int { return compare(a[field], b[field]) })
		if strings.HasPrefix(by, "-") {
			slices.Reverse(rows)
		}
	}
	if n, err := strconv.Atoi(values.Get("offset")); err == nil && n > 0 {
		rows = rows[min(n, len(rows)):]
	}
	if n, err := strconv.Atoi(values.Get("limit")); err == nil && n > 0 {
		rows = rows[:min(n, len(rows))]
	}
	switch {
	case values.Has("count"):
		return len(rows), nil
	case values.Has("get") && len(rows) == 0:
		return nil, notFound("No object matches the filters")
	case values.Has("get"):
		return rows[0], nil
	}
	return rows, nil
}

func toRows[T any](items []T) ([]map[string]any, error) {
	data, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	rows := []map[string]any{}
	if len(items) == 0 {
		return rows, nil
	}
	return rows, json.Unmarshal(data, &rows)
}

func matcher(operator, want string) (func(string) bool, error) {
	switch operator {
	case "", "eq":
		return func(v string) bool { return v == want }, nil
	case "ne":
		return func(v string) bool { return v != want }, nil
	case "in":
		list := strings.Split(want, ",")
		return func(v string) bool { return slices.Contains(list, v) }, nil
	case "startswith":
		return func(v string) bool { return strings.HasPrefix(v, want) }, nil
	}
	return nil, refusal(einval, "Invalid operation: %s", operator)
}

// text is a JSON value as it stands in a query: a number without its fraction, true, false, null.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func compare(a, b any) int {
	x, isNumber := a.(float64)
	y, alsoNumber := b.(float64)
	if isNumber && alsoNumber {
		return int(min(max(x-y, -1), 1))
	}
	return strings.Compare(text(a), text(b))
}
