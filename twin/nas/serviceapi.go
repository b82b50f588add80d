// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"fmt"
	"net/http"
)

// serviceRow is the iSCSI service as the API tells it.
type serviceRow struct {
	ID      int    `json:"id"`
	Service string `json:"service"`
	Enable  bool   `json:"enable"`
	State   string `json:"state"`
	PIDs    []int  `json:"pids"`
}

const (
	serviceName = "iscsitarget"
	serviceID   = 4
)

func (s *Server) serviceRoutes(handle func(string, call)) {
	handle("GET /service", func(r *http.Request) (any, error) { return query(r, []serviceRow{s.serviceRow()}) })
	handle("GET /service/id/{id}", func(r *http.Request) (any, error) { return s.serviceRow(), checkService(r.PathValue("id")) })
	handle("PUT /service/id/{id}", func(r *http.Request) (any, error) {
		if err := checkService(r.PathValue("id")); err != nil {
			return nil, err
		}
		return serviceID, s.change(func(next *State) error { return decode(r, "service-update", &next.Service) })
	})
	for _, verb := range []string{"start", "stop", "restart", "reload"} {
		handle("POST /service/"+verb, func(r *http.Request) (any, error) { return s.control(r, verb) })
	}
}

func checkService(id string) error {
	if id != serviceName && id != fmt.Sprint(serviceID) {
		return notFound(fmt.Sprintf("Service %s does not exist", id))
	}
	return nil
}

func (s *Server) serviceRow() serviceRow {
	row := serviceRow{serviceID, serviceName, view(s, func(state *State) bool { return state.Service.Enable }), "STOPPED", []int{}}
	if pid := s.service.pid(); pid != 0 {
		row.State, row.PIDs = "RUNNING", []int{pid}
	}
	return row
}

// control does what the four verbs ask; its answer is whether the service runs.
func (s *Server) control(r *http.Request, verb string) (any, error) {
	var req struct {
		Service string         `json:"service"`
		Options map[string]any `json:"service-control"`
	}
	if err := decode(r, "service-"+verb, &req); err != nil {
		return nil, err
	}
	if req.Service != serviceName {
		return nil, Invalid{"service-" + verb + ".service": {{fmt.Sprintf("Unknown service %q; this NAS has %q", req.Service, serviceName), enoent}}}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if verb == "stop" || verb == "restart" {
		s.service.stop()
	}
	if verb == "start" || verb == "restart" {
		if err := s.service.start(s.state); err != nil {
			return nil, refusal(einval, "iscsitarget: %v", err)
		}
	}
	if verb == "reload" {
		if err := s.service.apply(s.state); err != nil {
			return nil, refusal(einval, "iscsitarget: %v", err)
		}
	}
	return s.service.running(), nil
}
