// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

func serviceOf(t *testing.T, c *vim25.Client, id string) types.HostService {
	t.Helper()
	services := system(t, c, haHost, "config.service").Config.Service.Service
	i := slices.IndexFunc(services, func(s types.HostService) bool { return s.Key == id })
	if i < 0 {
		t.Fatalf("no service %q", id)
	}
	return services[i]
}

func TestServices(t *testing.T) {
	l := newLab(t)
	c := l.esx(0)
	ss, err := object.NewHostSystem(c, haHost).ConfigManager().ServiceSystem(ctx)
	must(t, err)
	must(t, ss.Start(ctx, "TSM-SSH"))
	must(t, ss.UpdatePolicy(ctx, "TSM-SSH", "on"))
	if s := serviceOf(t, c, "TSM-SSH"); !s.Running || s.Policy != "on" {
		t.Errorf("SSH: %+v", s)
	}
	must(t, ss.Restart(ctx, "TSM-SSH"))
	must(t, ss.Stop(ctx, "TSM-SSH"))
	if serviceOf(t, c, "TSM-SSH").Running {
		t.Error("SSH still runs")
	}
	wantFault(t, "stop what does not run", ss.Stop(ctx, "TSM-SSH"), &types.InvalidState{})
	wantFault(t, "no such service", ss.Start(ctx, "telnetd"), &types.NotFound{})
	wantFault(t, "no such policy", ss.UpdatePolicy(ctx, "TSM-SSH", "maybe"), &types.InvalidArgument{})
}

func TestDateTime(t *testing.T) {
	l := newLab(t)
	c := l.esx(0)
	ds, err := object.NewHostSystem(c, haHost).ConfigManager().DateTimeSystem(ctx)
	must(t, err)
	must(t, ds.UpdateConfig(ctx, types.HostDateTimeConfig{NtpConfig: &types.HostNtpConfig{Server: []string{"0.pool.ntp.org"}}}))
	info := system(t, c, haHost, "config.dateTimeInfo").Config.DateTimeInfo
	if !slices.Equal(info.NtpConfig.Server, []string{"0.pool.ntp.org"}) {
		t.Errorf("NTP: %+v", info.NtpConfig)
	}
	wantFault(t, "server that is none", ds.UpdateConfig(ctx, types.HostDateTimeConfig{NtpConfig: &types.HostNtpConfig{Server: []string{"a b"}}}), &types.InvalidArgument{})
	wantFault(t, "zone that is none", ds.UpdateConfig(ctx, types.HostDateTimeConfig{TimeZone: "Middle-earth"}), &types.InvalidArgument{})
}

func TestReboot(t *testing.T) {
	l := newLab(t)
	c := l.esx(0)
	must(t, second(networkSystem(t, c, haHost).UpdateNetworkConfig(ctx, types.HostNetworkConfig{IpV6Enabled: types.NewBool(false)}, "modify")))
	host := object.NewHostSystem(c, haHost)
	wantFault(t, "not in maintenance mode", rebootHost(host, false), &types.InvalidState{})
	must(t, rebootHost(host, true))
	eventually(t, "IPv6 off after the boot", func() bool {
		return !*l.Hosts()[0].State().Network.IpV6Enabled
	})
	eventually(t, "the host answers again", func() bool {
		return second(l.client(l.Hosts()[0].Addr(), "root", hostPassword)) == nil
	})
}
