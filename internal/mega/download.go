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

// Compare fetches a file's content, keeps nothing of it, and says of each of the other files, which have its size, whether it
// holds the same, by the MAC in the other's key. Content that is not what its own key was made for is transfer.ErrCorrupt.
func (c *Client) Compare(ctx context.Context, h tree.Handle, others []tree.Handle, progress func(int64)) ([]crypt.Verdict, error) {
	keys := make([]crypt.FileKey, len(others))
	for i, other := range others {
		var err error
		if keys[i], err = c.ContentKey(other); err != nil {
			return nil, fmt.Errorf("compare: %w", err)
		}
	}
	name, d, err := c.fetching(h)
	if err != nil {
		return nil, err
	}
	d.Progress = progress
	verdicts, err := c.files.Compare(ctx, d, keys...)
	if err != nil {
		return nil, fmt.Errorf("download %s: %w", name, err)
	}
	return verdicts, nil
}

func (c *Client) download(ctx context.Context, h tree.Handle, to *os.File, part transfer.Part, progress func(int64)) (crypt.Verdict, error) {
	name, d, err := c.fetching(h)
	if err != nil {
		return crypt.Different, err
	}
	d.To, d.Part, d.Progress = to, part, progress
	verdict, err := c.files.Download(ctx, d)
	if err != nil {
		return crypt.Different, fmt.Errorf("download %s: %w", name, err)
	}
	return verdict, nil
}

// fetching is the download of a file, and what it is called in errors.
func (c *Client) fetching(h tree.Handle) (name string, d transfer.Download, err error) {
	o, err := c.get(h)
	if err != nil {
		return "", d, fmt.Errorf("download: %w", err)
	}
	key, err := c.ContentKey(h)
	if err != nil {
		return "", d, fmt.Errorf("download: %w", err)
	}
	return o.name(), transfer.Download{
		Size: max(0, o.Size), Key: key,
		URL: func(ctx context.Context) (string, error) {
			d, err := c.api.DownloadURL(ctx, h, c.options.HTTPS)
			return d.URL, err
		},
	}, nil
}
