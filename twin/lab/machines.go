// SPDX-License-Identifier: GPL-3.0-or-later

package lab

// machines are the virtual machines and where they are.
func (l *Lab) machines() []Machine {
	var list []Machine
	for _, m := range l.vsphere.Machines() {
		list = append(list, Machine{Name: m.Name, Host: m.Host, Power: m.State, Address: m.IP})
	}
	return list
}

// accel says what runs the machines' processors.
func (l *Lab) accel() string { return l.backing.Accel() }

// calls counts API calls by endpoint and method.
func (l *Lab) calls() map[string]map[string]int64 { return l.vsphere.Calls() }
