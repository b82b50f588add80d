// SPDX-License-Identifier: GPL-3.0-or-later

package versions

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"livelab.dev/twin/nas/fault"
)

// Clean checks the arguments of a call and fills in what was left out. The answer has one value for each parameter.
func (m Method) Clean(args []any) ([]any, error) {
	c := &cleaner{words: lenient}
	if m.Strict {
		c.words = strict
	}
	if len(args) > len(m.Params) {
		c.wrong.Add("", fault.EINVAL, "Too many arguments (expected %d, found %d)", len(m.Params), len(args))
		return nil, c.wrong.Err()
	}
	all := make([]any, len(m.Params))
	for i, p := range m.Params {
		switch {
		case i < len(args):
			all[i] = c.clean(p.Name, p.Type, args[i])
		case p.Required:
			c.wrong.Add(p.Name, fault.EINVAL, "%s", c.words.missing)
		case p.Filled:
			all[i] = c.fill(p.Name, p)
		case p.Kind == Object:
			all[i] = c.clean(p.Name, p.Type, map[string]any{})
		}
	}
	return all, c.wrong.Err()
}

// Check checks a value under a name, as pydantic does.
func (t Type) Check(name string, value any) (any, error) {
	c := &cleaner{words: strict}
	cleaned := c.clean(name, t, value)
	return cleaned, c.wrong.Err()
}

// CleanForm checks what API v1.0 was sent for an object. Of a change (partial) nothing has to be there, and nothing is
// filled in. What is null is dropped, as a real one does.
func (t Type) CleanForm(sent map[string]any, partial bool) (map[string]any, error) {
	c := &cleaner{words: form}
	if partial {
		t = patch(t)
	}
	maps.DeleteFunc(sent, func(_ string, v any) bool { return v == nil })
	cleaned, _ := c.clean("", t, sent).(map[string]any)
	return cleaned, c.wrong.Err()
}

// cleaner goes through a value and gathers what is wrong with it.
type cleaner struct {
	words *wording
	wrong fault.Invalid
}

func (c *cleaner) refuse(path, format string, args ...any) any {
	c.wrong.Add(path, fault.EINVAL, format, args...)
	return nil
}

func (c *cleaner) clean(path string, t Type, value any) any {
	if value == nil {
		if t.Null || t.Kind == Any {
			return nil
		}
		if t.Kind != Either {
			return c.refuse(path, "%s", c.words.null(t))
		}
	}
	switch t.Kind {
	case String:
		return c.cleanString(path, t, value)
	case Integer:
		return c.cleanInteger(path, t, value)
	case Boolean:
		if _, ok := value.(bool); !ok {
			return c.refuse(path, "%s", c.words.boolean)
		}
	case List:
		return c.cleanList(path, t, value)
	case Object:
		return c.cleanObject(path, t, value)
	case Either:
		return c.cleanEither(path, t, value)
	}
	return value
}

func (c *cleaner) cleanString(path string, t Type, value any) any {
	if n, ok := value.(int64); ok && c.words.coerces {
		value = strconv.FormatInt(n, 10)
	}
	s, ok := value.(string)
	if !ok {
		return c.refuse(path, "%s", c.words.str)
	}
	length := len([]rune(s))
	switch {
	case t.Choices != nil && !slices.Contains(t.Choices, any(s)):
		return c.refuse(path, "%s", c.words.choice(t, s))
	case length < t.MinLen:
		return c.refuse(path, "%s", c.words.short(t.MinLen))
	case t.MaxLen > 0 && length > t.MaxLen:
		return c.refuse(path, "%s", c.words.long(t.MaxLen))
	case t.Pattern != "" && !regexp.MustCompile("^(?:"+t.Pattern+")").MatchString(s):
		return c.refuse(path, "String should match pattern '%s'", t.Pattern)
	}
	if t.Address && s != "" {
		if _, err := netip.ParseAddr(s); err != nil {
			return c.refuse(path, "'%s' does not appear to be an IPv4 or IPv6 address", s)
		}
	}
	return s
}

func (c *cleaner) cleanInteger(path string, t Type, value any) any {
	if value == "" && t.Null && c.words.empties {
		return nil
	}
	if s, ok := value.(string); ok && c.words.coerces {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 {
			value = n
		}
	}
	n, ok := value.(int64)
	switch {
	case !ok:
		return c.refuse(path, "%s", c.words.integer)
	case t.Choices != nil && !slices.Contains(t.Choices, any(n)):
		return c.refuse(path, "%s", c.words.choice(t, n))
	case t.Min != nil && n < *t.Min || t.Max != nil && n > *t.Max:
		return c.refuse(path, "%s", c.words.bounds(t, n))
	}
	return n
}

func (c *cleaner) cleanList(path string, t Type, value any) any {
	items, ok := value.([]any)
	if !ok {
		return c.refuse(path, "%s", c.words.list)
	}
	if len(items) < t.MinLen {
		return c.refuse(path, "%s", c.words.few(t.MinLen, len(items)))
	}
	cleaned := make([]any, 0, len(items))
	for i, item := range items {
		if t.Items == nil {
			cleaned = append(cleaned, item)
			continue
		}
		cleaned = append(cleaned, c.words.member(c, path, i, *t.Items, item))
		if t.Unique && slices.ContainsFunc(items[:i], func(o any) bool { return fmt.Sprint(o) == fmt.Sprint(item) }) {
			c.refuse(fmt.Sprintf("%s.%d", path, i), "This value is not unique.")
		}
	}
	return cleaned
}

func (c *cleaner) cleanObject(path string, t Type, value any) any {
	sent, ok := value.(map[string]any)
	if !ok {
		return c.refuse(path, "%s", c.words.object)
	}
	cleaned := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if _, known := t.Field(name); known {
			continue
		}
		if !t.Open {
			c.refuse(strings.TrimPrefix(path+"."+name, "."), "%s", c.words.extra)
		}
		cleaned[name] = sent[name]
	}
	for _, f := range t.Fields {
		where := strings.TrimPrefix(path+"."+f.Name, ".")
		if v, was := sent[f.Name]; was {
			cleaned[f.Name] = c.clean(where, f.Type, v)
		} else if f.Required {
			c.refuse(where, "%s", c.words.missing)
		} else if f.Filled {
			cleaned[f.Name] = c.fill(where, f)
		}
	}
	return cleaned
}

// fill is a field's default, with the defaults of its own members.
func (c *cleaner) fill(path string, f Field) any {
	if members, ok := f.Default.(map[string]any); ok {
		return c.clean(path, f.Type, maps.Clone(members))
	}
	if items, ok := f.Default.([]any); ok {
		return slices.Clone(items)
	}
	return f.Default
}

// cleanEither takes the first variant that fits. Objects are told apart by the field that has one value in each.
func (c *cleaner) cleanEither(path string, t Type, value any) any {
	if sent, ok := value.(map[string]any); ok {
		if by := t.discriminator(); by != "" {
			return c.cleanTagged(path, t, by, sent)
		}
	}
	var first fault.Invalid
	for _, variant := range t.Variants {
		attempt := &cleaner{words: c.words}
		cleaned := attempt.clean(path, variant, value)
		if len(attempt.wrong) == 0 {
			return cleaned
		}
		if first == nil {
			first = attempt.wrong
		}
	}
	c.wrong = append(c.wrong, first...)
	return nil
}

// discriminator is the name of a field in which a variant allows one value only.
func (t Type) discriminator() string {
	for _, variant := range t.Variants {
		for _, f := range variant.Fields {
			if f.Name == "type" || f.Name == "mechanism" {
				return f.Name
			}
		}
	}
	return ""
}

func (c *cleaner) cleanTagged(path string, t Type, by string, sent map[string]any) any {
	tag, told := sent[by]
	var tags []string
	for _, variant := range t.Variants {
		f, _ := variant.Field(by)
		if slices.Contains(f.Choices, tag) || !told && f.Filled {
			return c.clean(path, variant, sent)
		}
		for _, one := range f.Choices {
			tags = append(tags, fmt.Sprintf("'%v'", one))
		}
	}
	if !told {
		return c.refuse(path, "Unable to extract tag using discriminator '%s'", by)
	}
	return c.refuse(path, "Input tag '%v' found using '%s' does not match any of the expected tags: %s", tag, by, strings.Join(tags, ", "))
}
