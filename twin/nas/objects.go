// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// change does something to a copy of the state and, when it is valid, writes it to disk and brings iSCSI in line. When
// iSCSI cannot follow (an address that cannot be bound, say), everything goes back to where it was.
func (s *Server) change(do func(next *State) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, next := s.state, s.state.clone()
	if err := do(next); err != nil {
		return err
	}
	if err := next.save(s.statePath()); err != nil {
		return fmt.Errorf("saving the configuration: %w", err)
	}
	s.state = next
	if err := s.service.apply(next); err != nil {
		s.state = old
		err = refusal(einval, "iscsitarget: %v", err)
		return errors.Join(err, old.save(s.statePath()), s.service.apply(old))
	}
	return nil
}

// view looks at the state.
func view[T any](s *Server, look func(*State) T) T {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return look(s.state)
}

// kind is one sort of iSCSI object with the five calls that each has.
type kind[T any] struct {
	path   string // below /api/v2.0
	schema string // "iscsi_portal"; "_create" and "_update" come behind it
	title  string // for messages
	items  func(*State) *[]T
	id     func(*T) *int
	// fresh is a new object with its defaults.
	fresh func() T
	// check completes an object and notes what is wrong with it. Others are the objects of its kind without itself.
	check func(s *State, schema string, object *T, others []T, wrong Invalid)
	// remove takes along or refuses what depends on the object. Nil when nothing does.
	remove func(r *http.Request, s *State, object T) error
}

// routes adds the calls of a kind.
func (k kind[T]) routes(s *Server, handle func(string, call)) {
	handle("GET "+k.path, func(r *http.Request) (any, error) {
		return query(r, view(s, func(state *State) []T { return slices.Clone(*k.items(state)) }))
	})
	handle("POST "+k.path, func(r *http.Request) (any, error) { return k.create(s, r) })
	handle("GET "+k.path+"/id/{id}", func(r *http.Request) (any, error) {
		s.mu.RLock()
		defer s.mu.RUnlock()
		i, err := k.find(s.state, r)
		if err != nil {
			return nil, err
		}
		return (*k.items(s.state))[i], nil
	})
	handle("PUT "+k.path+"/id/{id}", func(r *http.Request) (any, error) { return k.update(s, r) })
	handle("DELETE "+k.path+"/id/{id}", func(r *http.Request) (any, error) { return true, k.delete(s, r) })
}

func (k kind[T]) find(state *State, r *http.Request) (int, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	items := *k.items(state)
	i := slices.IndexFunc(items, func(o T) bool { return *k.id(&o) == id })
	if err != nil || i < 0 {
		return 0, notFound(fmt.Sprintf("%s %s does not exist", k.title, r.PathValue("id")))
	}
	return i, nil
}

func (k kind[T]) create(s *Server, r *http.Request) (any, error) {
	object, schema := k.fresh(), k.schema+"_create"
	if err := decode(r, schema, &object); err != nil {
		return nil, err
	}
	err := s.change(func(next *State) error {
		items := k.items(next)
		*k.id(&object) = next.id(k.path)
		wrong := Invalid{}
		k.check(next, schema, &object, *items, wrong)
		*items = append(*items, object)
		return wrong.err()
	})
	return object, err
}

func (k kind[T]) update(s *Server, r *http.Request) (any, error) {
	var object T
	err := s.change(func(next *State) error {
		i, err := k.find(next, r)
		if err != nil {
			return err
		}
		items := k.items(next)
		object = (*items)[i]
		id, schema, wrong := *k.id(&object), k.schema+"_update", Invalid{}
		if err := decode(r, schema, &object); err != nil {
			return err
		}
		*k.id(&object) = id
		k.check(next, schema, &object, slices.Delete(slices.Clone(*items), i, i+1), wrong)
		(*items)[i] = object
		return wrong.err()
	})
	return object, err
}

func (k kind[T]) delete(s *Server, r *http.Request) error {
	return s.change(func(next *State) error {
		i, err := k.find(next, r)
		if err != nil {
			return err
		}
		items := k.items(next)
		object := (*items)[i]
		*items = slices.Delete(*items, i, i+1)
		if k.remove == nil {
			return nil
		}
		return k.remove(r, next, object)
	})
}

// forced reads the body of a DELETE: true, or an object whose field "force" is true.
func forced(r *http.Request) (force, remove bool) {
	var body any
	var options struct{ Force, Remove bool }
	if decodeAny(r, &body) != nil {
		return false, false
	}
	switch b := body.(type) {
	case bool:
		return b, false
	case map[string]any:
		options.Force, _ = b["force"].(bool)
		options.Remove, _ = b["remove"].(bool)
	}
	return options.Force, options.Remove
}
