// SPDX-License-Identifier: GPL-3.0-or-later

package middleware

import (
	"regexp"
	"runtime"
	"strings"
	"time"

	"livelab.dev/twin/nas/model"
)

func (m *Middleware) systemMethods() {
	v := m.NAS.Version
	m.methods["system.version"] = func([]any) (any, error) { return v.Full, nil }
	m.methods["system.version_short"] = func([]any) (any, error) { return regexp.MustCompile(`\d+(\.\d+)+`).FindString(v.Full), nil }
	m.methods["system.product_type"] = func([]any) (any, error) { return "COMMUNITY_EDITION", nil }
	m.methods["system.ready"] = func([]any) (any, error) { return true, nil }
	m.methods["system.state"] = func([]any) (any, error) { return "READY", nil }
	m.methods["system.info"] = func([]any) (any, error) { return m.systemInfo(), nil }
	config := func() map[string]any { return m.show("system.general", m.NAS.General()) }
	m.methods["system.general.config"] = func([]any) (any, error) { return config(), nil }
	m.methods["system.general.update"] = func(args []any) (any, error) {
		values, _ := args[0].(map[string]any)
		return after(m.NAS.UpdateGeneral(values), config)
	}
	m.methods["system.general.language_choices"] = func([]any) (any, error) { return model.Languages, nil }
	m.methods["system.general.kbdmap_choices"] = func([]any) (any, error) { return m.NAS.Kbdmaps(), nil }
	m.methods["system.general.timezone_choices"] = func([]any) (any, error) { return model.Timezones(), nil }
}

func (m *Middleware) systemInfo() map[string]any {
	now := time.Now()
	uptime := now.Sub(m.NAS.Started)
	info := map[string]any{
		"version": m.NAS.Version.Full, "hostname": m.NAS.Hostname(), "uptime": uptime.Round(time.Second).String(),
		"uptime_seconds": uptime.Seconds(), "boottime": DateOf(m.NAS.Started), "datetime": DateOf(now), "timezone": m.NAS.General()["timezone"],
		"cores": runtime.NumCPU(), "physical_cores": runtime.NumCPU(), "model": "labtwin", "physmem": 8 * model.GiB,
		"system_manufacturer": "livelab", "system_product": "labtwin NAS", "system_serial": nil, "license": nil,
		"loadavg": []float64{0, 0, 0}, "ecc_memory": false, "buildtime": DateOf(m.NAS.Started), "system_product_version": nil,
	}
	if m.NAS.Version.JSONRPC {
		info["version"] = strings.TrimPrefix(m.NAS.Version.Full, "TrueNAS-")
	}
	return info
}

func (m *Middleware) accountMethods() {
	m.rows("api_key", func() []map[string]any {
		return model.View(m.NAS, func(s *model.State) []map[string]any {
			rows := []map[string]any{}
			for _, k := range s.APIKeys {
				rows = append(rows, m.showKey(k))
			}
			return rows
		})
	})
	m.methods["api_key.create"] = func(args []any) (any, error) {
		key, secret, err := m.NAS.CreateKey(word(member(args[0], "name")))
		if err != nil {
			return nil, err
		}
		shown := m.showKey(key)
		shown["key"] = secret
		return shown, nil
	}
	m.methods["api_key.delete"] = func(args []any) (any, error) { return true, m.NAS.DeleteKey(number(args[0])) }
}

func (m *Middleware) showKey(k model.APIKey) map[string]any {
	row := map[string]any{"id": int64(k.ID), "name": k.Name, "created_at": Date{k.Created}}
	if m.NAS.Version.JSONRPC {
		row["username"], row["revoked"], row["expires_at"], row["local"] = m.NAS.User(), false, nil, true
	}
	return row
}

func (m *Middleware) coreMethods() {
	m.methods["core.ping"] = func([]any) (any, error) { return "pong", nil }
	m.methods["core.get_jobs"] = func(args []any) (any, error) { return Query(m.Jobs.Rows(), args[0], args[1]) }
	m.methods["core.job_wait"] = func(args []any) (any, error) { return m.Jobs.Wait(number(args[0])) }
}
