package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// makeDirs makes the directories, parents first. Until finishDirs they can be worked in whatever their recorded mode.
func (r *run) makeDirs(ctx context.Context) {
	for i := range r.plan.Entries {
		e := &r.plan.Entries[i]
		if e.Kind != Directory || e.Op != Create || r.stopped(ctx) {
			continue
		}
		err := ErrAbove
		if !r.below(e) {
			err = r.makeDir(e)
		}
		if err != nil {
			if !errors.As(err, new(*lostError)) {
				r.note(func() { r.failed[e.Path] = true })
			}
			r.fail(e, err)
		}
	}
}

func (r *run) makeDir(e *Entry) error {
	dir, err := r.dirs.open(parentOf(e.Path))
	if err != nil {
		return err
	}
	defer r.dirs.done(dir)
	mode := fs.FileMode(0o777)
	if e.Meta.HasMode {
		mode = workBits // nobody else looks in before the mode is right
	}
	if err := dir.Mkdir(baseOf(e.Path), mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the directory: %w", reason(err))
	}
	made, err := r.dirs.open(e.Path) // that it is a directory and no link
	if err != nil {
		return err
	}
	defer r.dirs.done(made)
	f, err := made.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return lost(r.attributes(f, &e.Meta, workBits))
}

// finishDirs gives directories the modes that would have been in the way and, from the deepest up, their dates.
func (r *run) finishDirs() {
	for i := range slices.Backward(r.plan.Entries) {
		e := &r.plan.Entries[i]
		if e.Kind != Directory || e.Op == Equal || r.failed[e.Path] {
			continue
		}
		if err := r.finishDir(e); err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.fail(e, err)
		}
	}
}

func (r *run) finishDir(e *Entry) error {
	late := e.Meta.HasMode && e.Meta.Mode|workBits != e.Meta.Mode
	if !late && !e.HasTime {
		return nil
	}
	dir, err := r.dirs.open(parentOf(e.Path))
	if err != nil {
		return err
	}
	defer r.dirs.done(dir)
	if late {
		if err := dir.Chmod(baseOf(e.Path), modeOf(e.Meta.Mode)); err != nil {
			return lost([]error{err})
		}
	}
	if !e.HasTime {
		return nil
	}
	if err := setTime(dir.Root, baseOf(e.Path), e.MTime); err != nil {
		return lost([]error{err})
	}
	return nil
}
