package emulator

import "strings"

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
	if r.Generated > 0 {
		u.tree.generate(r.Generated, r.Roots[0])
	}
}

// generate gives the tree its first so many generated nodes, or more of them.
func (t *tree) generate(count int, root handle) {
	if t.gen == nil {
		t.gen = newGenerated(count, root)
		t.total.plus(generatedUsage(0, count))
		return
	}
	from := t.gen.count
	t.gen.grow(count)
	for i := from; i < count; i++ {
		if t.bare(t.gen.parent(i)) == nil {
			t.gen.leave(i) // its folder was deleted before it was to be
			continue
		}
		t.total.add(t.gen.bare(i), 1)
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
