package executor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// publish gives a snapshot its name and, in the same request, the mark that says what it holds: a folder that is called like a
// snapshot is one. Files that could not be read while it was built are not in it, and then it is not complete.
func (r *run) publish(ctx context.Context, c remote, a *planner.Action) (planner.Result, error) {
	h := r.made.resolve(a.Folder)
	if err := checkUnpublished(ctx, c, a, h, r.made.resolve(a.Parent)); err != nil {
		return planner.Result{}, err
	}
	mark, ok := snapshot.ParseMark(a.Mark)
	if !ok {
		return planner.Result{}, fmt.Errorf("the plan's mark %q cannot be read", a.Mark)
	}
	if missed := r.missed(a); missed.Files > 0 {
		mark.Complete, mark.Files, mark.Bytes = false, mark.Files-missed.Files, mark.Bytes-missed.Bytes
	}
	if err := checkVolume(ctx, c, h, mark); err != nil {
		return planner.Result{}, err
	}
	err := c.SetAttributes(ctx, h, map[string]string{mega.AttrName: a.Name, snapshot.Attribute: mark.Text()})
	return planner.Result{Handle: h, Mark: mark.Text()}, err
}

// checkVolume makes sure that a snapshot holds what its mark is to say: nobody took something out while it was built, or put
// something in.
func checkVolume(ctx context.Context, c remote, h tree.Handle, mark snapshot.Mark) error {
	files, bytes, err := c.Volume(ctx, h)
	if err == nil && (files != mark.Files || bytes != mark.Bytes) {
		err = fmt.Errorf("%w: %d files of %d bytes were put into it, and it holds %d of %d", ErrChanged, mark.Files, mark.Bytes, files, bytes)
	}
	return err
}

// checkUnpublished makes sure that the folder is where it is built and that the name it gets is free.
func checkUnpublished(ctx context.Context, c remote, a *planner.Action, h, root tree.Handle) error {
	if err := c.Drain(ctx); err != nil {
		return err
	}
	place, err := c.Locate(h)
	switch {
	case err != nil:
		return err
	case !place.Found || place.InTrash:
		return fmt.Errorf("%w: the folder it was built in is gone", ErrChanged)
	case place.Parent != root || place.Node.Name != a.From.Base():
		return fmt.Errorf("%w: the folder it was built in was moved to /%s", ErrChanged, place.Path)
	}
	beside, err := c.Children(root)
	if err != nil {
		return err
	}
	for _, n := range beside {
		if n.Name == a.Name {
			return fmt.Errorf("%w: its name is taken now", ErrChanged)
		}
	}
	return nil
}

// missed is what a snapshot lacks because local files could not be read. Nothing of it changes once the gate has opened.
func (r *run) missed(a *planner.Action) planner.Volume {
	if g := r.gates[a.Address]; g != nil {
		return g.missed
	}
	return planner.Volume{}
}

// errLacking is why what waits for a snapshot is skipped when it was published without files that could not be read: what it
// would let expire may be all that is left of them.
var errLacking = errors.New("the snapshot is not complete: something of the source could not be read")

// sourceError says that it is the local file that an upload failed for.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

// reading marks an upload's error that came from reading the local file.
func reading(err error, l planner.Local, grows bool) error {
	var read *fs.PathError
	if errors.Is(err, mega.ErrSourceChanged) && !grows {
		err = fmt.Errorf("%w; %s", err, DeclareGrowing)
	}
	if errors.Is(err, mega.ErrSourceChanged) || errors.As(err, &read) && strings.HasSuffix(filepath.ToSlash(read.Path), l.Path) {
		return sourceError{err}
	}
	return err
}

// ofSource says whether an error is about the local file.
func ofSource(err error) bool {
	var of sourceError
	return errors.As(err, &of)
}
