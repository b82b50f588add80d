// SPDX-License-Identifier: GPL-3.0-or-later

package hypervisor

import "time"

// preCopy computes what a pre-copy migration takes. It is the model of Clark et al., "Live Migration of Virtual
// Machines" (NSDI 2005), sections 3.2 and 5: round 1 sends all memory in use, every further round what was written
// during the one before, so with memory M, bandwidth B and dirty rate D
//
//	sent(1) = M,  time(i) = sent(i) / B,  sent(i+1) = min(D × time(i), W)
//
// where W, the writable working set, bounds what can be dirty at once. The rounds end when the rest can be sent within the downtime
// limit, or after maxRounds (29 rounds there). A guest that writes faster than half the bandwidth is slowed
// down as by QEMU's auto-converge (docs/devel/migration, cpu-throttle-initial 20 %, cpu-throttle-increment 10 %, at most 99 %).
type preCopy struct {
	memory        int64 // bytes in use
	workingSet    int64 // bytes
	dirtyRate     int64 // bytes per second
	bandwidth     int64 // bytes per second
	downtimeLimit time.Duration
}

const (
	maxRounds         = 29
	throttleInitial   = 20 // percent
	throttleIncrement = 10
	throttleMax       = 99
)

// round is one round of a transfer; the last one is that in which the machine stands still.
type round struct {
	sent int64
	time time.Duration
}

// rounds computes all rounds, at least two.
func (p preCopy) rounds() []round {
	var out []round
	rest, throttle, outrun := p.memory, int64(0), 0
	for len(out) < maxRounds {
		out = append(out, round{rest, p.timeOf(rest)})
		duration := out[len(out)-1].time
		dirtied := int64(float64(p.dirtyRate*(100-throttle)/100) * duration.Seconds())
		// QEMU slows the guest down when, twice, it wrote more than half of what was sent meanwhile.
		if dirtied > rest/2 {
			outrun++
		}
		if outrun >= 2 {
			outrun = 0
			throttle = min(throttleMax, max(throttleInitial, throttle+throttleIncrement))
		}
		rest = min(dirtied, p.workingSet)
		if p.timeOf(rest) <= p.downtimeLimit {
			break
		}
	}
	return append(out, round{rest, p.timeOf(rest)})
}

func (p preCopy) timeOf(bytes int64) time.Duration {
	return time.Duration(float64(bytes) / float64(p.bandwidth) * float64(time.Second))
}
