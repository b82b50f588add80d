// SPDX-License-Identifier: GPL-3.0-or-later

// Package fault is what can go wrong in a call to the NAS. Each dialect of its API has a form of its own for it.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Numbers of the errors that the NAS tells; FreeBSD and Linux agree on these.
const (
	ENOENT = 2
	EFAULT = 14
	EBUSY  = 16
	EEXIST = 17
	EINVAL = 22
	ENOSPC = 28
)

var names = map[int]string{ENOENT: "ENOENT", EFAULT: "EFAULT", EBUSY: "EBUSY", EEXIST: "EEXIST", EINVAL: "EINVAL", ENOSPC: "ENOSPC"}

// Name is the name of an error's number.
func Name(errno int) string {
	if name, ok := names[errno]; ok {
		return name
	}
	return "EUNKNOWN"
}

// Violation is one thing that is wrong with a field.
type Violation struct {
	Field   string // a path such as "listen.0.ip"
	Message string
	Errno   int
}

// Invalid is everything that is wrong with what was sent.
type Invalid []Violation

func (e Invalid) Error() string {
	all := make([]string, 0, len(e))
	for _, v := range e {
		all = append(all, fmt.Sprintf("[%s] %s: %s", Name(v.Errno), v.Field, v.Message))
	}
	return strings.Join(all, "\n")
}

// Add notes a fault of a field.
func (e *Invalid) Add(field string, errno int, format string, args ...any) {
	*e = append(*e, Violation{field, fmt.Sprintf(format, args...), errno})
}

// Err is nil when nothing is wrong.
func (e Invalid) Err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// Under is an error whose fields are told as parts of another: "portal_create" makes "listen" "portal_create.listen".
// Errors of other kinds are returned as they are.
func Under(prefix string, err error) error {
	var invalid Invalid
	if prefix == "" || !errors.As(err, &invalid) {
		return err
	}
	all := make(Invalid, len(invalid))
	for i, v := range invalid {
		all[i] = v
		all[i].Field = strings.TrimSuffix(prefix+"."+v.Field, ".")
	}
	return all
}

// Refusal is a call that was understood and cannot be done.
type Refusal struct {
	Message string
	Errno   int
}

func (e Refusal) Error() string { return fmt.Sprintf("[%s] %s", Name(e.Errno), e.Message) }

// Refuse makes a Refusal.
func Refuse(errno int, format string, args ...any) error {
	return Refusal{fmt.Sprintf(format, args...), errno}
}

// Missing says that there is no such object.
type Missing string

func (e Missing) Error() string { return string(e) }
