package scan

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/tree"
)

// Explanation says why a path is in a source's tree or left out of it.
type Explanation struct {
	Taken bool
	// At is the path that decided: the one asked about, or a directory above it that is left out as a whole.
	At string
	// Kind is what the scan makes of At.
	Kind tree.Kind
	Why  tree.Why
	// Reason is as in the tree. For a path that is taken it names the negated pattern that kept it, if one did.
	Reason string
	// Pattern is the one that decided, zero if none did.
	Pattern filter.Pattern
}

// Explain judges one path below the root, given as on disk, exactly as Scan would.
func Explain(root, asked string, opt Options) (Explanation, error) {
	w, err := newWalk(root, opt)
	if err != nil {
		return Explanation{}, err
	}
	j := w.jobs[0]
	asked = path.Clean(asked)
	for name := range strings.SplitSeq(asked, "/") {
		e, next, err := w.explainName(&j, name)
		if err != nil {
			return Explanation{}, fmt.Errorf("explain %s: %w", asked, err)
		}
		if !e.Taken || e.At == asked {
			return e, nil
		}
		if next == nil {
			break
		}
		j = *next
	}
	return Explanation{}, fmt.Errorf("explain %s: %w", asked, fs.ErrNotExist)
}

func (w *walk) explainName(j *job, name string) (Explanation, *job, error) {
	d := dirReader{walk: w, job: j}
	h, _, err := openDir(j.base, j.rel, facts{})
	if err != nil {
		return Explanation{}, nil, err
	}
	defer h.close()
	d.handle, d.mine = h, w.own.in(j.real())
	listed, err := h.names()
	if err != nil {
		return Explanation{}, nil, err
	}
	if !d.prepare(listed) {
		return explain(j.path, j.record, filter.Verdict{}), nil, nil
	}
	r := &record{name: w.opt.encode(name), local: name}
	next, there := d.judge(r, name)
	if !there || !slices.Contains(listed, name) {
		return Explanation{}, nil, fs.ErrNotExist
	}
	v := j.dir.Judge(name, r.kind == isDir)
	if next != nil {
		next.record = r
	}
	return explain(path.Join(j.path, name), r, v), next, nil
}

func explain(at string, r *record, v filter.Verdict) Explanation {
	e := Explanation{Taken: r.node != tree.Unknown && !r.incomplete, At: at, Kind: r.node, Why: r.why, Reason: r.reason}
	if e.Taken || r.why == tree.Excluded {
		e.Pattern = v.Pattern
	}
	if e.Taken {
		e.Reason = v.Reason
	}
	return e
}
