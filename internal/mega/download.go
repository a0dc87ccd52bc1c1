package mega

import (
	"context"
	"fmt"
	"os"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/tree"
)

// Download fetches a file's content into an empty file and proves it by its MAC before it returns.
func (c *Client) Download(ctx context.Context, h tree.Handle, to *os.File, progress func(int64)) error {
	return c.DownloadPart(ctx, h, to, transfer.Part{}, progress)
}

// DownloadPart is Download into a file that a former process may have begun; the whole content is proven all the same.
func (c *Client) DownloadPart(ctx context.Context, h tree.Handle, to *os.File, part transfer.Part, progress func(int64)) error {
	_, err := c.download(ctx, h, to, part, progress)
	return err
}

// Prove fetches a file's content, keeps nothing of it, and says whether it is what its key was made for. Content that is
// not is transfer.ErrCorrupt.
func (c *Client) Prove(ctx context.Context, h tree.Handle, progress func(int64)) (crypt.Verdict, error) {
	return c.download(ctx, h, nil, transfer.Part{}, progress)
}

func (c *Client) download(ctx context.Context, h tree.Handle, to *os.File, part transfer.Part, progress func(int64)) (crypt.Verdict, error) {
	o, err := c.get(h)
	if err != nil {
		return crypt.Different, fmt.Errorf("download: %w", err)
	}
	key, err := c.ContentKey(h)
	if err != nil {
		return crypt.Different, fmt.Errorf("download: %w", err)
	}
	verdict, err := c.files.Download(ctx, transfer.Download{
		Size: max(0, o.Size), Key: key, To: to, Part: part, Progress: progress,
		URL: func(ctx context.Context) (string, error) {
			d, err := c.api.DownloadURL(ctx, h, c.options.HTTPS)
			return d.URL, err
		},
	})
	if err != nil {
		return crypt.Different, fmt.Errorf("download %s: %w", o.name(), err)
	}
	return verdict, nil
}
