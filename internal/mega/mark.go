package mega

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/tree"
)

// wireMark is the text of _mptrash, version 1. What was added later is left out where it is not known.
type wireMark struct {
	Version int    `json:"v"`
	At      int64  `json:"t"`
	Address string `json:"a"`
	Path    string `json:"p"`
	// Handle is the marked node, From the folder it was in: clients copy attributes they do not know along with a node, and
	// leave them where they are when they take it out of the bin. When they trash it again, from the same folder even, the
	// seal of the attribute is broken.
	Handle string `json:"h,omitempty"`
	From   string `json:"f,omitempty"`
	// Nodes and Digest are what the node held; a file held nothing.
	Nodes  int64  `json:"n,omitempty"`
	Digest string `json:"d,omitempty"`
	Run    string `json:"r,omitempty"`
}

// text writes the mark of a node that was trashed out of a folder.
func (m TrashMark) text(h tree.Handle, from string) string {
	w := wireMark{Version: 1, At: m.At.Unix(), Address: m.Address, Path: m.Path, Handle: h.String(), From: from, Run: m.Run}
	if m.Held != nil {
		w.Nodes, w.Digest = m.Held.Nodes, base64.RawURLEncoding.EncodeToString(m.Held.Digest[:])
	}
	// The value is a string inside a JSON object, so it is encoded once more; strings and numbers always encode.
	b, err := json.Marshal(w)
	if err != nil {
		panic("mega: " + err.Error())
	}
	return string(b)
}

// trashMark reads a node's mark, false if it has none of its own.
func (o opened) trashMark() (TrashMark, bool) {
	text, ok := o.attrs.Get(attrTrash)
	if !ok {
		return TrashMark{}, false
	}
	var w wireMark
	if json.Unmarshal([]byte(text), &w) != nil || w.Version != 1 {
		return TrashMark{}, false
	}
	m := TrashMark{At: time.Unix(w.At, 0), Address: w.Address, Path: w.Path, Run: w.Run}
	if w.Handle == "" {
		return m, true
	}
	from, _ := o.attrs.Get(crypt.AttrRestoreTo)
	if w.Handle != o.Handle.String() || w.From != from || !o.attrs.Sealed(attrTrash) {
		return TrashMark{}, false
	}
	held := Held{Nodes: w.Nodes}
	if digest, err := base64.RawURLEncoding.DecodeString(w.Digest); err == nil && len(digest) == len(held.Digest) {
		copy(held.Digest[:], digest)
		m.Held = &held
	}
	return m, true
}

// TookOut tells the mark of a folder in the bin that this client took some of what it holds out of it: without that it would
// look like a folder that others changed. A node without a mark that says what it holds is left as it is.
func (c *Client) TookOut(ctx context.Context, h tree.Handle, out Held) error {
	if err := c.writable(); err != nil {
		return err
	}
	o, err := c.readable(h)
	if err != nil {
		return err
	}
	m, ok := o.trashMark()
	if !ok || m.Held == nil {
		return nil
	}
	held := Held{Nodes: m.Held.Nodes - out.Nodes}
	for i := range held.Digest { // it is a sum without carry
		held.Digest[i] = m.Held.Digest[i] ^ out.Digest[i]
	}
	m.Held = &held
	from, _ := o.attrs.Get(crypt.AttrRestoreTo)
	return c.edit(ctx, h, func(a *crypt.Attributes) { a.SetSealed(attrTrash, m.text(h, from)) })
}
