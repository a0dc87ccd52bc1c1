package mega

import (
	"context"
	"fmt"

	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/tree"
)

// Copy is another node to make of a file's content, on the server. From may be an old version, or lie in the bin.
type Copy struct {
	From, Parent tree.Handle
	Name, Meta   string
	// CRC and MTime make the fingerprint: those of a local file that the content was proven to equal.
	CRC   [16]byte
	MTime int64
	// Replace and KeepVersion are as in Upload.
	Replace     tree.Handle
	KeepVersion bool
}

// Copy makes the node. Its attributes are fresh, but for those that a new version keeps of the old one.
func (c *Client) Copy(ctx context.Context, copied Copy) (tree.Handle, error) {
	if err := c.writable(); err != nil {
		return 0, err
	}
	o, err := c.readable(copied.From)
	if err != nil {
		return 0, fmt.Errorf("copy: %w", err)
	}
	if o.Type != cache.File {
		return 0, fmt.Errorf("copy %s: it is no file", o.name())
	}
	attrs := crypt.NewAttributes(copied.Name)
	if err := c.inherit(&attrs, copied.Replace); err != nil {
		return 0, fmt.Errorf("copy %s: %w", o.name(), err)
	}
	attrs.Set(crypt.AttrFingerprint, crypt.Fingerprint{CRC: copied.CRC, MTime: crypt.ClampMTime(copied.MTime)}.Encode())
	if copied.Meta != "" {
		attrs.Set(attrMeta, copied.Meta)
	}
	text, err := attrs.Encrypt(o.key)
	if err != nil {
		return 0, fmt.Errorf("copy %s: %w", o.name(), err)
	}
	made, err := c.api.Put(ctx, api.Put{Target: copied.Parent, DropVersions: !copied.KeepVersion, Nodes: []api.NewNode{{
		Type: api.File, Content: api.CopiedContent(copied.From), Attr: text, Key: c.keys.WrapFileKey(o.file), Over: copied.Replace,
	}}})
	if err != nil {
		return 0, fmt.Errorf("copy %s: %w", o.name(), explain(err))
	}
	made[0].Size = o.Size
	return made[0].Handle, c.replaced(ctx, made[0], copied.Replace, copied.KeepVersion)
}
