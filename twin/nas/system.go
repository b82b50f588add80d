// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// apiKey is a key made by the API. Only its hash is kept.
type apiKey struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Hash    string `json:"hash"`
	Created int64  `json:"created"` // milliseconds since 1970
}

// Job is a task that goes on after its call has been answered.
type Job struct {
	ID        int            `json:"id"`
	Method    string         `json:"method"`
	Arguments []any          `json:"arguments"`
	State     string         `json:"state"` // RUNNING, SUCCESS or FAILED
	Progress  map[string]any `json:"progress"`
	Result    any            `json:"result"`
	Error     *string        `json:"error"`
	Exception *string        `json:"exception"`
	ExcInfo   any            `json:"exc_info"`
	Started   date           `json:"time_started"`
	Finished  *date          `json:"time_finished"`
}

// date is a time as the API tells it: {"$date": milliseconds since 1970}.
type date struct {
	Milliseconds int64 `json:"$date"`
}

func dateOf(t time.Time) date { return date{t.UnixMilli()} }

// maxJobs is how many jobs are remembered.
const maxJobs = 1000

func (s *Server) systemRoutes(handle func(string, call)) {
	handle("GET /core/ping", func(*http.Request) (any, error) { return "pong", nil })
	handle("GET /system/version", func(*http.Request) (any, error) { return Version, nil })
	handle("GET /system/ready", func(*http.Request) (any, error) { return true, nil })
	handle("GET /system/state", func(*http.Request) (any, error) { return "READY", nil })
	handle("GET /system/info", func(*http.Request) (any, error) { return s.systemInfo(), nil })
	handle("GET /disk", func(r *http.Request) (any, error) {
		return query(r, view(s, func(state *State) []map[string]any { return s.showDisks(state) }))
	})
	handle("POST /disk/get_unused", func(r *http.Request) (any, error) {
		all := view(s, func(state *State) []map[string]any { return s.showDisks(state) })
		return slices.DeleteFunc(all, func(d map[string]any) bool { return d["pool"] != nil }), nil
	})
	handle("GET /core/get_jobs", func(r *http.Request) (any, error) {
		s.mu.RLock()
		defer s.mu.RUnlock()
		return query(r, s.jobs)
	})
	handle("GET /api_key", func(r *http.Request) (any, error) {
		return query(r, view(s, func(state *State) []map[string]any {
			var all []map[string]any
			for _, k := range state.APIKeys {
				all = append(all, map[string]any{"id": k.ID, "name": k.Name, "created_at": date{k.Created}})
			}
			return all
		}))
	})
	handle("POST /api_key", s.createKey)
	handle("DELETE /api_key/id/{id}", s.deleteKey)
}

func (s *Server) systemInfo() map[string]any {
	now := time.Now()
	uptime := now.Sub(s.started)
	return map[string]any{
		"version": Version, "hostname": s.cfg.Hostname, "uptime": uptime.Round(time.Second).String(),
		"uptime_seconds": uptime.Seconds(), "boottime": dateOf(s.started), "datetime": dateOf(now), "timezone": "UTC",
		"cores": runtime.NumCPU(), "physical_cores": runtime.NumCPU(), "model": "labtwin", "physmem": 8 * GiB,
		"system_manufacturer": "livelab", "system_product": "labtwin NAS", "system_serial": nil, "license": nil,
		"loadavg": []float64{0, 0, 0}, "ecc_memory": false, "buildtime": dateOf(s.started),
	}
}

// disk finds a disk by its name.
func (s *Server) disk(name string) (Disk, bool) {
	i := slices.IndexFunc(s.cfg.Disks, func(d Disk) bool { return d.Name == name })
	if i < 0 {
		return Disk{}, false
	}
	return s.cfg.Disks[i], true
}

func (s *Server) showDisks(state *State) []map[string]any {
	all := []map[string]any{}
	for i, d := range s.cfg.Disks {
		var pool any
		if name := state.poolOf(d.Name); name != "" {
			pool = name
		} else if d.System {
			pool = "boot-pool"
		}
		number, _ := strconv.Atoi(strings.TrimLeft(d.Name, "abcdefghijklmnopqrstuvwxyz"))
		serial := fmt.Sprintf("LAB%05d", i)
		all = append(all, map[string]any{
			"identifier": "{serial}" + serial, "name": d.Name, "devname": d.Name, "subsystem": "da", "number": number,
			"serial": serial, "size": d.Size, "description": "", "model": "labtwin disk", "type": "HDD", "rotationrate": nil,
			"bus": "SCSI", "enclosure": nil, "pool": pool, "hddstandby": "ALWAYS ON", "advpowermgmt": "DISABLED",
			"togglesmart": true, "smartoptions": "", "expiretime": nil, "multipath_name": "", "multipath_member": "",
		})
	}
	return all
}

// runJob starts a task and returns its id, which the API's caller asks after.
func (s *Server) runJob(method string, arguments []any, do func() (any, error)) int {
	s.mu.Lock()
	job := &Job{ID: len(s.jobs) + 1, Method: method, Arguments: arguments, State: "RUNNING", Started: dateOf(time.Now()),
		Progress: map[string]any{"percent": 0, "description": "", "extra": nil}}
	if n := len(s.jobs); n > 0 {
		job.ID = s.jobs[n-1].ID + 1
	}
	s.jobs = append(s.jobs, job)
	s.jobs = s.jobs[max(len(s.jobs)-maxJobs, 0):]
	s.mu.Unlock()
	go func() {
		result, err := do()
		s.mu.Lock()
		defer s.mu.Unlock()
		job.finish(result, err)
	}()
	return job.ID
}

func (j *Job) finish(result any, err error) {
	finished := dateOf(time.Now())
	j.Finished = &finished
	if err == nil {
		j.State, j.Result = "SUCCESS", result
		j.Progress = map[string]any{"percent": 100, "description": "", "extra": nil}
		return
	}
	j.State = "FAILED"
	message := "[EFAULT] " + err.Error()
	var invalid Invalid
	if errors.As(err, &invalid) {
		extra := [][]any{}
		for field, messages := range invalid {
			for _, m := range messages {
				extra = append(extra, []any{field, m.Message, m.Errno})
			}
		}
		message = "[EINVAL] " + err.Error()
		j.ExcInfo = map[string]any{"type": "VALIDATION", "extra": extra}
	}
	j.Error, j.Exception = &message, &message
}

func (s *Server) createKey(r *http.Request) (any, error) {
	var req struct {
		Name string `json:"name"`
	}
	if err := decode(r, "api_key_create", &req); err != nil {
		return nil, err
	}
	if req.Name == "" {
		return nil, Invalid{"api_key_create.name": {{"attribute required", einval}}}
	}
	var shown map[string]any
	err := s.change(func(next *State) error {
		id := next.id("api_key")
		key := fmt.Sprintf("%d-%s", id, randomHex(64))
		k := apiKey{ID: id, Name: req.Name, Hash: hash(key), Created: time.Now().UnixMilli()}
		next.APIKeys = append(next.APIKeys, k)
		shown = map[string]any{"id": id, "name": k.Name, "created_at": date{k.Created}, "key": key}
		return nil
	})
	return shown, err
}

func (s *Server) deleteKey(r *http.Request) (any, error) {
	return true, s.change(func(next *State) error {
		before := len(next.APIKeys)
		next.APIKeys = slices.DeleteFunc(next.APIKeys, func(k apiKey) bool { return fmt.Sprint(k.ID) == r.PathValue("id") })
		if len(next.APIKeys) == before {
			return notFound(fmt.Sprintf("API key %s does not exist", r.PathValue("id")))
		}
		return nil
	})
}
