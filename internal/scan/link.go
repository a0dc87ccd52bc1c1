package scan

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/megaplan/megaplan/internal/tree"
)

// follow replaces the record's facts by those of what the link leads to, and says in next where that is. Settled means
// that there is nothing to follow and the record says why.
//
// A directory that several links lead to is walked once for each of them. Links among many directories can so make a great
// many paths; only a link back to a directory on its own path is cut off.
func (d *dirReader) follow(r *record, name string, next *job) (there, settled bool) {
	real, f, err := resolve(next.real())
	if err != nil {
		return d.lost(r, name, err), true
	}
	inside := real == d.root || strings.HasPrefix(real, strings.TrimSuffix(d.root, string(filepath.Separator))+string(filepath.Separator))
	switch {
	case f.kind == isDir && d.job.lineage.holds(f.file()):
		d.leftOut(r, name, "symlink leads back to a directory above it")
		return true, true
	case !inside && !d.opt.FollowOutside:
		d.leftOut(r, name, "symlink leads out of the source")
		return true, true
	}
	r.facts = f
	next.base, next.rel = real, ""
	if d.own.is(d.own.in(filepath.Dir(real)), filepath.Base(real), r) {
		r.unknown(tree.OwnFile, "megaplan's own")
		return true, true
	}
	return true, false
}

// lost is a link that cannot be followed to its end.
func (d *dirReader) lost(r *record, name string, err error) (there bool) {
	if _, lerr := d.handle.lstat(name); errors.Is(lerr, fs.ErrNotExist) {
		return false
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.leftOut(r, name, "symlink leads nowhere")
	case isLoop(err):
		d.leftOut(r, name, "symlink leads to itself")
	default:
		return d.unreadable(r, name, err)
	}
	return true
}

// leftOut records a link that is not followed; an exclude pattern that names it is the better reason.
func (d *dirReader) leftOut(r *record, name, reason string) {
	if v := d.excludedAnyhow(name); v.Out {
		r.unknown(tree.Excluded, v.Reason)
		return
	}
	r.unknown(tree.Special, reason)
}

// resolve follows a link to its end.
func resolve(path string) (real string, f facts, err error) {
	if real, err = filepath.EvalSymlinks(path); err != nil {
		return "", facts{}, err
	}
	f, err = lstatPath(real)
	return real, f, err
}

// isLoop recognises links that never end; filepath.EvalSymlinks has an error of its own for them.
func isLoop(err error) bool {
	return isTooManyLinks(err) || strings.Contains(err.Error(), "too many links")
}
