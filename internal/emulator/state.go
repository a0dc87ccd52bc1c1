package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/internal/emulator/store"
)

// state is everything the server knows. It only changes through apply, with
// changes that are logged, so that replaying the log gives the same state.
// It is guarded by Server.mu.
type state struct {
	secret     []byte                // seals download addresses
	users      map[string]*user      // by user handle
	emails     map[string]*user      // by lower-case address
	sessions   map[string]*session   // by session id
	uploads    map[string]*upload    // by the token of the address
	tokens     map[string]*upload    // by the token that p redeems
	links      map[handle]publicLink // by public handle
	blobs      map[uint64]int        // references
	lastBlob   uint64
	eventLimit int
	answers    answerCache
	// freed collects blobs without references until the change is logged.
	freed []uint64
}

// user is one account with its tree and events.
type user struct {
	accountRecord
	tree   *tree
	attrs  map[string]attribute
	events events
}

// accountRecord is what an account keeps for good.
type accountRecord struct {
	User      string    `json:"u"`
	Email     string    `json:"email"`
	Version   int       `json:"v"`
	Salt      []byte    `json:"salt,omitempty"`
	Auth      []byte    `json:"auth"` // SHA-256 of what the client proves itself with
	Key       string    `json:"k"`
	Private   string    `json:"privk"`
	Public    []byte    `json:"pubk"`
	MFA       string    `json:"mfa,omitempty"`
	Since     int64     `json:"since"`
	Roots     [3]handle `json:"roots"` // cloud drive, vault, bin
	FirstSeq  uint64    `json:"sn"`
	Generated int       `json:"gen,omitempty"`
}

type attribute struct {
	Value   string `json:"av"`
	Version string `json:"v"`
}

type publicLink struct {
	User string
	Node handle
}

// change is one step of state. Exactly one field is set.
type change struct {
	Secret  []byte         `json:"secret,omitempty"`
	Account *accountRecord `json:"account,omitempty"`
	Session *session       `json:"session,omitempty"`
	End     string         `json:"end,omitempty"` // session id
	Node    *nodeChange    `json:"n,omitempty"`
	Drop    *dropChange    `json:"x,omitempty"`
	Left    *leftChange    `json:"left,omitempty"`
	Attr    *attrChange    `json:"ua,omitempty"`
	Link    *linkChange    `json:"l,omitempty"`
	Event   *eventChange   `json:"e,omitempty"`
	Upload  *upload        `json:"up,omitempty"`
	Piece   *pieceChange   `json:"ul,omitempty"`
	Spent   string         `json:"spent,omitempty"` // token of an upload's address
	Answer  *answer        `json:"ans,omitempty"`
}

type nodeChange struct {
	User string `json:"u"`
	Node *node  `json:"n"`
}

type dropChange struct {
	User string `json:"u"`
	Node handle `json:"h"`
}

// leftChange restores which generated nodes are no longer generated.
type leftChange struct {
	User string   `json:"u"`
	Bits []uint64 `json:"bits"`
}

// attrChange sets a user attribute, or removes it when the version is empty.
type attrChange struct {
	User, Name string
	attribute
}

type linkChange struct {
	User   string `json:"u"`
	Node   handle `json:"h"`
	Public handle `json:"ph"`
	Remove bool   `json:"d,omitempty"`
}

func newState(eventLimit int) *state {
	return &state{
		eventLimit: eventLimit,
		users:      make(map[string]*user),
		emails:     make(map[string]*user),
		sessions:   make(map[string]*session),
		uploads:    make(map[string]*upload),
		tokens:     make(map[string]*upload),
		links:      make(map[handle]publicLink),
		blobs:      make(map[uint64]int),
		answers:    newAnswerCache(),
	}
}

func (st *state) apply(c change) {
	switch {
	case c.Secret != nil:
		st.secret = c.Secret
	case c.Account != nil:
		st.applyAccount(*c.Account)
	case c.Session != nil:
		st.sessions[c.Session.ID] = c.Session
	case c.End != "":
		delete(st.sessions, c.End)
	case c.Node != nil:
		st.applyNode(st.users[c.Node.User], c.Node.Node)
	case c.Drop != nil:
		st.applyDrop(st.users[c.Drop.User], c.Drop.Node)
	case c.Left != nil:
		st.applyLeft(st.users[c.Left.User], c.Left.Bits)
	case c.Attr != nil:
		st.applyAttr(c.Attr)
	case c.Link != nil:
		st.applyLink(c.Link)
	case c.Event != nil:
		st.users[c.Event.User].events.add(c.Event)
	case c.Upload != nil:
		st.applyUpload(c.Upload)
	case c.Piece != nil:
		st.applyPiece(c.Piece)
	case c.Spent != "":
		st.applySpent(c.Spent)
	case c.Answer != nil:
		st.answers.add(c.Answer)
	default:
		panic("emulator: empty change")
	}
}

func (st *state) applyAccount(r accountRecord) {
	u := st.users[r.User]
	if u == nil {
		u = &user{tree: newTree(), attrs: make(map[string]attribute)}
		u.events = newEvents(r.FirstSeq, st.eventLimit)
		st.users[r.User] = u
	}
	u.accountRecord = r
	st.emails[strings.ToLower(r.Email)] = u
	switch g := u.tree.gen; {
	case r.Generated == 0:
	case g == nil:
		u.tree.gen = newGenerated(r.Generated, r.Roots[0])
		u.tree.total.plus(generatedUsage(0, r.Generated))
	default:
		u.tree.total.plus(generatedUsage(g.count, r.Generated))
		g.grow(r.Generated)
	}
}

func (u *usage) plus(v usage) {
	u.Files += v.Files
	u.Folders += v.Folders
	u.Bytes += v.Bytes
	u.VersionFiles += v.VersionFiles
	u.VersionBytes += v.VersionBytes
}

func (st *state) applyNode(u *user, n *node) {
	st.hold(n.Blob)
	if old := u.tree.nodes[n.Handle]; old != nil {
		st.release(old.Blob)
	}
	u.tree.put(n)
}

func (st *state) applyDrop(u *user, h handle) {
	u.tree.drop(h, func(n *node) {
		st.release(n.Blob)
		for ph, l := range st.links {
			if l.User == u.User && l.Node == n.Handle {
				delete(st.links, ph)
			}
		}
	})
}

func (st *state) applyLeft(u *user, bits []uint64) {
	g := u.tree.gen
	for i := range g.count {
		if bits[i/64]>>(i%64)&1 != 0 && !g.hasLeft(i) {
			u.tree.total.add(g.bare(i), -1)
			g.leave(i)
		}
	}
}

func (st *state) applyAttr(c *attrChange) {
	u := st.users[c.User]
	if c.Version == "" {
		delete(u.attrs, c.Name)
	} else {
		u.attrs[c.Name] = c.attribute
	}
}

func (st *state) applyLink(c *linkChange) {
	if c.Remove {
		delete(st.links, c.Public)
	} else {
		st.links[c.Public] = publicLink{User: c.User, Node: c.Node}
	}
}

// hold and release count who needs a blob.
func (st *state) hold(blob uint64) {
	if blob != 0 {
		st.blobs[blob]++
		st.lastBlob = max(st.lastBlob, blob)
	}
}

func (st *state) release(blob uint64) {
	if blob == 0 {
		return
	}
	st.blobs[blob]--
	if st.blobs[blob] == 0 {
		delete(st.blobs, blob)
		st.freed = append(st.freed, blob)
	}
}

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
