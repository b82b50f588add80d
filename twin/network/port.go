// SPDX-License-Identifier: GPL-3.0-or-later

package network

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

const (
	// queueFrames bounds what waits for a peer: 1024 frames of 1500 bytes are 1.5 MB, some
	// 12 ms of a gigabit link. What comes on top is dropped, as a switch does.
	queueFrames = 1024
	minFrame    = 14        // an Ethernet header
	maxFrame    = 64 * 1024 // QEMU's own limit for a frame is 68 KiB; the guests' MTU is 1500
	lengthSize  = 4         // QEMU puts the length before every frame, 32 bits, big endian
)

// port is a peer's place at the switch. The switch holds locks while it writes, so Write never waits:
// it queues, and drops the frame when the queue is full.
type port struct {
	net.Conn
	stations *stations
	logf     func(format string, args ...any)

	reader  *bufio.Reader
	pending []byte // rest of the frame that Read hands out

	queue   chan []byte
	gone    chan struct{}
	once    sync.Once
	dropped atomic.Uint64
}

func newPort(conn net.Conn, stations *stations, logf func(string, ...any)) *port {
	p := &port{
		Conn: conn, stations: stations, logf: logf,
		reader: bufio.NewReaderSize(conn, maxFrame),
		queue:  make(chan []byte, queueFrames),
		gone:   make(chan struct{}),
	}
	go p.pump()
	return p
}

// Read hands the peer's frames to the switch, each with its length, as QEMU sends them. Frames that
// no longer count, because their sender has moved to another port, are left out.
func (p *port) Read(b []byte) (int, error) {
	for len(p.pending) == 0 {
		frame, err := p.readFrame()
		if err != nil {
			return 0, err
		}
		if p.stations.sent(p, frame[lengthSize:]) {
			p.pending = frame
		}
	}
	n := copy(b, p.pending)
	p.pending = p.pending[n:]
	return n, nil
}

// readFrame reads one frame with its length. A length that no frame has ends the connection,
// because the place of the next frame is lost then.
func (p *port) readFrame() ([]byte, error) {
	var length [lengthSize]byte
	if _, err := io.ReadFull(p.reader, length[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(length[:])
	if size < minFrame || size > maxFrame {
		return nil, fmt.Errorf("frame of %d bytes, %d to %d are possible", size, minFrame, maxFrame)
	}
	frame := make([]byte, lengthSize+size)
	copy(frame, length[:])
	_, err := io.ReadFull(p.reader, frame[lengthSize:])
	return frame, err
}

// Write takes one frame with its length (the switch writes each in one call) and never blocks or fails:
// an error would make the switch skip the remaining peers of a broadcast.
func (p *port) Write(b []byte) (int, error) {
	p.stations.received(b[lengthSize:])
	frame := append([]byte(nil), b...)
	select {
	case p.queue <- frame:
	default:
		if p.dropped.Add(1) == 1 {
			p.logf("network: a peer takes no frames, %d wait; more are dropped", queueFrames)
		}
	}
	return len(b), nil
}

// pump writes queued frames to the peer, as many at once as there are.
func (p *port) pump() {
	writer := bufio.NewWriterSize(p.Conn, maxFrame)
	for {
		select {
		case <-p.gone:
			return
		case frame := <-p.queue:
			if _, err := writer.Write(frame); err != nil {
				_ = p.Close()
				return
			}
		}
		if len(p.queue) == 0 && writer.Flush() != nil {
			_ = p.Close()
			return
		}
	}
}

// Close ends the connection and its pump.
func (p *port) Close() error {
	p.once.Do(func() { close(p.gone) })
	return p.Conn.Close()
}
