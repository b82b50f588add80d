// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"fmt"
	"slices"

	"livelab.dev/twin/nas/fault"
)

// Options are what a deletion may be told.
type Options struct {
	Force bool // although it is in use
	// Remove takes an extent's file along, or a target's extents.
	Remove bool
}

// Kind is one sort of iSCSI object with the five calls that each has.
type Kind[T any] struct {
	nas   *NAS
	name  string // of its numbers in the state
	title string // for messages
	items func(*State) *[]T
	id    func(*T) *int
	// fresh is a new object with its defaults.
	fresh func() T
	// check completes an object and notes what is wrong with it. Others are the objects of its kind without itself.
	check func(s *State, object *T, others []T, wrong *fault.Invalid)
	// remove takes along or refuses what depends on the object. Nil when nothing does.
	remove func(o Options, s *State, object T) error
}

// All are the objects of a kind.
func (k Kind[T]) All() []T {
	return View(k.nas, func(s *State) []T { return slices.Clone(*k.items(s)) })
}

func (k Kind[T]) find(state *State, id int) (int, error) {
	i := slices.IndexFunc(*k.items(state), func(o T) bool { return *k.id(&o) == id })
	if i < 0 {
		return 0, fault.Missing(fmt.Sprintf("%s %d does not exist", k.title, id))
	}
	return i, nil
}

// Create makes an object; fill sets what differs from the defaults.
func (k Kind[T]) Create(fill func(*T) error) (T, error) {
	object := k.fresh()
	if err := fill(&object); err != nil {
		return object, err
	}
	err := k.nas.change(func(next *State) error {
		items := k.items(next)
		*k.id(&object) = next.id(k.name)
		var wrong fault.Invalid
		k.check(next, &object, *items, &wrong)
		*items = append(*items, object)
		return wrong.Err()
	})
	return object, err
}

// Update changes an object.
func (k Kind[T]) Update(id int, fill func(*T) error) (T, error) {
	var object T
	err := k.nas.change(func(next *State) error {
		i, err := k.find(next, id)
		if err != nil {
			return err
		}
		items := k.items(next)
		object = (*items)[i]
		if err := fill(&object); err != nil {
			return err
		}
		*k.id(&object) = id
		var wrong fault.Invalid
		k.check(next, &object, slices.Delete(slices.Clone(*items), i, i+1), &wrong)
		(*items)[i] = object
		return wrong.Err()
	})
	return object, err
}

// Delete removes an object.
func (k Kind[T]) Delete(id int, o Options) error {
	return k.nas.change(func(next *State) error {
		i, err := k.find(next, id)
		if err != nil {
			return err
		}
		items := k.items(next)
		object := (*items)[i]
		*items = slices.Delete(*items, i, i+1)
		if k.remove == nil {
			return nil
		}
		return k.remove(o, next, object)
	})
}
