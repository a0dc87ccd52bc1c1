package scan

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/tree"
)

// dirReader reads one directory.
type dirReader struct {
	*walk
	job      *job
	handle   *dirHandle
	mine     []string // names of megaplan's own files here
	batch    batch
	jobs     []job
	problems []Problem
}

// read lists one directory and judges its names.
func (w *walk) read(j *job) (batch, []job, []Problem) {
	d := dirReader{walk: w, job: j, batch: batch{parent: j.record, path: j.path}}
	d.run()
	return d.batch, d.jobs, d.problems
}

func (d *dirReader) run() {
	r := d.job.record
	h, f, err := openDir(d.job.base, d.job.rel, r.facts)
	if err != nil {
		d.cannotOpen(err)
		return
	}
	defer h.close()
	d.handle = h
	r.dev, r.inode = f.dev, f.inode
	listed, err := h.names()
	slices.Sort(listed) // for the order of clashes, and for the builder's sake
	if err != nil {
		r.incomplete, r.why, r.reason = true, tree.Unreadable, short(err)
		d.problem("", tree.Unreadable, fmt.Errorf("list directory: %w", err))
	}
	if !d.prepare(listed) {
		return
	}
	d.mine = d.own.in(d.job.real())
	d.batch.names = make([]record, 0, len(listed))
	for _, name := range listed {
		d.entry(name)
	}
	d.clashes()
	for i := range d.jobs {
		d.jobs[i].record = &d.batch.names[d.jobs[i].index]
	}
}

func (d *dirReader) cannotOpen(err error) {
	r := d.job.record
	switch {
	case errors.Is(err, fs.ErrNotExist) && d.job.path != "":
		r.gone = true
	case errors.Is(err, errReplaced):
		r.unknown(tree.Unreadable, "changed during the scan")
		d.problem("", tree.Unreadable, errors.New("changed during the scan"))
	default:
		r.incomplete, r.why, r.reason = true, tree.Unreadable, short(err)
		d.problem("", tree.Unreadable, fmt.Errorf("open directory: %w", err))
	}
}

// prepare reads the files that decide about the whole directory; false means that it is settled.
func (d *dirReader) prepare(listed []string) bool {
	r := d.job.record
	for _, name := range d.opt.Filter.IgnoreFiles() {
		if !slices.Contains(listed, name) {
			continue
		}
		content, err := d.handle.readFile(name, maxIgnoreFile)
		switch {
		case err == nil:
			d.job.dir = d.job.dir.WithIgnoreFile(name, content)
			d.ofApps(name, content)
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNoFile):
		default:
			// What it would have left out must not be uploaded.
			if d.job.path == "" {
				r.incomplete = true
			} else {
				r.node = tree.Unknown
			}
			r.why, r.reason = tree.Unreadable, "its "+name+" cannot be read"
			d.problem(name, tree.Unreadable, err)
			return false
		}
	}
	if d.opt.ExcludeCaches && d.job.path != "" && slices.Contains(listed, cacheTag) {
		head, err := d.handle.readFile(cacheTag, -len(cacheSignature))
		if err == nil && bytes.Equal(head, []byte(cacheSignature)) {
			r.unknown(tree.Excluded, "exclude_caches, it has a "+cacheTag)
			return false
		}
	}
	return true
}

// ofApps tells of an ignore file that other software wrote under the same name.
func (d *dirReader) ofApps(name string, content []byte) {
	if p, found := filter.OfApps(filter.ParseIgnoreFile(name, content)); found {
		d.problem(name, 0, fmt.Errorf("%s is written for MEGA's apps: it leaves out nothing here", p.Text))
	}
}

const (
	maxIgnoreFile = 4 << 20
	// A cache directory holds a file that starts with this: https://bford.info/cachedir/
	cacheTag       = "CACHEDIR.TAG"
	cacheSignature = "Signature: 8a477f597d28d172789f06886806bc55"
)

func (d *dirReader) problem(name string, why tree.Why, err error) {
	d.problems = append(d.problems, Problem{path.Join(d.job.path, name), why, err})
}

// entry judges one name and adds its record; a name that has vanished adds none.
func (d *dirReader) entry(name string) {
	r := record{name: d.opt.encode(name)}
	if r.name != name {
		r.local = name
	}
	next, there := d.judge(&r, name)
	if !there {
		return
	}
	d.batch.names = append(d.batch.names, r)
	if next != nil {
		next.index = len(d.batch.names) - 1
		d.jobs = append(d.jobs, *next)
	}
}

// judge fills in the record. For a directory to walk it returns the job.
func (d *dirReader) judge(r *record, name string) (next *job, there bool) {
	var err error
	if r.facts, err = d.handle.lstat(name); err != nil {
		return nil, d.unreadable(r, name, err)
	}
	if d.own.is(d.mine, name, r) {
		r.unknown(tree.OwnFile, "megaplan's own")
		return nil, true
	}
	if r.kind == isLink && d.opt.Symlinks == Follow {
		next = d.child(name)
		there, settled := d.follow(r, name, next)
		if !there || settled {
			return nil, there
		}
	}
	v := d.job.dir.Judge(name, r.kind == isDir)
	if v.Out {
		r.unknown(tree.Excluded, v.Reason)
		return nil, true
	}
	if d.opt.OneFileSystem && r.dev != d.dev {
		r.unknown(tree.OtherFileSystem, "on another file system")
		return nil, true
	}
	if next == nil && (r.kind == isDir || d.opt.Preserve.XAttrs) {
		next = d.child(name)
	}
	switch r.kind {
	case isDir:
		r.node = tree.Dir
		next.dir = d.job.dir.Enter(name, v)
		next.lineage = &lineage{r.file(), d.job.lineage}
		d.readXAttrs(r, next.real(), next.path)
		return next, true
	case isFile:
		d.file(r, name, next)
	case isLink:
		return nil, d.link(r, name)
	default:
		r.unknown(tree.Special, r.kind.special())
	}
	return nil, true
}

func (d *dirReader) child(name string) *job {
	return &job{path: path.Join(d.job.path, name), base: d.job.base, rel: path.Join(d.job.rel, name)}
}

// unreadable records a name that could not be looked at, unless it is excluded or gone.
func (d *dirReader) unreadable(r *record, name string, err error) (there bool) {
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if v := d.excludedAnyhow(name); v.Out {
		r.unknown(tree.Excluded, v.Reason)
		return true
	}
	r.unknown(tree.Unreadable, short(err))
	d.problem(name, tree.Unreadable, err)
	return true
}

// excludedAnyhow judges a name of which nobody knows whether it is a directory.
func (d *dirReader) excludedAnyhow(name string) filter.Verdict {
	if v := d.job.dir.Judge(name, true); v.Out {
		return v
	}
	return d.job.dir.Judge(name, false)
}

func (d *dirReader) file(r *record, name string, at *job) {
	if limit := d.opt.MaxFileSize; limit > 0 && r.size > limit {
		r.unknown(tree.TooLarge, fmt.Sprintf("%d bytes, max_file_size is %d", r.size, limit))
		return
	}
	if err := d.handle.readable(name, &r.facts); err != nil {
		r.unknown(tree.Unreadable, short(err))
		d.problem(name, tree.Unreadable, err)
		return
	}
	r.node = tree.File
	if at != nil {
		d.readXAttrs(r, at.real(), at.path)
	}
}

// link records a symbolic link.
func (d *dirReader) link(r *record, name string) (there bool) {
	if d.opt.Symlinks == Skip {
		r.unknown(tree.Special, "symlink, and symlinks are skipped")
		return true
	}
	target, err := d.handle.readlink(name)
	if err != nil {
		return d.unreadable(r, name, err)
	}
	r.node, r.size = tree.Symlink, int64(len(target))
	return true
}

// clashes keeps the first in byte order of names that are one on MEGA (rule 14). Only a name that changed can clash.
func (d *dirReader) clashes() {
	if !slices.ContainsFunc(d.batch.names, func(r record) bool { return r.local != "" }) {
		return
	}
	byName := map[string][]*record{} // in byte order, as the names were sorted
	for i := range d.batch.names {
		r := &d.batch.names[i]
		byName[r.name] = append(byName[r.name], r)
	}
	for _, same := range byName {
		for _, r := range same[1:] {
			first := same[0].onDisk()
			if r.node != tree.Unknown {
				d.problem(r.onDisk(), tree.NameClash, fmt.Errorf("has the same name on MEGA as %q, which is kept", first))
			}
			r.unknown(tree.NameClash, fmt.Sprintf("same name on MEGA as %q", first))
		}
	}
	d.jobs = slices.DeleteFunc(d.jobs, func(j job) bool { return d.batch.names[j.index].node != tree.Dir })
}

func (r *record) onDisk() string { return cmp.Or(r.local, r.name) }

// short is the part of a system error that a person wants: the errno's words.
func short(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
