package mega

import (
	"context"
	"fmt"
	"slices"

	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/tree"
)

// ownAttributes belong to one content or place, so a new version does not take them over from the old one (rule 13).
var ownAttributes = []string{
	crypt.AttrName, crypt.AttrFingerprint, "c0", crypt.AttrRestoreTo, "f", "l", "gp", "d", attrMeta, attrTrash,
}

// Upload encrypts content, stores it and makes its node. A large file goes on where another process stopped uploading it
// to the same place. Errors to branch on: ErrSourceChanged, ErrOverQuota, ErrPaused.
func (c *Client) Upload(ctx context.Context, u Upload) (Uploaded, error) {
	if err := c.writable(); err != nil {
		return Uploaded{}, err
	}
	attrs := crypt.NewAttributes(u.Name)
	if err := c.inherit(&attrs, u.Replace); err != nil {
		return Uploaded{}, err
	}
	small := smallBody{client: c, always: u.File == nil}
	defer small.end()
	key := c.resumeKey(u)
	stored, err := c.files.Upload(ctx, transfer.Upload{
		File: u.File, Bytes: u.Bytes, Prefix: u.Prefix, URL: small.url, Resume: key, Pause: u.Pause, Progress: u.Progress,
	})
	if err != nil {
		return Uploaded{}, explain(err)
	}
	print := crypt.Fingerprint{CRC: stored.CRC, MTime: crypt.ClampMTime(u.MTime)}
	if u.File != nil {
		print.MTime = crypt.ClampMTime(stored.Source.MTime / 1e9)
	}
	attrs.Set(crypt.AttrFingerprint, print.Encode())
	if u.Meta != "" {
		attrs.Set(attrMeta, u.Meta)
	}
	text, err := attrs.Encrypt(stored.Key.AES())
	if err == nil && u.Confirm != nil {
		err = u.Confirm(ctx)
	}
	if err != nil {
		return Uploaded{}, err
	}
	made, err := c.api.Put(ctx, api.Put{
		Target: u.Parent, DropVersions: !u.KeepVersion, Body: small.body,
		Nodes: []api.NewNode{{
			Type: api.File, Content: api.UploadedContent(stored.Token), Attr: text, Key: c.keys.WrapFileKey(stored.Key), Over: u.Replace,
		}},
	})
	if err != nil {
		return Uploaded{}, explain(err)
	}
	made[0].Size = stored.Size
	if err := c.replaced(ctx, made[0], u.Replace, u.KeepVersion); err != nil {
		return Uploaded{}, err
	}
	if key != "" && stored.Size > transfer.SmallBody {
		if err := c.journal.Delete(context.WithoutCancel(ctx), key); err != nil {
			// An entry that stays behind is found to be used up.
			c.log().Warn("upload journal", "err", err)
		}
	}
	return Uploaded{Handle: made[0].Handle, Size: stored.Size, MTime: print.MTime, CRC: print.CRC, Created: made[0].Time, Source: stored.Source, Grown: stored.Grown}, nil
}

// resumeKey is where the journal keeps the upload; empty: nowhere.
func (c *Client) resumeKey(u Upload) string {
	if c.journal == nil || u.File == nil {
		return ""
	}
	return uploadKey(u.Parent, u.Name)
}

// inherit copies what a new version keeps of the old one.
func (c *Client) inherit(attrs *crypt.Attributes, old tree.Handle) error {
	if old == 0 {
		return nil
	}
	o, err := c.readable(old)
	if err != nil {
		return fmt.Errorf("replace: %w", err)
	}
	for _, name := range o.attrs.Names() {
		if !slices.Contains(ownAttributes, name) {
			attrs.CopyFrom(o.attrs, name)
		}
	}
	return nil
}

// replaced remembers the new node, and what became of the one it took the place of.
func (c *Client) replaced(ctx context.Context, made api.Node, old tree.Handle, kept bool) error {
	if err := c.remember(ctx, made); err != nil || old == 0 {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if kept {
		return c.noted(c.cache.Move(ctx, old, made.Handle))
	}
	// The old node is gone; its own versions hang below the new one.
	var versions []tree.Handle
	for n, err := range c.cache.Children(old) {
		if err != nil {
			return c.noted(err)
		}
		if n.Type == cache.File {
			versions = append(versions, n.Handle)
		}
	}
	for _, h := range versions {
		if err := c.cache.Move(ctx, h, made.Handle); err != nil {
			return c.noted(err)
		}
	}
	return c.noted(c.cache.Remove(ctx, old))
}

// smallBody tells the lane about the post of a small file, from when it has an address until its node waits to be made.
type smallBody struct {
	client *Client
	always bool
	body   *api.Body
}

func (s *smallBody) url(ctx context.Context, size int64) (string, error) {
	s.end()
	url, err := s.client.api.UploadURL(ctx, size, s.client.options.HTTPS)
	if err == nil && (s.always || size <= transfer.SmallBody) {
		s.body = s.client.api.BeginBody()
	}
	return url, err
}

func (s *smallBody) end() {
	s.body.End()
	s.body = nil
}
