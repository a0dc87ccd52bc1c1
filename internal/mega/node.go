package mega

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// Names of megaplan's own node attributes.
const (
	attrMeta  = "_mp"
	attrTrash = "_mptrash"
	// attrOwn marks a folder in which megaplan keeps things of its own, for all who do not know its path (rule 2).
	attrOwn = "_mpown"
)

// AttrName is the attribute that holds a node's name.
const AttrName = crypt.AttrName

// opened is a node with its key and attributes, as far as they can be read.
type opened struct {
	cache.Node
	file  crypt.FileKey // of a file
	key   crypt.Key     // of the attributes
	attrs crypt.Attributes
	err   error // why it cannot be read
}

func (c *Client) open(n cache.Node) opened {
	o := opened{Node: n}
	switch n.Type {
	case cache.Root, cache.Vault, cache.Bin:
		return o
	case cache.File:
		if o.file, o.err = c.keys.FileKey(string(n.Key)); o.err == nil {
			o.key = o.file.AES()
		}
	case cache.Folder:
		o.key, o.err = c.keys.FolderKey(string(n.Key))
	default:
		o.err = fmt.Errorf("%w: it is of %s", ErrUndecryptable, n.Type)
	}
	if o.err == nil {
		o.attrs, o.err = crypt.DecryptAttributes(string(n.Attr), o.key)
	}
	if o.err == nil {
		if name, ok := o.attrs.Get(crypt.AttrName); !ok || name == "" {
			o.err = fmt.Errorf("%w: it has no name", ErrUndecryptable)
		}
	}
	return o
}

// name is the node's name, or a stand-in for one that cannot be read.
func (o opened) name() string {
	switch {
	case o.Type == cache.Root || o.Type == cache.Vault || o.Type == cache.Bin:
		return ""
	case o.err != nil:
		return "NO_KEY_" + o.Handle.String()
	}
	name, _ := o.attrs.Get(crypt.AttrName)
	return name
}

// facts makes the node of a tree, without its versions.
func (o opened) facts() tree.Node {
	n := tree.Node{Name: o.name(), Kind: tree.Dir, Size: max(0, o.Size), Handle: o.Handle, Created: o.Time}
	if o.err != nil {
		n.Kind = tree.Undecryptable
		return n
	}
	n.Meta, _ = o.attrs.Get(attrMeta)
	n.Snapshot, _ = o.attrs.Get(snapshot.Attribute)
	if o.Type == cache.Folder {
		n.Own = o.marked()
	}
	if o.Type == cache.File {
		n.Kind = tree.File
		if isSymlink(n.Meta) {
			n.Kind = tree.Symlink
		}
		if print, ok := o.fingerprint(); ok {
			n.HasFingerprint, n.CRC, n.MTime = true, print.CRC, print.MTime*int64(time.Second)
		}
	}
	if mark, ok := o.trashMark(); ok {
		n.TrashedBy, n.TrashedAt = mark.Address, mark.At.Unix()
	}
	return n
}

func (o opened) fingerprint() (crypt.Fingerprint, bool) {
	text, ok := o.attrs.Get(crypt.AttrFingerprint)
	if !ok {
		return crypt.Fingerprint{}, false
	}
	print, err := crypt.ParseFingerprint(text)
	return print, err == nil
}

// isSymlink reads the one thing of _mp that decides what a node is.
func isSymlink(meta string) bool {
	if !strings.Contains(meta, `"l"`) {
		return false
	}
	var m struct {
		Link int `json:"l"`
	}
	return json.Unmarshal([]byte(meta), &m) == nil && m.Link == 1
}

// get opens the node h of the tree; ErrGone when there is none.
func (c *Client) get(h tree.Handle) (opened, error) {
	n, ok, err := c.cache.Get(h)
	if err != nil {
		return opened{}, err
	}
	if !ok {
		return opened{}, fmt.Errorf("node %s: %w", h, ErrGone)
	}
	return c.open(n), nil
}

// readable is get for a node that is to be changed.
func (c *Client) readable(h tree.Handle) (opened, error) {
	o, err := c.get(h)
	if err != nil {
		return opened{}, err
	}
	if o.err != nil {
		return opened{}, fmt.Errorf("node %s: %w: %w", h, ErrUndecryptable, o.err)
	}
	return o, nil
}

// withVersions adds how much hangs below a file.
func (c *Client) withVersions(n tree.Node) (tree.Node, error) {
	if !n.Kind.HasContent() {
		return n, nil
	}
	for old, err := range c.cache.Versions(n.Handle) {
		if err != nil {
			return n, err
		}
		n.Versions++
		n.VersionBytes += max(0, old.Size)
	}
	return n, nil
}
