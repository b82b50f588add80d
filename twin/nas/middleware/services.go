// SPDX-License-Identifier: GPL-3.0-or-later

package middleware

import (
	"fmt"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/model"
)

// The one service that this NAS has.
const (
	ServiceName = "iscsitarget"
	ServiceID   = 4
)

func (m *Middleware) serviceMethods() {
	m.rows("service", func() []map[string]any { return []map[string]any{m.ServiceRow()} })
	m.methods["service.get_instance"] = func(args []any) (any, error) { return m.ServiceRow(), checkService(args[0]) }
	m.methods["service.update"] = func(args []any) (any, error) {
		if err := checkService(args[0]); err != nil {
			return nil, err
		}
		return ServiceID, m.NAS.EnableISCSI(flag(member(args[1], "enable")))
	}
	m.methods["service.started"] = func(args []any) (any, error) { return m.NAS.TargetPID() != 0, knownService(word(args[0])) }
	for _, verb := range []string{"start", "stop", "restart", "reload"} {
		m.methods["service."+verb] = func(args []any) (any, error) { return m.control(verb, word(args[0]), args[1]) }
	}
	m.methods["service.control"] = func(args []any) (any, error) {
		return m.control(strings.ToLower(word(args[0])), word(args[1]), args[2])
	}
}

func checkService(id any) error {
	if text(id) != ServiceName && text(id) != fmt.Sprint(ServiceID) {
		return fault.Missing(fmt.Sprintf("Service %v does not exist", id))
	}
	return nil
}

func knownService(name string) error {
	if name != ServiceName {
		return fault.Refuse(fault.ENOENT, "Service %q is not known; this NAS has %q", name, ServiceName)
	}
	return nil
}

// ServiceRow is the iSCSI service as the API tells it.
func (m *Middleware) ServiceRow() map[string]any {
	enable := model.View(m.NAS, func(state *model.State) bool { return state.Service.Enable })
	row := map[string]any{"id": int64(ServiceID), "service": ServiceName, "enable": enable, "state": "STOPPED", "pids": []any{}}
	if pid := m.NAS.TargetPID(); pid != 0 {
		row["state"], row["pids"] = "RUNNING", []any{int64(pid)}
	}
	return row
}

// control does what the four verbs ask; its answer is whether it went well. Silent is where a failure is no error.
func (m *Middleware) control(verb, service string, options any) (any, error) {
	if err := knownService(service); err != nil {
		return nil, err
	}
	var err error
	if verb == "stop" || verb == "restart" {
		m.NAS.StopISCSI()
	}
	if verb == "start" || verb == "restart" {
		err = m.NAS.StartISCSI()
	}
	if verb == "reload" {
		err = m.NAS.ReloadISCSI()
	}
	running := m.NAS.TargetPID() != 0
	switch {
	case err != nil && m.silent(options):
		return false, nil
	case err != nil:
		return nil, fault.Refuse(fault.EFAULT, "%v", err)
	case verb == "stop" && m.NAS.Version.JSONRPC:
		return !running, nil
	}
	return running, nil
}

// silent says whether a start that fails is answered with false: from 24.10 on, unless it is asked for otherwise.
func (m *Middleware) silent(options any) bool {
	value, sent := member(options, "silent").(bool)
	_, knows := m.NAS.Version.Methods["disk.details"]
	return sent && value || !sent && knows
}
