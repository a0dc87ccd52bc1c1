package workflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/megaplan/megaplan/internal/tree"
)

// Cat writes the content of one remote file. It is fetched into a temporary file and proven there, so not one byte is
// written of content that is not what was stored. version is a number as Versions gives it or a node's handle; empty is
// the current content.
func (p *Project) Cat(ctx context.Context, place, version string, to io.Writer) (err error) {
	files, err := p.Versions(ctx, place)
	if err != nil {
		return err
	}
	file := newestFile(files)
	if len(files) > 1 {
		p.Observer.Say(fmt.Sprintf("%d files have this name; this is the one stored %s.", len(files), stored(file.Node)))
	}
	node, err := file.version(version)
	if err != nil {
		return err
	}
	acct, err := p.look(ctx, file.Account)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(cacheDir(p.Getenv), ".cat-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, temp.Close(), os.Remove(temp.Name())) }()
	if err := acct.client.Download(ctx, node.Handle, temp, nil); err != nil {
		return p.accountError(file.Account, err)
	}
	if _, err := temp.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(to, temp)
	return err
}

// version picks a version by its number or its handle.
func (f File) version(text string) (tree.Node, error) {
	if text == "" {
		return f.Node, nil
	}
	number, err := strconv.Atoi(text)
	for _, v := range f.Versions {
		if err == nil && v.Number == number || v.Node.Handle.String() == text {
			return v.Node, nil
		}
	}
	return tree.Node{}, fmt.Errorf("/%s has no version %s: it has 1 to %d", f.Path, text, len(f.Versions))
}
