// SPDX-License-Identifier: GPL-3.0-or-later

package installer

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"livelab.dev/twin/nas/model"
	"livelab.dev/twin/nas/versions"
	"livelab.dev/twin/survive"
)

// refusal is an error as the installer tells it.
type refusal struct {
	code  int
	text  string
	errno string
}

func (e refusal) Error() string { return e.text }

func refuse(errno, format string, args ...any) error {
	return refusal{-32602, fmt.Sprintf(format, args...), errno}
}

// method is one call; takes says that it has a parameter.
type method struct {
	takes bool
	do    func(ctx context.Context, c *client, param any) (any, error)
}

func (i *Installer) methods() map[string]method {
	return map[string]method{
		"is_adopted": {do: func(context.Context, *client, any) (any, error) { return i.adopted(), nil }},
		"adopt":      {do: i.adopt}, "authenticate": {takes: true, do: i.authenticate}, "system_info": {do: i.systemInfo},
		"list_disks": {do: i.listDisks}, "list_network_interfaces": {do: i.listInterfaces}, "get_available_ip_addresses": {do: i.listAddresses},
		"install": {takes: true, do: i.install}, "reboot": {do: i.reboot}, "shutdown": {do: i.shutdown},
	}
}

func (i *Installer) call(ctx context.Context, c *client, name string, args []any) (any, error) {
	m, known := i.methods()[name]
	if !known {
		return nil, refusal{-32601, "The method does not exist / is not available.", "ENOENT"}
	}
	if i.adopted() && !c.trusted && name != "is_adopted" && name != "authenticate" {
		return nil, refuse("EACCES", "You must authenticate before making this call")
	}
	switch {
	case m.takes && len(args) != 1:
		return nil, refuse("EINVAL", "1 parameter required, found %d", len(args))
	case !m.takes && len(args) != 0:
		return nil, refuse("EINVAL", "0 parameters required, found %d", len(args))
	case m.takes:
		return m.do(ctx, c, args[0])
	}
	return m.do(ctx, c, nil)
}

func (i *Installer) adopted() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.key != ""
}

func (i *Installer) adopt(_ context.Context, c *client, _ any) (any, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.key != "" {
		return nil, refuse("EFAULT", "System is already adopted")
	}
	i.key, c.trusted = newKey(), true
	return i.key, nil
}

func (i *Installer) authenticate(_ context.Context, c *client, key any) (any, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.key == "":
		return nil, refuse("EFAULT", "The system is not adopted")
	case key != i.key:
		return nil, refuse("EINVAL", "Invalid access key")
	}
	c.trusted = true
	return nil, nil
}

func (i *Installer) systemInfo(context.Context, *client, any) (any, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	version := strings.TrimPrefix(strings.TrimPrefix(i.cfg.Version.Full, "TrueNAS-"), "SCALE-")
	return map[string]any{"installation_running": i.installing, "version": version, "efi": true}, nil
}

func (i *Installer) listDisks(context.Context, *client, any) (any, error) {
	all := []any{}
	for _, d := range i.cfg.Disks {
		members, label := []any{}, ""
		if d.ExportedPool != "" {
			members, label = append(members, map[string]any{"name": d.Name + "1", "pool": d.ExportedPool}), "zfs-\""+d.ExportedPool+"\""
		}
		all = append(all, map[string]any{"name": d.Name, "size": d.Size, "model": "labtwin disk", "label": label, "zfs_members": members, "removable": false})
	}
	return all, nil
}

func (i *Installer) listInterfaces(context.Context, *client, any) (any, error) {
	all := []any{}
	for _, p := range i.cfg.Ports {
		all = append(all, map[string]any{"name": p.Name})
	}
	return all, nil
}

func (i *Installer) listAddresses(context.Context, *client, any) (any, error) {
	all := []string{}
	for _, p := range i.cfg.Ports {
		all = append(all, p.Address.Addr().String())
	}
	return all, nil
}

// steps are what an installation says, with how far it is.
var steps = []struct {
	progress float64
	message  string
}{{0, "Creating boot pool"}, {0, "Creating dataset"}, {0.1, "Extracting"}, {0.3, "Extracting"}, {0.5, "Extracting"}, {0.8, "Performing post-install tasks"},
	{0.9, "Installing boot loader"}, {1, "Setting password"}}

// stepTime is how long each step takes.
const stepTime = 50 * time.Millisecond

func (i *Installer) install(ctx context.Context, _ *client, param any) (any, error) {
	cleaned, err := versions.Install().Check("install", param)
	if err != nil {
		return nil, refuse("EINVAL", "%v", err)
	}
	result, err := i.plan(cleaned)
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	busy := i.installing
	i.installing = true
	i.mu.Unlock()
	if busy {
		return nil, refuse("EFAULT", "An installation is running already")
	}
	defer func() {
		i.mu.Lock()
		i.installing = false
		i.mu.Unlock()
	}()
	for _, disk := range result.Disks {
		i.notify(ctx, "installation_progress", map[string]any{"progress": 0, "message": "Formatting disk " + disk})
	}
	for _, step := range steps {
		time.Sleep(stepTime)
		i.notify(ctx, "installation_progress", map[string]any{"progress": step.progress, "message": step.message})
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.result = &result
	return nil, nil
}

// order is what "install" is sent.
type order struct {
	Disks          []string `json:"disks"`
	WipeDisks      []string `json:"wipe_disks"`
	Authentication *struct {
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"authentication"`
	PostInstall struct {
		Interfaces []adapter `json:"network_interfaces"`
	} `json:"post_install"`
}

type adapter struct {
	Name    string        `json:"name"`
	Aliases []model.Alias `json:"aliases"`
}

// plan reads what is to be installed, and refuses what is not there.
func (i *Installer) plan(param any) (Result, error) {
	var sent order
	if err := model.Fill[order](param)(&sent); err != nil {
		return Result{}, refuse("EINVAL", "%v", err)
	}
	if len(sent.Disks) == 0 {
		return Result{}, refuse("EFAULT", "No disks to install on")
	}
	for _, name := range append(slices.Clone(sent.Disks), sent.WipeDisks...) {
		if !slices.ContainsFunc(i.cfg.Disks, func(d model.Disk) bool { return d.Name == name }) {
			return Result{}, refuse("EFAULT", "Disk '%s' does not exist", name)
		}
	}
	if sent.Authentication == nil {
		return Result{}, refuse("EFAULT", "This NAS has no web page on which to choose a password later: give authentication")
	}
	result := Result{Username: sent.Authentication.Username, Password: sent.Authentication.Password, Disks: sent.Disks, Wiped: sent.WipeDisks}
	var err error
	result.Ports, err = i.ports(sent.PostInstall.Interfaces)
	return result, err
}

// ports are the adapters as they come up: with the address that was given, or by DHCP.
func (i *Installer) ports(given []adapter) ([]model.Port, error) {
	var all []model.Port
	for _, p := range i.cfg.Ports {
		p.DHCP = true
		for _, one := range given {
			if one.Name != p.Name || len(one.Aliases) == 0 {
				continue
			}
			alias := one.Aliases[0]
			address, err := netip.ParseAddr(alias.Address)
			if err != nil || !address.Is4() || !address.IsLoopback() {
				return nil, refuse("EINVAL", "%q: this NAS has no addresses but IPv4 loopback addresses (127.0.0.0/8)", alias.Address)
			}
			p.Address, p.DHCP = netip.PrefixFrom(address, alias.Netmask), false
		}
		all = append(all, p)
	}
	return all, nil
}

// reboot ends every connection. What was installed comes up; without an installation the installer does, again.
func (i *Installer) reboot(context.Context, *client, any) (any, error) {
	i.mu.Lock()
	result := i.result
	i.key, i.result = "", nil
	i.mu.Unlock()
	survive.Go(i.cfg.Logf, "nas: the installer's reboot", func() {
		time.Sleep(stepTime) // the answer is on its way
		if result == nil {
			i.disconnect()
			return
		}
		_ = i.Close()
		i.cfg.Rebooted(*result)
	})
	return nil, nil
}

func (i *Installer) shutdown(context.Context, *client, any) (any, error) {
	return nil, refuse("EFAULT", "Nobody could switch this NAS on again: use reboot")
}
