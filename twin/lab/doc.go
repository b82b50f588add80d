// SPDX-License-Identifier: GPL-3.0-or-later

// Package lab puts the parts of the twin together and runs them as one data centre: its configuration, its directory with
// secrets and certificates, the process that serves everything, and what a user sees of it.
//
// One process serves all endpoints. It is found again by its pid file, which also says when that process started, so that a
// recycled process id is never taken for it. Everything it starts carries its instance id in the environment; that is how what a
// killed process left behind is told from what is not ours.
package lab
