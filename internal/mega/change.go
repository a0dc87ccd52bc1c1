package mega

import (
	"context"
	"fmt"

	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/tree"
)

// SetAttributes sets and removes attributes of a node and keeps all others.
func (c *Client) SetAttributes(ctx context.Context, h tree.Handle, set map[string]string, remove ...string) error {
	return c.edit(ctx, h, func(a *crypt.Attributes) {
		for name, value := range set {
			a.Set(name, value)
		}
		for _, name := range remove {
			a.Delete(name)
		}
	})
}

// SetFingerprint gives a file another date and checksum, as for content that was proven equal. meta replaces _mp unless
// it is empty.
func (c *Client) SetFingerprint(ctx context.Context, h tree.Handle, crc [16]byte, mtime int64, meta string) error {
	print := crypt.Fingerprint{CRC: crc, MTime: crypt.ClampMTime(mtime)}
	return c.edit(ctx, h, func(a *crypt.Attributes) {
		a.Set(crypt.AttrFingerprint, print.Encode())
		if meta != "" {
			a.Set(attrMeta, meta)
		}
	})
}

// edit rewrites a node's attributes.
func (c *Client) edit(ctx context.Context, h tree.Handle, change func(*crypt.Attributes)) error {
	if err := c.writable(); err != nil {
		return err
	}
	o, err := c.readable(h)
	if err != nil {
		return fmt.Errorf("set attributes: %w", err)
	}
	text, err := o.edited(change)
	if err != nil {
		return fmt.Errorf("set attributes of %s: %w", o.name(), err)
	}
	if err := c.api.SetAttributes(ctx, h, text); err != nil {
		return fmt.Errorf("set attributes of %s: %w", o.name(), err)
	}
	return c.noted(c.cache.SetAttr(context.WithoutCancel(ctx), h, []byte(text)))
}

func (o opened) edited(change func(*crypt.Attributes)) (string, error) {
	attrs := o.attrs.Clone()
	change(&attrs)
	return attrs.Encrypt(o.key)
}

// Trash moves a node into the bin, marked with where it was and who put it there (rule 21), in one request.
func (c *Client) Trash(ctx context.Context, h tree.Handle, m TrashMark) error {
	if err := c.writable(); err != nil {
		return err
	}
	o, err := c.readable(h)
	if err != nil {
		return fmt.Errorf("trash: %w", err)
	}
	return c.moveMarked(ctx, o, c.TrashHandle(), func(a *crypt.Attributes) {
		a.Set(crypt.AttrRestoreTo, o.Parent.String())
		a.SetSealed(attrTrash, m.text(o.Handle, o.Parent.String()))
	})
}

// Move hangs a node below another folder, under a name, in one request. A node that leaves the bin loses its marks.
func (c *Client) Move(ctx context.Context, h, parent tree.Handle, name string) error {
	if err := c.writable(); err != nil {
		return err
	}
	o, err := c.readable(h)
	if err != nil {
		return fmt.Errorf("move: %w", err)
	}
	rename := func(a *crypt.Attributes) { a.Set(crypt.AttrName, name) }
	_, marked := o.attrs.Raw(attrTrash)
	_, restorable := o.attrs.Raw(crypt.AttrRestoreTo)
	switch {
	case o.Parent == parent && o.name() == name:
		return nil
	case o.Parent == parent:
		return c.edit(ctx, h, rename)
	case o.name() == name && !marked && !restorable:
		if err := c.api.Move(ctx, h, parent); err != nil {
			return fmt.Errorf("move %s: %w", name, err)
		}
		return c.noted(c.cache.Move(context.WithoutCancel(ctx), h, parent))
	}
	return c.moveMarked(ctx, o, parent, func(a *crypt.Attributes) {
		rename(a)
		a.Delete(attrTrash)
		a.Delete(crypt.AttrRestoreTo)
	})
}

// moveMarked changes attributes and place together.
func (c *Client) moveMarked(ctx context.Context, o opened, target tree.Handle, change func(*crypt.Attributes)) error {
	text, err := o.edited(change)
	if err != nil {
		return fmt.Errorf("move %s: %w", o.name(), err)
	}
	if err := c.api.SetAttributesAndMove(ctx, o.Handle, text, target); err != nil {
		return fmt.Errorf("move %s: %w", o.name(), err)
	}
	ctx = context.WithoutCancel(ctx)
	if err := c.noted(c.cache.SetAttr(ctx, o.Handle, []byte(text))); err != nil {
		return err
	}
	return c.noted(c.cache.Move(ctx, o.Handle, target))
}

// Delete destroys a node with all below it: a folder's content, a file's versions.
func (c *Client) Delete(ctx context.Context, h tree.Handle) error {
	if err := c.writable(); err != nil {
		return err
	}
	if err := c.api.Delete(ctx, h); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return c.noted(c.cache.Remove(context.WithoutCancel(ctx), h))
}

// DeleteVersion destroys one old version of a file and keeps the others. It refuses a node that is none as of now.
func (c *Client) DeleteVersion(ctx context.Context, h tree.Handle) error {
	if err := c.writable(); err != nil {
		return err
	}
	o, err := c.get(h)
	if err != nil {
		return fmt.Errorf("delete version: %w", err)
	}
	newer, err := c.get(o.Parent)
	if err != nil || newer.Type != cache.File {
		return fmt.Errorf("delete version: %s is not an old version of a file", o.name())
	}
	if err := c.api.DeleteVersion(ctx, h); err != nil {
		return fmt.Errorf("delete version of %s: %w", newer.name(), err)
	}
	// What was older hangs below what was newer now.
	ctx = context.WithoutCancel(ctx)
	for n, err := range c.cache.Children(h) {
		if err == nil {
			err = c.cache.Move(ctx, n.Handle, newer.Handle)
		}
		if err != nil {
			return c.noted(err)
		}
	}
	return c.noted(c.cache.Remove(ctx, h))
}
