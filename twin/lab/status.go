// SPDX-License-Identifier: GPL-3.0-or-later

package lab

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// Status is what `labtwin status --json` prints.
type Status struct {
	Running   bool       `json:"running"`
	PID       int        `json:"pid,omitempty"`
	Since     time.Time  `json:"since,omitzero"`
	Dir       string     `json:"dir"`
	Backing   string     `json:"backing,omitempty"`
	Accel     string     `json:"accel,omitempty"`
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	Machines  []Machine  `json:"machines,omitempty"`
	// Facts say of each thing a user may want to rely on whether it is real, and where its numbers come from.
	Facts []Fact `json:"facts,omitempty"`
	// Calls counts API calls by endpoint and method since the start.
	Calls map[string]map[string]int64 `json:"calls,omitempty"`
}

// Endpoint is one thing that answers.
type Endpoint struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	What string `json:"what"`
}

// Machine is a virtual machine and where it is.
type Machine struct {
	Name    string `json:"name"`
	Host    string `json:"host"`
	Power   string `json:"power"`
	Address string `json:"address,omitempty"`
}

// Fact says how real one thing is. How is "measured", "real", "stand-in" or "computed".
type Fact struct {
	What string `json:"what"`
	How  string `json:"how"`
	Note string `json:"note"`
}

// Endpoints are all that listens, in the order of a user's way through them.
func (l *Lab) Endpoints() []Endpoint {
	var list []Endpoint
	for i, h := range l.vsphere.Hosts() {
		list = append(list, Endpoint{fmt.Sprintf("esxi%d", l.Config.Hosts[i].Number), "https://" + h.Addr().String(), "ESXi host, vSphere API"})
	}
	list = append(list, Endpoint{"vcenter", "https://" + l.vsphere.VCenterAddr().String(), "vCenter, vSphere API"})
	list = append(list, l.Config.NAS.endpoint(l.Config.endpoint(l.Config.NAS.Address), l.nas.Installed()))
	for _, local := range slices.Sorted(maps.Keys(l.Config.Guests.Forwards)) {
		list = append(list, Endpoint{"guest", local, "leads to " + l.Config.Guests.Forwards[local] + " in the guests' network"})
	}
	return list
}

// Write prints the status for people.
func (s Status) Write(w io.Writer) error {
	if !s.Running {
		_, err := fmt.Fprintf(w, "not running (%s)\n", s.Dir)
		return err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(table, "running since %s, process %d, backing %s, acceleration %s\n\n", s.Since.Format(time.DateTime), s.PID, s.Backing, s.Accel)
	for _, e := range s.Endpoints {
		fmt.Fprintf(table, "%s\t%s\t%s\n", e.Name, e.URL, e.What)
	}
	fmt.Fprintln(table, "\nmachine\thost\tpower\taddress")
	for _, m := range s.Machines {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Name, m.Host, m.Power, m.Address)
	}
	fmt.Fprintln(table, "\nwhat\thow\tnote")
	for _, f := range s.Facts {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.What, f.How, f.Note)
	}
	fmt.Fprintln(table, "\nendpoint\tAPI calls")
	for _, endpoint := range slices.Sorted(maps.Keys(s.Calls)) {
		var sum int64
		for _, count := range s.Calls[endpoint] {
			sum += count
		}
		fmt.Fprintf(table, "%s\t%d\n", endpoint, sum)
	}
	return table.Flush()
}
