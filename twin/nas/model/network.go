// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"livelab.dev/twin/nas/fault"
)

// Interface is a network adapter's configuration.
type Interface struct {
	Name        string  `json:"name"`
	Description string  `json:"description"`
	DHCP        bool    `json:"ipv4_dhcp"`
	Auto        bool    `json:"ipv6_auto"`
	Aliases     []Alias `json:"aliases"`
	MTU         *int    `json:"mtu"`
	// Configured is false for an adapter that only the installation has brought up.
	Configured bool `json:"configured"`
}

// Alias is an address of an adapter.
type Alias struct {
	Type    string `json:"type"` // INET or INET6
	Address string `json:"address"`
	Netmask int    `json:"netmask"` // bits
}

func (a Alias) addr() netip.Addr {
	addr, _ := netip.ParseAddr(a.Address) // was checked
	return addr
}

func installedInterfaces(ports []Port) []Interface {
	all := []Interface{}
	for _, p := range ports {
		i := Interface{Name: p.Name, DHCP: p.DHCP, Aliases: []Alias{}, Configured: !p.DHCP}
		if !p.DHCP {
			i.Aliases = append(i.Aliases, Alias{"INET", p.Address.Addr().String(), p.Address.Bits()})
		}
		all = append(all, i)
	}
	return all
}

// static are the addresses that are configured.
func (s *State) static() []netip.Addr {
	var all []netip.Addr
	for _, i := range s.Interfaces {
		for _, a := range i.Aliases {
			all = append(all, a.addr())
		}
	}
	return all
}

// addresses are those that the configuration gives the NAS, DHCP's among them: it gives each adapter the address it was
// installed with.
func (s *State) addresses(ports []Port) []netip.Addr {
	all := s.static()
	for _, i := range s.Interfaces {
		for _, p := range ports {
			if p.Name == i.Name && (i.DHCP || !i.Configured) && !slices.Contains(all, p.Address.Addr()) {
				all = append(all, p.Address.Addr())
			}
		}
	}
	return all
}

// Lease is the address that an adapter has from DHCP.
func (n *NAS) Lease(i Interface) (netip.Prefix, bool) {
	for _, p := range n.cfg.Ports {
		if p.Name == i.Name && (i.DHCP || !i.Configured) {
			return p.Address, true
		}
	}
	return netip.Prefix{}, false
}

// Interfaces are the adapters as they are configured, on trial or not.
func (n *NAS) Interfaces() []Interface {
	return View(n, func(s *State) []Interface { return slices.Clone(s.Interfaces) })
}

// UpdateInterface changes an adapter's configuration. It takes effect with CommitInterfaces.
func (n *NAS) UpdateInterface(name string, fill func(*Interface) error) error {
	return n.change(func(next *State) error {
		i := slices.IndexFunc(next.Interfaces, func(i Interface) bool { return i.Name == name })
		if i < 0 {
			return fault.Missing(fmt.Sprintf("Interface %s does not exist", name))
		}
		if next.Original == nil {
			before := slices.Clone(next.Interfaces)
			next.Original = &before
		}
		one := next.Interfaces[i]
		one.Aliases = slices.Clone(one.Aliases)
		if err := fill(&one); err != nil {
			return err
		}
		one.Name, one.Configured = name, true
		var wrong fault.Invalid
		checkAliases(next, one, &wrong)
		next.Interfaces = slices.Clone(next.Interfaces)
		next.Interfaces[i] = one
		return wrong.Err()
	})
}

func checkAliases(state *State, one Interface, wrong *fault.Invalid) {
	if one.DHCP && slices.ContainsFunc(state.Interfaces, func(o Interface) bool { return o.Name != one.Name && o.DHCP && o.Configured }) {
		wrong.Add("ipv4_dhcp", fault.EINVAL, "Only one interface can be used for DHCP.")
	}
	for n, a := range one.Aliases {
		field := fmt.Sprintf("aliases.%d.address", n)
		addr, err := netip.ParseAddr(a.Address)
		if err != nil || !addr.Is4() || !addr.IsLoopback() {
			wrong.Add(field, fault.EINVAL, "%q: this NAS has no addresses but IPv4 loopback addresses (127.0.0.0/8)", a.Address)
			continue
		}
		if a.Netmask < 0 || a.Netmask > 32 {
			wrong.Add(fmt.Sprintf("aliases.%d.netmask", n), fault.EINVAL, "Should be between 0 and 32")
		}
		for _, o := range state.Interfaces {
			if o.Name != one.Name && slices.ContainsFunc(o.Aliases, func(b Alias) bool { return b.addr() == addr }) {
				wrong.Add(field, fault.EINVAL, "The IP address %s is already in use on interface %s", a.Address, o.Name)
			}
		}
	}
}

// trial is a time in which new network settings have to be confirmed.
type trial struct {
	timer *time.Timer
	ends  time.Time
}

// PendingInterfaces says whether there are changes that are not committed for good.
func (n *NAS) PendingInterfaces() bool {
	return View(n, func(s *State) bool { return s.Original != nil })
}

// CheckinWaiting is how long the trial still lasts, in whole seconds; false when there is none.
func (n *NAS) CheckinWaiting() (int, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.trial == nil {
		return 0, false
	}
	return int(time.Until(n.trial.ends).Seconds()), true
}

// CommitInterfaces puts the changes into effect. With a rollback they are on trial: what was before comes back after the
// time, unless CheckinInterfaces is called.
func (n *NAS) CommitInterfaces(rollback bool, after time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.trial != nil {
		n.trial.timer.Stop()
		n.trial = nil
	}
	if err := n.move(n.state.addresses(n.cfg.Ports)); err != nil {
		return err
	}
	if !rollback {
		return n.changeLocked(keepInterfaces)
	}
	t := &trial{ends: time.Now().Add(after)}
	t.timer = time.AfterFunc(after, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.trial != t {
			return
		}
		n.cfg.Logf("nas: nobody has confirmed the network settings within %s: what was before comes back", after)
		if err := n.rollback(); err != nil {
			n.cfg.Logf("nas: network: %v", err)
		}
	})
	n.trial = t
	return nil
}

func keepInterfaces(next *State) error {
	next.Original = nil
	return nil
}

// CheckinInterfaces confirms settings on trial.
func (n *NAS) CheckinInterfaces() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.trial == nil {
		return nil
	}
	n.trial.timer.Stop()
	n.trial = nil
	return n.changeLocked(keepInterfaces)
}

// RollbackInterfaces takes back what is not committed for good.
func (n *NAS) RollbackInterfaces() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.rollback()
}

func (n *NAS) rollback() error {
	if n.trial != nil {
		n.trial.timer.Stop()
		n.trial = nil
	}
	err := n.changeLocked(func(next *State) error {
		if next.Original != nil {
			next.Interfaces, next.Original = *next.Original, nil
		}
		return nil
	})
	return errors.Join(err, n.move(n.state.addresses(n.cfg.Ports)))
}

// move gives the NAS other addresses: the API's first, then iSCSI's.
func (n *NAS) move(to []netip.Addr) error {
	before := n.addresses
	if slices.Equal(before, to) {
		return nil
	}
	if len(to) == 0 {
		return fault.Refuse(fault.EINVAL, "these settings leave the NAS without any address")
	}
	if n.cfg.Moved != nil {
		if err := n.cfg.Moved(to); err != nil {
			return fault.Refuse(fault.EFAULT, "network: %v", err)
		}
	}
	n.addresses = to
	if err := n.service.apply(n.state); err != nil {
		n.addresses = before
		return errors.Join(fault.Refuse(fault.EFAULT, "iscsitarget: %v", err), n.cfg.Moved(before), n.service.apply(n.state))
	}
	return nil
}

func (n *NAS) endTrial() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.trial != nil {
		n.trial.timer.Stop()
		n.trial = nil
	}
}
