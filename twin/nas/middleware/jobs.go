// SPDX-License-Identifier: GPL-3.0-or-later

package middleware

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
	"livelab.dev/twin/survive"
)

// Date is a time as the API tells it: {"$date": milliseconds since 1970}.
type Date struct {
	Milliseconds int64 `json:"$date"`
}

// DateOf makes a Date.
func DateOf(t time.Time) Date { return Date{t.UnixMilli()} }

// Job is a task that goes on after its call has been answered.
type Job struct {
	ID        int            `json:"id"`
	Method    string         `json:"method"`
	Arguments []any          `json:"arguments"`
	Transient bool           `json:"transient"`
	Abortable bool           `json:"abortable"`
	State     string         `json:"state"` // RUNNING, SUCCESS or FAILED
	Progress  map[string]any `json:"progress"`
	Result    any            `json:"result"`
	Error     *string        `json:"error"`
	Exception *string        `json:"exception"`
	ExcInfo   any            `json:"exc_info"`
	Started   Date           `json:"time_started"`
	Finished  *Date          `json:"time_finished"`

	err  error
	done chan struct{}
}

// maxJobs is how many jobs are remembered.
const maxJobs = 1000

// Jobs are those that run and have run.
type Jobs struct {
	logf     func(string, ...any)
	mu       sync.Mutex
	next     int
	all      []*Job
	watchers map[int]func(event string, job map[string]any)
	watching int
}

func newJobs(logf func(string, ...any)) *Jobs {
	return &Jobs{logf: logf, watchers: map[int]func(string, map[string]any){}}
}

// Watch calls somebody with "added" or "changed" and a job, until the function returned is called. It must not wait.
func (j *Jobs) Watch(tell func(event string, job map[string]any)) (stop func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.watching++
	n := j.watching
	j.watchers[n] = tell
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.watchers, n)
	}
}

func (j *Jobs) tell(event string, job *Job) {
	shown := model.ToMap(job)
	for _, tell := range j.watchers {
		tell(event, shown)
	}
}

// start runs a task and returns its number, which the API's caller asks after.
func (j *Jobs) start(method string, arguments []any, do func() (any, error)) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.next++
	if arguments == nil {
		arguments = []any{}
	}
	job := &Job{ID: j.next, Method: method, Arguments: arguments, State: "RUNNING", Started: DateOf(time.Now()),
		Progress: map[string]any{"percent": 0, "description": "", "extra": nil}, done: make(chan struct{})}
	j.all = append(j.all, job)
	j.all = j.all[max(len(j.all)-maxJobs, 0):]
	j.tell("added", job)
	go func() {
		result, err := j.attempt(method, do)
		j.mu.Lock()
		defer j.mu.Unlock()
		job.finish(result, err)
		j.tell("changed", job)
	}()
	return job.ID
}

// attempt does a job's work. A panic in it fails the job, and nothing else.
func (j *Jobs) attempt(method string, do func() (any, error)) (result any, err error) {
	if failed := survive.Do(j.logf, "nas: job "+method, func() { result, err = do() }); failed != nil {
		return nil, failed
	}
	return result, err
}

// Rows are the jobs as the API tells them.
func (j *Jobs) Rows() []map[string]any {
	j.mu.Lock()
	defer j.mu.Unlock()
	rows := []map[string]any{}
	for _, job := range j.all {
		rows = append(rows, model.ToMap(job))
	}
	return rows
}

// Wait waits for a job's end and returns what came of it.
func (j *Jobs) Wait(id int) (any, error) {
	j.mu.Lock()
	var found *Job
	for _, job := range j.all {
		if job.ID == id {
			found = job
		}
	}
	j.mu.Unlock()
	if found == nil {
		return nil, fault.Missing(fmt.Sprintf("Job %d does not exist", id))
	}
	<-found.done
	return found.Result, found.err
}

func (job *Job) finish(result any, err error) {
	finished := DateOf(time.Now())
	job.Finished, job.err = &finished, err
	defer close(job.done)
	if err == nil {
		job.State, job.Result = "SUCCESS", result
		job.Progress = map[string]any{"percent": 100, "description": "", "extra": nil}
		return
	}
	job.State = "FAILED"
	message := err.Error()
	class, extra, errno := Class(err), any(nil), fault.EFAULT
	var invalid fault.Invalid
	var refused fault.Refusal
	switch {
	case errors.As(err, &invalid):
		class, extra, errno = "VALIDATION", Extra(invalid), fault.EINVAL
	case errors.As(err, &refused):
		errno = refused.Errno
	default:
		message = "[EFAULT] " + message
	}
	job.Error, job.Exception = &message, &message
	job.ExcInfo = map[string]any{"type": class, "extra": extra, "errno": errno, "repr": class + "(" + message + ")"}
}

// Class is the name that the middleware has for a kind of error.
func Class(err error) string {
	var invalid fault.Invalid
	var missing fault.Missing
	var refused fault.Refusal
	switch {
	case errors.As(err, &invalid):
		return "ValidationErrors"
	case errors.As(err, &missing):
		return "InstanceNotFound"
	case errors.As(err, &refused):
		return "CallError"
	}
	return "Exception"
}

// Extra is a list of [attribute, message, errno].
func Extra(invalid fault.Invalid) [][]any {
	all := [][]any{}
	for _, v := range invalid {
		all = append(all, []any{v.Field, v.Message, v.Errno})
	}
	return all
}
