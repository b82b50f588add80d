// SPDX-License-Identifier: GPL-3.0-or-later

package rest2

import (
	"net/url"
	"strings"

	"livelab.dev/twin/nas/middleware"
	"livelab.dev/twin/nas/versions"
)

// operators are those that a URL's parameter may have behind its name: name__ne=x.
var operators = map[string]string{"": "=", "eq": "=", "ne": "!=", "gt": ">", "lt": "<", "startswith": "^", "regex": "~", "in": "in"}

// fromURL reads filters and options: every parameter filters but for limit, offset, sort, count and get.
func fromURL(values url.Values) (filters []any, options map[string]any) {
	filters, options = []any{}, map[string]any{}
	for key, all := range values {
		switch key {
		case "limit", "offset":
			if n, err := versions.Decode([]byte(all[0])); err == nil {
				options[key] = n
			}
		case "sort":
			var by []any
			for _, field := range strings.Split(all[0], ",") {
				by = append(by, field)
			}
			options["order_by"] = by
		case "count", "get":
			options[key] = true
		default:
			field, operator, _ := strings.Cut(key, "__")
			var want any = middleware.Loose(all[0])
			if operator == "in" {
				var list []any
				for _, one := range strings.Split(all[0], ",") {
					list = append(list, middleware.Loose(one))
				}
				want = list
			}
			if known, ok := operators[operator]; ok {
				operator = known
			}
			filters = append(filters, []any{field, operator, want})
		}
	}
	return filters, options
}
