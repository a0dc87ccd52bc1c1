package emulator

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// events is the packet log of one account. Packet number seq is also the sn
// after it and, for the first packet of a command, the command's tag.
type events struct {
	list []string // packets seq-len+1 .. seq
	// bytes of the list; it is bounded together with its length.
	bytes   int
	seq     uint64
	limit   int
	changed chan struct{} // closed when seq grows
}

const maxEventBytes = 64 << 20

// eventChange adds one packet, or forgets all when the text is empty, which
// makes everybody reload.
type eventChange struct {
	User string `json:"u"`
	Text string `json:"p,omitempty"`
}

func newEvents(first uint64, limit int) events {
	return events{seq: first, limit: limit, changed: make(chan struct{})}
}

func (e *events) add(c *eventChange) {
	e.seq++
	if c.Text == "" {
		e.list, e.bytes = nil, 0
		return
	}
	e.list = append(e.list, c.Text)
	e.bytes += len(c.Text)
	if len(e.list) > 2*e.limit || e.bytes > maxEventBytes {
		e.trim()
	}
}

// trim forgets the oldest packets, now and then and many at a time.
func (e *events) trim() {
	drop := 0
	for len(e.list)-drop > e.limit || e.bytes > maxEventBytes/2 {
		e.bytes -= len(e.list[drop])
		drop++
	}
	e.list = append([]string(nil), e.list[drop:]...)
}

// wake ends the waits of all readers.
func (e *events) wake() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// since returns the packets after a position; ok is false when they are no
// longer, or not yet, known.
func (e *events) since(seq uint64) (list []string, ok bool) {
	if seq > e.seq || e.seq-seq > uint64(min(len(e.list), e.limit)) {
		return nil, false
	}
	return e.list[uint64(len(e.list))-(e.seq-seq):], true
}

// tag writes a packet number so that tags compare by length, then bytes.
func tag(seq uint64) string {
	return fmt.Sprintf("%012s", strconv.FormatUint(seq, 36))
}

func formatSN(seq uint64) string {
	return encode64(binary.BigEndian.AppendUint64(nil, seq))
}

func parseSN(s string) (uint64, bool) {
	b, err := decode64(s)
	if err != nil || len(b) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(b), true
}
