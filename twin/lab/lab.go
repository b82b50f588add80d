// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"livelab.dev/twin/hypervisor"
	"livelab.dev/twin/nas"
	"livelab.dev/twin/network"
	"livelab.dev/twin/vsphere"
)

// Lab is a running data centre. Make one with [Start].
type Lab struct {
	Dir     Dir
	Config  Config
	Secrets Secrets

	authority *Authority
	network   *network.Network
	nas       *nas.Server
	backing   hypervisor.Backing
	vsphere   *vsphere.Server
	began     time.Time
	ready     atomic.Bool
	closers   []func() error
	logf      func(format string, args ...any)
}

// Start brings every part up. When it returns without an error every endpoint answers; after an error nothing is left running.
// ctx limits the start only.
func Start(ctx context.Context, d Dir, config Config, logf func(string, ...any)) (*Lab, error) {
	l := &Lab{Dir: d, Config: config, began: time.Now(), logf: logf}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"secrets", l.openSecrets},
		{"guests' network", l.startNetwork},
		{"NAS", l.startNAS},
		{"hypervisor", l.startBacking},
		{"vSphere", l.startVSphere},
		{"description", l.describe},
	} {
		if err := step.do(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", step.what, err), l.Close())
		}
		logf("%s: ready after %s", step.what, time.Since(l.began).Round(time.Millisecond))
	}
	l.ready.Store(true)
	return l, nil
}

// Close ends what Start started, the last first.
func (l *Lab) Close() error {
	l.ready.Store(false)
	var err error
	for i := len(l.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, l.closers[i]())
	}
	l.closers = nil
	return err
}

func (l *Lab) openSecrets(context.Context) (err error) {
	if l.Secrets, err = LoadSecrets(l.Dir); err != nil {
		return err
	}
	l.authority, err = OpenAuthority(l.Dir)
	return err
}

// guestSocket is where QEMU plugs machines into the guests' network, the workstation's included.
func (l *Lab) guestSocket() string { return l.Dir.Socket("vm-network") }

func (l *Lab) startNetwork(context.Context) (err error) {
	guests := l.Config.Guests
	l.network, err = network.New(network.Config{
		Subnet: guests.Subnet, Gateway: guests.Gateway, Leases: guests.Leases, Forwards: guests.Forwards, Logf: l.logf,
	})
	if err != nil {
		return err
	}
	l.closers = append(l.closers, l.network.Close)
	return l.network.Listen(l.guestSocket())
}

func (l *Lab) startNAS(ctx context.Context) error {
	at := l.Config.endpoint(l.Config.NAS.Address)
	config, err := l.authority.TLS(at.Addr())
	if err != nil {
		return err
	}
	l.nas, err = nas.New(nas.Config{
		Dir: l.Dir.join("nas"), RunDir: l.Dir.RunDir(), Listen: at.String(), Portals: []string{l.Config.NAS.Portal},
		Version: l.Config.NAS.Version, DHCP: l.Config.NAS.DHCP, Disks: l.Config.NAS.disks(), Username: l.Config.NAS.User,
		Password: l.Secrets.NAS, APIKey: l.Secrets.NASKey, OTP: l.Config.NAS.TwoFactor, Installer: l.Config.NAS.installer(), TLS: config, Logf: l.logf,
	})
	if err != nil {
		return err
	}
	l.closers = append(l.closers, l.nas.Close)
	// The NAS ends when it is closed: after the machines, whose disks it serves, and not already when ctx ends.
	return l.nas.Start(context.WithoutCancel(ctx))
}

func (l *Lab) startBacking(context.Context) (err error) {
	if l.Config.Backing == "model" {
		l.backing = hypervisor.NewModel(hypervisor.ModelConfig{})
		return nil
	}
	dir := l.Dir.join("hypervisor")
	if count, err := hypervisor.EndStray(dir); err != nil || count > 0 {
		l.logf("ended %d QEMU processes of an earlier run: %v", count, err)
	}
	l.backing, err = hypervisor.NewQEMU(hypervisor.QEMUConfig{Dir: dir, Traffic: l.network.Traffic, Logf: l.logf})
	return err
}

func (l *Lab) startVSphere(ctx context.Context) (err error) {
	config := vsphere.Config{
		Dir: string(l.Dir),
		TLS: l.authority.TLS,
		VCenter: vsphere.VCenterConfig{
			Addr: l.Config.endpoint(l.Config.VCenter.Address), User: l.Config.VCenter.User,
			Password: l.Secrets.VCenter, Version: l.Config.VCenter.Version,
		},
		Backing:      l.backing,
		GuestAddress: l.network.Address,
		// Every port group leads to the one network of the guests: a machine whose adapter is on a port group has one.
		GuestSocket: func(string) string { return l.guestSocket() },
		Logf:        l.logf,
	}
	for _, h := range l.Config.Hosts {
		config.Hosts = append(config.Hosts, vsphere.HostConfig{
			Number: h.Number, Addr: l.Config.endpoint(h.Address), Password: l.Secrets.ESXi,
			Version: h.Version, MemoryMB: h.MemoryMB, CPUs: h.CPUs, MHz: h.MHz,
		})
	}
	if l.vsphere, err = vsphere.New(config); err != nil {
		return err
	}
	l.closers = append(l.closers, l.vsphere.Close)
	return l.vsphere.Start(ctx)
}
