// SPDX-License-Identifier: GPL-3.0-or-later

// Package survive keeps a mistake in one part of the data centre from ending all of it: a panic in a goroutine that nobody
// recovers ends the process, with every machine in it.
package survive

import (
	"fmt"
	"runtime/debug"
)

// Do does work. When it panics, that is logged with the place, and returned as an error. Locks that the work held stay locked,
// except where they are released by defer.
func Do(logf func(string, ...any), what string, work func()) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			logf("%s failed: %v\n%s", what, reason, debug.Stack())
			err = fmt.Errorf("%v", reason)
		}
	}()
	work()
	return nil
}

// Go does work beside its caller, as Do does.
func Go(logf func(string, ...any), what string, work func()) {
	go func() { _ = Do(logf, what, work) }() // It is logged.
}
