package emulator

import (
	"strconv"
	"strings"
)

// kind is the t of a node on the wire.
type kind int

const (
	kindFile kind = iota
	kindFolder
	kindRoot
	kindVault
	kindBin
)

func (k kind) container() bool { return k >= kindFolder && k <= kindBin }
func (k kind) root() bool      { return k >= kindRoot && k <= kindBin }

// node is one file, folder or root. It is never changed once it is in a tree:
// a change puts a new one, so that readers may keep old pointers.
type node struct {
	Handle handle `json:"h"`
	Parent handle `json:"p,omitempty"`
	Kind   kind   `json:"t"`
	Attr   string `json:"a,omitempty"` // as received, still encrypted
	Key    string `json:"k,omitempty"` // without the owner's prefix
	Size   int64  `json:"s,omitempty"`
	Time   int64  `json:"ts"`
	FA     string `json:"fa,omitempty"`
	// Blob holds the bytes; for content derived from a generated node it is
	// zero and Content is that node's number plus one.
	Blob    uint64 `json:"b,omitempty"`
	Content int    `json:"g,omitempty"`
	Seq     uint64 `json:"q,omitempty"` // order of creation in this account

	version bool // its parent is a file; set by the tree
}

// appendNode writes the node as clients read it, keys in the order MEGA's
// client wants. index is its place in the p request that made it, or -1.
func appendNode(dst []byte, n *node, user string, index int) []byte {
	dst = append(dst, `{"h":"`...)
	dst = n.Handle.append(dst)
	dst = append(dst, `","p":"`...)
	if n.Parent != 0 {
		dst = n.Parent.append(dst)
	}
	dst = append(dst, `","u":"`...)
	dst = append(dst, user...)
	dst = append(dst, `","t":`...)
	dst = strconv.AppendInt(dst, int64(n.Kind), 10)
	dst = append(dst, `,"a":"`...)
	dst = append(dst, n.Attr...)
	dst = append(dst, `","k":"`...)
	if n.Key != "" {
		dst = append(dst, user...)
		dst = append(dst, ':')
		dst = append(dst, n.Key...)
	}
	dst = append(dst, '"')
	if n.Kind == kindFile {
		dst = append(dst, `,"s":`...)
		dst = strconv.AppendInt(dst, n.Size, 10)
	}
	dst = append(dst, `,"ts":`...)
	dst = strconv.AppendInt(dst, n.Time, 10)
	if n.FA != "" {
		dst = append(dst, `,"fa":"`...)
		dst = append(dst, n.FA...)
		dst = append(dst, '"')
	}
	if index >= 0 {
		dst = append(dst, `,"i":`...)
		dst = strconv.AppendInt(dst, int64(index), 10)
	}
	return append(dst, '}')
}

func appendNodes(dst []byte, nodes []*node, user string) []byte {
	dst = append(dst, '[')
	for i, n := range nodes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendNode(dst, n, user, -1)
	}
	return append(dst, ']')
}

// plainText says whether s can stand between JSON quotes as it is. Everything
// clients send in attributes, keys and markers does; anything else is refused,
// because clients copy these values up to the next quote.
func plainText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 || r > 0x7e || r == '"' || r == '\\'
	})
}
