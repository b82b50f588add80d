// SPDX-License-Identifier: GPL-3.0-or-later

package jsonrpc

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"livelab.dev/twin/nas/fault"
)

func (s *session) setOptions(_ context.Context, args []any) (any, error) {
	options, _ := args[0].(map[string]any)
	s.mu.Lock()
	defer s.mu.Unlock()
	if legacy, sent := options["legacy_jobs"].(bool); sent {
		s.legacyJobs = legacy
	}
	return nil, nil
}

// events is how many notifications wait for a slow client; what comes when they are full is not sent.
const events = 256

// jobsEvent is what can be subscribed to: all jobs, or "core.get_jobs:7" for one.
const jobsEvent = "core.get_jobs"

func (s *session) subscribe(ctx context.Context, args []any) (any, error) {
	name, one, isOne := strings.Cut(text(args[0]), ":")
	only, err := strconv.ParseInt(one, 10, 64)
	if name != jobsEvent || isOne && err != nil {
		return nil, fault.Refuse(fault.ENOENT, "Event %q not found; this NAS tells of %q", text(args[0]), jobsEvent)
	}
	// The watcher must not wait, and the client may be slow: a queue stands between them.
	queue, ended := make(chan any, events), make(chan struct{})
	stop := s.m.Jobs.Watch(func(event string, job map[string]any) {
		if isOne && job["id"] != only {
			return
		}
		select {
		case queue <- notification(event, job):
		default:
		}
	})
	id := uuid.NewString()
	s.mu.Lock()
	s.subscriptions[id] = func() { stop(); close(ended) }
	s.mu.Unlock()
	// The call's own context ends with the connection, which is as long as the subscription can last.
	go func() {
		for {
			select {
			case message := <-queue:
				s.send(ctx, message)
			case <-ended:
				return
			}
		}
	}()
	return id, nil
}

func notification(event string, job map[string]any) any {
	return map[string]any{"jsonrpc": protocolName, "method": "collection_update",
		"params": map[string]any{"msg": event, "collection": jobsEvent, "id": job["id"], "fields": job}}
}

func (s *session) unsubscribe(ctx context.Context, args []any) (any, error) {
	id := text(args[0])
	s.mu.Lock()
	stop, ok := s.subscriptions[id]
	delete(s.subscriptions, id)
	s.mu.Unlock()
	if !ok {
		return nil, fault.Refuse(fault.ENOENT, "%s", fmt.Sprintf("Subscription %q does not exist", id))
	}
	stop()
	s.send(ctx, map[string]any{"jsonrpc": protocolName, "method": "notify_unsubscribed", "params": map[string]any{"collection": jobsEvent, "error": nil}})
	return nil, nil
}
