package workflow

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/scan"
)

var (
	// errChanged says that a local file is no longer what the scan saw.
	errChanged = errors.New("the file is not as it was scanned")
	// errGrew says that it is, with something appended.
	errGrew = fmt.Errorf("%w: it has grown", errChanged)
	// errGone says that nothing of that name is there.
	errGone = fmt.Errorf("%w: it is gone", errChanged)
)

// content is a local file's bytes, opened and found to be what the scan saw.
type content struct {
	io.ReaderAt
	file *os.File // nil for a link, which was read whole
	want scan.Identity
	// growth is what is known of a file that is declared to grow, of which the first want.Size bytes count; nil for others.
	growth *growth
}

// openContent opens a scanned file or reads a recorded link, and compares it with what the scan saw (rules 11 and 27). A file
// that is declared to grow need only begin with that.
func (p *Project) openContent(b addr.Address, path string, symlink bool, want scan.Identity) (*content, error) {
	source, err := p.openSource(b)
	if err != nil {
		return nil, err
	}
	if symlink {
		target, id, err := source.Readlink(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = errGone
		case err == nil && id != want:
			err = errChanged
		}
		return &content{ReaderAt: strings.NewReader(target), want: want}, err
	}
	file, id, err := source.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	c := &content{ReaderAt: file, file: file, want: want}
	if p.growing(b).Takes(path) {
		c.growth, err = p.growths.look(growthKey{b, path, want.Size}, c)
	} else {
		err = compare(id, want)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return c, nil
}

// compare returns errChanged unless a file is what the scan saw.
func compare(now, want scan.Identity) error {
	switch {
	case now == want:
		return nil
	case now.Continues(want) && now.Size > want.Size:
		return errGrew
	}
	return errChanged
}

// Close closes the file.
func (c *content) Close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

// unchanged returns errChanged if the open file is not what the scan saw any more, or does not begin with it.
func (c *content) unchanged() error {
	switch {
	case c.file == nil:
		return nil
	case c.growth != nil:
		return c.growth.check(c)
	}
	now, err := scan.Check(c.file)
	if err != nil {
		return err
	}
	return compare(now, c.want)
}
