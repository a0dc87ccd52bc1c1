package api

import (
	"encoding/json"
	"errors"
)

// batch is what one request carries.
type batch struct {
	slots []slot
}

// slot is one unit's commands, or one "p" command and the units it serves.
type slot struct {
	units []*unit
	first int // index of the slot's first command in the request
	count int
}

// takeLocked takes from the front of the queue what fits into a request. A unit that is too large by itself
// travels alone.
func (l *Lane) takeLocked() *batch {
	b := &batch{}
	commands, nodes, size, taken := 0, 0, 2, 0
	for _, u := range l.queue {
		slot := b.joinable(u)
		more := 0
		if slot == nil {
			more = max(1, len(u.commands))
		}
		count := 0
		if u.put != nil {
			count = len(u.put.nodes)
		}
		if taken > 0 && (commands+more > maxCommands || nodes+count > maxNodes || size+u.size > maxBody) {
			break
		}
		if slot != nil {
			slot.units = append(slot.units, u)
		} else {
			b.slots = append(b.slots, newSlot(u, commands))
		}
		commands, nodes, size, taken = commands+more, nodes+count, size+u.size, taken+1
	}
	l.queue = append([]*unit(nil), l.queue[taken:]...)
	return b
}

func newSlot(u *unit, first int) slot {
	return slot{units: []*unit{u}, first: first, count: max(1, len(u.commands))}
}

func (b *batch) joinable(u *unit) *slot {
	if u.put == nil {
		return nil
	}
	for i := range b.slots {
		if other := b.slots[i].units[0].put; other != nil && other.joins(u.put) {
			return &b.slots[i]
		}
	}
	return nil
}

func (b *batch) units() []*unit {
	var all []*unit
	for _, s := range b.slots {
		all = append(all, s.units...)
	}
	return all
}

func (b *batch) commands() [][]byte {
	var all [][]byte
	for _, s := range b.slots {
		if s.units[0].put != nil {
			all = append(all, encodePut(s.units))
			continue
		}
		all = append(all, s.units[0].commands...)
	}
	return all
}

// deliver hands every unit its outcome, except the halves of "p" commands that failed as a whole, which it returns
// to be tried again.
func (b *batch) deliver(elements []json.RawMessage, err error) (again [][]*unit) {
	for _, s := range b.slots {
		switch {
		case err != nil:
			s.fail(err)
		case s.units[0].put == nil:
			s.units[0].done <- outcome{elements: elements[s.first : s.first+s.count]}
		default:
			again = append(again, s.deliverPut(elements[s.first])...)
		}
	}
	return again
}

func (s slot) fail(err error) {
	for _, u := range s.units {
		u.done <- outcome{err: err}
	}
}

func (s slot) deliverPut(element []byte) (again [][]*unit) {
	if err := elementError(element, "p"); err != nil {
		if len(s.units) > 1 && divisible(err) {
			half := len(s.units) / 2
			return [][]*unit{s.units[:half:half], s.units[half:]}
		}
		s.fail(err)
		return nil
	}
	made, err := parsePut(element)
	if err != nil {
		s.fail(err)
		return nil
	}
	for _, u := range s.units {
		u.done <- made.takeAll(u.put.nodes)
	}
	return nil
}

// divisible reports whether the failure may be the fault of one node, so that the others deserve another try.
func divisible(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Temporary() {
		return false
	}
	switch e.Code {
	case ESID, EBLOCKED, EOVERQUOTA, EGOINGOVERQUOTA, EPAYWALL, EBUSINESSPASTDUE, EMASTERONLY:
		return false
	}
	return true
}
