package emulator

import (
	"encoding/json"
	"strings"
)

type putRequest struct {
	Target string     `json:"t"`
	Nodes  []putEntry `json:"n"`
	Keep   loose      `json:"vb"` // 1 keep versions, 0 replace, absent: the account's setting
	Marker string     `json:"i"`
}

type putEntry struct {
	Source  string `json:"h"`  // upload token, node to copy, or temporary id of a folder
	Public  string `json:"ph"` // or a public link to import
	Kind    loose  `json:"t"`
	Attr    string `json:"a"`
	Key     string `json:"k"`
	Parent  string `json:"p"`  // Source of another entry
	Replace string `json:"ov"` // file of which this is the new version
	FA      string `json:"fa"`
}

const maxPutNodes = 10_000

// runPut adds nodes. Each entry succeeds or fails on its own, except that all
// fail together when the target is gone or the quota does not suffice.
func runPut(c *call, raw json.RawMessage) result {
	req, ok := parse[putRequest](raw)
	if !ok || len(req.Nodes) == 0 || len(req.Nodes) > maxPutNodes {
		return errorResult(codeArgs)
	}
	target := c.user.tree.bare(parseHandle(req.Target))
	if target == nil {
		return errorResult(codeNotFound)
	}
	if !target.Kind.container() {
		return errorResult(codeAccess)
	}
	p := &put{
		call: c, req: req, target: target.Handle, made: make([]*node, len(req.Nodes)),
		codes: make([]int, len(req.Nodes)), state: make([]putState, len(req.Nodes)),
	}
	p.index()
	if p.size() > c.s.opts.Quota-c.user.tree.total.allBytes() {
		return errorResult(codeOverQuota)
	}
	for i := range req.Nodes {
		p.place(i)
	}
	return p.answer()
}

// put is one running p command.
type put struct {
	*call
	req    putRequest
	target handle
	byID   map[string]int // entry by its Source, -1 where several have it
	made   []*node
	order  []int // entries that were made, parents first
	codes  []int
	state  []putState
	older  []*node  // files that became versions, or moved below the new one
	gone   []handle // files that were replaced for good
	spent  map[string]bool
}

type putState int

const (
	putWaiting putState = iota
	putRunning
	putDone
)

func (p *put) index() {
	p.byID = make(map[string]int)
	p.spent = make(map[string]bool)
	for i, e := range p.req.Nodes {
		if e.Source == "" {
			continue
		}
		if _, double := p.byID[e.Source]; double {
			i = -1
		}
		p.byID[e.Source] = i
	}
}

// size is what the entries would add to the account.
func (p *put) size() int64 {
	var sum int64
	for _, e := range p.req.Nodes {
		if e.Kind.value == int64(kindFile) {
			if src, code := p.source(e); code == 0 {
				sum += src.Size
			}
		}
	}
	return sum
}

// place makes one entry's node, its parent's before it.
func (p *put) place(i int) {
	if p.state[i] != putWaiting {
		return
	}
	p.state[i] = putRunning
	p.made[i], p.codes[i] = p.make(p.req.Nodes[i])
	p.state[i] = putDone
	if p.made[i] != nil {
		p.order = append(p.order, i)
	}
}

func (p *put) make(e putEntry) (*node, int) {
	parent, code := p.parent(e)
	if code != 0 {
		return nil, code
	}
	n := &node{Handle: newHandle(), Parent: parent, Kind: kind(e.Kind.value), Attr: e.Attr, Key: bareKey(e.Key), Time: p.now.Unix()}
	switch {
	case n.Kind == kindFile:
		src, code := p.source(e)
		if code != 0 {
			return nil, code
		}
		if src.Key != "" && !sameKey(src.Key, n.Key) {
			return nil, codeKey // the data would not decrypt
		}
		n.Size, n.Blob, n.Content, n.FA = src.Size, src.Blob, src.Content, src.FA
	case n.Kind != kindFolder:
		return nil, codeArgs
	}
	if e.FA != "" && n.Kind == kindFile && plainText(e.FA) {
		n.FA = e.FA
	}
	if code := checkSecrets(n); code != 0 {
		return nil, code
	}
	if code := p.replace(e, n); code != 0 {
		return nil, code
	}
	p.spend(e)
	return n, 0
}

// parent is the target, or what another entry of the same request became. A
// file entry below a file entry is an older version in a copied tree.
func (p *put) parent(e putEntry) (handle, int) {
	if e.Parent == "" {
		return p.target, 0
	}
	i, ok := p.byID[e.Parent]
	if !ok {
		return 0, codeNotFound
	}
	if i < 0 {
		return 0, codeArgs
	}
	if p.state[i] == putRunning {
		return 0, codeCircular
	}
	p.place(i)
	if p.made[i] == nil {
		return 0, p.codes[i]
	}
	if p.made[i].Kind == kindFile && e.Kind.value != int64(kindFile) {
		return 0, codeArgs
	}
	return p.made[i].Handle, 0
}

// source finds the data of a file: an upload, a node or a public link.
func (p *put) source(e putEntry) (*node, int) {
	if e.Public != "" {
		link, ok := p.links[parseHandle(e.Public)]
		if !ok {
			return nil, codeNotFound
		}
		shared := *p.users[link.User].tree.get(link.Node)
		shared.Key = "" // encrypted for somebody else
		return &shared, 0
	}
	if h := parseHandle(e.Source); h != 0 {
		n := p.user.tree.get(h)
		if n == nil || n.Kind != kindFile {
			return nil, codeNotFound
		}
		return n, 0
	}
	up := p.tokens[e.Source]
	if up == nil || up.User != p.user.User || p.spent[e.Source] {
		return nil, codeNotFound
	}
	return &node{Size: up.Size, Blob: up.Blob}, 0
}

// replace adds the node, as a new version where the entry says of what.
func (p *put) replace(e putEntry, n *node) int {
	old := p.user.tree.get(parseHandle(e.Replace))
	if old == nil || e.Replace == "" {
		p.putNode(n)
		return 0
	}
	if old.Kind != kindFile || n.Kind != kindFile || old.version || old.Parent != n.Parent {
		return codeArgs
	}
	p.putNode(n)
	if p.keepVersions() {
		p.hang(old, n.Handle)
		return 0
	}
	for _, h := range p.user.tree.storedChildren(old.Handle) {
		p.hang(p.user.tree.nodes[h], n.Handle)
	}
	p.dropNode(old.Handle)
	p.gone = append(p.gone, old.Handle)
	return 0
}

func (p *put) hang(n *node, below handle) {
	version := *n
	version.Parent = below
	p.putNode(&version)
	p.older = append(p.older, &version)
}

// keepVersions follows the request, else the account's setting: the attribute
// ^!dv holds "1" when versions are off.
func (p *put) keepVersions() bool {
	if p.req.Keep.set {
		return p.req.Keep.value != 0
	}
	off, err := decode64(p.user.attrs["^!dv"].Value)
	return err != nil || string(off) != "1"
}

// spend uses up an upload: its token works once.
func (p *put) spend(e putEntry) {
	up := p.tokens[e.Source]
	if e.Public == "" && parseHandle(e.Source) == 0 && up != nil {
		p.spent[e.Source] = true
		p.do(change{Spent: up.URL})
	}
}

// bareKey cuts the owner's prefix off a key; of several owners the first is
// this account.
func bareKey(k string) string {
	_, key, ok := strings.Cut(k, ":")
	if !ok {
		return k
	}
	key, _, _ = strings.Cut(key, "/")
	return key
}

func sameKey(a, b string) bool {
	x, errX := decode64(a)
	y, errY := decode64(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

const maxAttrLength = 64 << 10

// checkSecrets refuses what could not be given back unchanged: attributes and
// keys that are missing, of a wrong size, or not base64.
func checkSecrets(n *node) int {
	keySize := 16
	if n.Kind == kindFile {
		keySize = 32
	}
	key, err := decode64(n.Key)
	if err != nil || len(key) != keySize || !plainText(n.Key) {
		return codeArgs
	}
	attr, err := decode64(n.Attr)
	if err != nil || len(attr) == 0 || len(attr)%16 != 0 || len(attr) > maxAttrLength || !plainText(n.Attr) {
		return codeArgs
	}
	return 0
}
