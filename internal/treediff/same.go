package treediff

import (
	"bytes"
	"maps"

	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
)

// file says in what two files differ, 0 for in nothing.
func (c *comparison) file(a, b tree.ID) Aspects {
	from, to := c.a.Tree.Node(a), c.b.Tree.Node(b)
	return c.content(from, to) | attributes(from, to)
}

// content compares the bytes of two files as far as they are known without reading them. Equal keys prove equal bytes, since
// the MAC of the content is in them; different ones say nothing.
func (c *comparison) content(a, b tree.Node) Aspects {
	printed := a.HasFingerprint && b.HasFingerprint
	switch {
	case a.Handle == b.Handle && a.Handle != 0:
		return 0 // a node's content never changes
	case a.Size != b.Size && a.Kind.HasContent() && b.Kind.HasContent():
		return Content
	case printed && a.CRC == b.CRC && a.MTime == b.MTime:
		return 0
	case c.oneKey(a, b):
		return 0
	case printed && a.CRC != b.CRC:
		return Content
	}
	return Unsure
}

func (c *comparison) oneKey(a, b tree.Node) bool {
	if !a.Kind.HasContent() || !b.Kind.HasContent() {
		return false
	}
	from, err := c.a.Key(a.Handle)
	if err != nil {
		return false
	}
	to, err := c.b.Key(b.Handle)
	return err == nil && from == to
}

// attributes compares what is known of nodes besides their content. What one side does not say is no difference.
func attributes(a, b tree.Node) (differ Aspects) {
	if a.HasFingerprint && b.HasFingerprint && a.MTime != b.MTime {
		differ |= Date
	}
	if a.Meta == b.Meta {
		return differ
	}
	from, err1 := scan.ParseMeta(a.Meta)
	to, err2 := scan.ParseMeta(b.Meta)
	if err1 != nil || err2 != nil {
		return differ | Attributes
	}
	if from.HasTime && to.HasTime && from.Time != to.Time {
		differ |= Date
	}
	if from.HasMode && to.HasMode && from.Mode != to.Mode {
		differ |= Mode
	}
	owners := from.Owner != nil && to.Owner != nil && *from.Owner != *to.Owner
	if owners || from.Symlink != to.Symlink || !maps.EqualFunc(from.XAttrs, to.XAttrs, bytes.Equal) {
		differ |= Attributes
	}
	return differ
}
