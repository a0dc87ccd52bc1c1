package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/megaplan/megaplan/internal/emulator/store"
)

// load replays a store and removes blobs that nobody refers to.
func (st *state) load(s store.Store) error {
	err := s.Replay(func(record []byte) error {
		var changes []change
		if err := json.Unmarshal(record, &changes); err != nil {
			return fmt.Errorf("read changes: %w", err)
		}
		for _, c := range changes {
			st.apply(c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	st.freed = nil
	blobs, err := s.Blobs()
	for _, id := range blobs {
		st.lastBlob = max(st.lastBlob, id)
		if st.blobs[id] == 0 {
			err = errors.Join(err, s.DeleteBlob(id))
		}
	}
	return err
}

// dump emits changes that rebuild the state from nothing.
func (st *state) dump(emit func([]byte) error) error {
	d := dumper{emit: emit}
	d.add(change{Secret: st.secret})
	for _, u := range st.users {
		d.user(u)
	}
	for ph, l := range st.links {
		d.add(change{Link: &linkChange{User: l.User, Node: l.Node, Public: ph}})
	}
	for _, s := range st.sessions {
		d.add(change{Session: s})
	}
	for _, up := range st.uploads {
		d.add(change{Upload: up})
	}
	for _, a := range st.answers.list {
		d.add(change{Answer: a})
	}
	return d.flush()
}

// dumper groups changes into records of a useful size.
type dumper struct {
	emit    func([]byte) error
	pending []change
	err     error
}

func (d *dumper) add(c change) {
	d.pending = append(d.pending, c)
	if len(d.pending) >= 256 {
		d.flush()
	}
}

func (d *dumper) flush() error {
	if d.err == nil && len(d.pending) > 0 {
		var record []byte
		record, d.err = json.Marshal(d.pending)
		if d.err == nil {
			d.err = d.emit(record)
		}
	}
	d.pending = d.pending[:0]
	return d.err
}

func (d *dumper) user(u *user) {
	record := u.accountRecord
	record.FirstSeq = u.events.seq - uint64(len(u.events.list)) // events follow
	d.add(change{Account: &record})
	// Stored nodes whose parent was generated need that parent to exist, so
	// they come before the generated ones are marked as gone.
	for _, n := range u.tree.storedParentsFirst() {
		d.add(change{Node: &nodeChange{User: u.User, Node: n}})
	}
	if g := u.tree.gen; g != nil {
		d.add(change{Left: &leftChange{User: u.User, Bits: slices.Clone(g.left)}})
	}
	for name, a := range u.attrs {
		d.add(change{Attr: &attrChange{User: u.User, Name: name, attribute: a}})
	}
	for _, text := range u.events.list {
		d.add(change{Event: &eventChange{User: u.User, Text: text}})
	}
}

// storedParentsFirst orders stored nodes so that each comes after its parent.
func (t *tree) storedParentsFirst() []*node {
	out := make([]*node, 0, len(t.nodes))
	done := make(map[handle]bool, len(t.nodes))
	var visit func(n *node)
	visit = func(n *node) {
		if n == nil || done[n.Handle] {
			return
		}
		done[n.Handle] = true
		visit(t.nodes[n.Parent])
		out = append(out, n)
	}
	for _, n := range t.nodes {
		visit(n)
	}
	return out
}
