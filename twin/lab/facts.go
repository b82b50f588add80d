// SPDX-License-Identifier: GPL-3.0-or-later

package lab

// facts say what of this data centre is real. It is printed by status and goes into the summary and the report.
func facts(backing, accel string, nas NASConfig) []Fact {
	always := []Fact{
		{"vSphere API", "stand-in", "govmomi's simulator, extended; no VMware software runs here"},
		{"NAS API", "stand-in", "that of " + nas.version().Full + " (" + nas.dialects() + ") in front of a real iSCSI target"},
		{"iSCSI and LUNs", "real", "served by tgtd; hosts discover and log in over TCP"},
		{"datastore on the LUN", "real", "kept on the LUN itself, not in VMware's on-disk format"},
	}
	if backing == "model" {
		return append(always,
			Fact{"virtual machines", "stand-in", "the model backing runs none"},
			Fact{"migration times", "computed", "from memory size, dirty rate and bandwidth"},
			Fact{"CPU and memory counters", "computed", "from the machines' state"},
		)
	}
	how := "QEMU with " + accel
	return append(always,
		Fact{"virtual machines", "real", how + ", their disks on the LUN"},
		Fact{"migration times", "measured", "QEMU's live migration over TCP between the hosts' vMotion addresses"},
		Fact{"CPU and memory counters", "measured", "from the machines' processes; a host's own overhead is not in them"},
		Fact{"guests' network", "real", "Ethernet frames between QEMU processes, gateway gvisor-tap-vsock"},
	)
}
