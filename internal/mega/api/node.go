package api

import (
	"encoding/json"
	"fmt"

	"github.com/megaplan/megaplan/internal/tree"
)

// Handle identifies a node.
type Handle = tree.Handle

// UserHandle identifies an account: eleven base64url characters.
type UserHandle string

// NodeType says what a node is.
type NodeType uint8

// The types of nodes.
const (
	File NodeType = iota
	Folder
	Root  // the cloud drive
	Vault // formerly the inbox
	Bin   // the rubbish bin, MEGA's trash
)

// String names the type.
func (t NodeType) String() string {
	switch t {
	case File:
		return "file"
	case Folder:
		return "folder"
	case Root:
		return "root"
	case Vault:
		return "vault"
	case Bin:
		return "bin"
	}
	panic(fmt.Sprintf("api: unknown node type %d", t))
}

// Node is a node as the server tells it, still encrypted.
type Node struct {
	Handle Handle
	Parent Handle // zero for the three roots; for an old version the next newer file
	Owner  UserHandle
	Type   NodeType
	Size   int64  // of a file's content
	Time   int64  // creation by the server's clock, seconds since 1970
	Attr   string // encrypted attributes in base64
	Key    string // the key string: "owner:key" pairs joined by "/"
}

type wireNode struct {
	Handle *Handle    `json:"h"`
	Parent Handle     `json:"p"`
	Owner  UserHandle `json:"u"`
	Type   *integer   `json:"t"`
	Size   integer    `json:"s"`
	Time   integer    `json:"ts"`
	Attr   string     `json:"a"`
	Key    string     `json:"k"`
}

// UnmarshalJSON reads the protocol's node object and refuses one without a handle, of an unknown type or of a
// negative size.
func (n *Node) UnmarshalJSON(text []byte) error {
	var w wireNode
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	switch {
	case w.Handle == nil || *w.Handle == 0:
		return fmt.Errorf("node without a handle")
	case w.Type == nil || *w.Type < 0 || *w.Type > integer(Bin):
		return fmt.Errorf("node %s has no known type", w.Handle)
	case w.Size < 0:
		return fmt.Errorf("node %s has a negative size", w.Handle)
	}
	*n = Node{
		Handle: *w.Handle, Parent: w.Parent, Owner: w.Owner, Type: NodeType(*w.Type),
		Size: int64(w.Size), Time: int64(w.Time), Attr: w.Attr, Key: w.Key,
	}
	return nil
}

// parseNodes reads an array of nodes. Nodes that are not understood are left out and counted, as official clients
// do; only an array that is none is an error.
func parseNodes(list []byte) (nodes []Node, odd int, err error) {
	if len(list) == 0 {
		return nil, 0, nil
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(list, &elements); err != nil {
		return nil, 0, fmt.Errorf("list of nodes: %w", err)
	}
	nodes = make([]Node, 0, len(elements))
	for _, element := range elements {
		var n Node
		if json.Unmarshal(element, &n) != nil {
			odd++
			continue
		}
		nodes = append(nodes, n)
	}
	return nodes, odd, nil
}
