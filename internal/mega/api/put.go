package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// NewNode is a node to be created. Its attributes and key are encrypted already.
type NewNode struct {
	Type NodeType // File or Folder
	// Content of a file: an upload token (UploadedContent) or a node to copy on the server (CopiedContent).
	Content string
	Attr    string // encrypted attributes in base64
	Key     string // encrypted node key in base64
	// Over is the file of the same name that this one replaces.
	Over Handle
	// ID and Parent tie the nodes of one tree together: Parent is the ID of a folder among them, zero for the
	// target itself. IDs are chosen by the caller and mean nothing afterwards.
	ID, Parent Handle
}

// UploadedContent names content by the token that ended its upload.
func UploadedContent(token []byte) string { return base64.RawURLEncoding.EncodeToString(token) }

// CopiedContent names the content of an existing file; the new node must have the same key.
func CopiedContent(h Handle) string { return h.String() }

// Put creates nodes under a folder.
type Put struct {
	Target Handle
	Nodes  []NewNode
	// DropVersions makes a replaced file (NewNode.Over) disappear instead of becoming a version of the new one.
	DropVersions bool
	// Body, if any, is ended when the nodes stand in the queue.
	Body *Body
}

type wireNewNode struct {
	Content string   `json:"h"`
	Type    NodeType `json:"t"`
	Attr    string   `json:"a"`
	Key     string   `json:"k"`
	Parent  string   `json:"p,omitempty"`
	Over    string   `json:"ov,omitempty"`
}

type wirePut struct {
	A      string            `json:"a"`
	Target Handle            `json:"t"`
	Vb     int               `json:"vb"`
	Nodes  []json.RawMessage `json:"n"`
}

// putUnit is the part of a "p" command that one caller asked for.
type putUnit struct {
	target Handle
	drop   bool
	tree   bool   // has ids of its own, so it stays alone in its command
	split  uint64 // units of one failed command that are tried together again; zero: none
	nodes  []NewNode
	wire   []json.RawMessage
}

func newPutUnit(p Put) (*unit, error) {
	u := &unit{
		put:     &putUnit{target: p.Target, drop: p.DropVersions, nodes: p.Nodes},
		body:    p.Body,
		patient: true,
		size:    64,
	}
	if len(p.Nodes) == 0 || len(p.Nodes) > maxNodes {
		return nil, fmt.Errorf("create nodes: %d in one command, want 1 to %d", len(p.Nodes), maxNodes)
	}
	for _, n := range p.Nodes {
		w := wireNewNode{Content: n.Content, Type: n.Type, Attr: n.Attr, Key: n.Key, Over: n.Over.String()}
		if n.Type == Folder {
			w.Content = folderID(n.ID)
		}
		if n.Parent != 0 {
			w.Parent = n.Parent.String()
			u.put.tree = true
		}
		encoded, err := encode(w)
		if err != nil {
			return nil, err
		}
		u.put.wire = append(u.put.wire, encoded)
		u.size += len(encoded) + 1
	}
	return u, nil
}

// folderID is the temporary handle of a new folder. A folder nothing refers to has eight letters that are no
// handle of any node of the same command.
func folderID(id Handle) string {
	if id == 0 {
		return "AAAAAAAA"
	}
	return id.String()
}

// joins reports whether two units may share a command.
func (p *putUnit) joins(other *putUnit) bool {
	return !p.tree && !other.tree && p.target == other.target && p.drop == other.drop && p.split == other.split
}

func encodePut(units []*unit) []byte {
	first := units[0].put
	w := wirePut{A: "p", Target: first.target, Vb: 1}
	if first.drop {
		w.Vb = 0
	}
	for _, u := range units {
		w.Nodes = append(w.Nodes, u.put.wire...)
	}
	encoded, err := encode(w)
	if err != nil {
		// Every part was encoded before.
		panic("api: " + err.Error())
	}
	return encoded
}

// created finds the nodes that a put asked for among those the server made. It matches by key and, where several
// have the same key because they are copies of one file, by attributes.
type created struct {
	byKey map[string][]Node
}

func newCreated(nodes []Node) created {
	c := created{byKey: make(map[string][]Node, len(nodes))}
	for _, n := range nodes {
		for _, entry := range crypt.ParseKeys(n.Key) {
			c.byKey[entry.Text] = append(c.byKey[entry.Text], n)
		}
	}
	return c
}

func (c created) take(want NewNode) (Node, bool) {
	candidates := c.byKey[want.Key]
	for i, n := range candidates {
		if n.Attr == want.Attr {
			c.byKey[want.Key] = append(candidates[:i:i], candidates[i+1:]...)
			return n, true
		}
	}
	return Node{}, false
}

// takeAll is the outcome of one unit.
func (c created) takeAll(wanted []NewNode) outcome {
	nodes := make([]Node, 0, len(wanted))
	for _, want := range wanted {
		n, ok := c.take(want)
		if !ok {
			return outcome{nodes: nodes, err: &AnswerError{Command: "p", Why: "the new node is not in it"}}
		}
		nodes = append(nodes, n)
	}
	return outcome{nodes: nodes}
}

func parsePut(element []byte) (created, error) {
	var answer struct {
		F json.RawMessage `json:"f"`
	}
	if err := decode(element, "p", &answer); err != nil {
		return created{}, err
	}
	nodes, _, err := parseNodes(answer.F)
	if err != nil {
		return created{}, &AnswerError{Command: "p", Why: err.Error()}
	}
	return newCreated(nodes), nil
}
