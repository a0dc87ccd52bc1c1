package mega

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
)

// OwnFolder is a folder of the account in which megaplan keeps files of its own: ordinary files, encrypted by MEGA like all
// others, that no backup has anything to do with (rule 2). It reads as the tree does, from what the client knows; only content
// that this machine has never seen is asked for.
//
// MEGA allows several folders of one name, and two clients may make them at the same time: all of them are the folder, and what
// is new goes into the oldest.
type OwnFolder struct {
	client *Client
	path   tree.Path
}

// OwnFolder returns the folder at a path, in names as stored. It need not be there. A client that only reads changes no backup
// through it, but may write what is megaplan's own if keep says so.
func (c *Client) OwnFolder(path tree.Path, keep bool) *OwnFolder {
	return &OwnFolder{client: &Client{account: c.account, readOnly: c.readOnly && !keep}, path: path}
}

// Drain applies what happened in the account until now.
func (f *OwnFolder) Drain(ctx context.Context) error { return f.client.Drain(ctx) }

// at is the path of a folder below the folder, or of itself.
func (f *OwnFolder) at(below tree.Path) tree.Path {
	if below == "" {
		return f.path
	}
	return f.path.Join(string(below))
}

// folders are the folders at a path below the folder itself, the oldest first.
func (f *OwnFolder) folders(below tree.Path) ([]tree.Handle, error) {
	level := []tree.Handle{f.client.RootHandle()}
	for name := range f.at(below).Names() {
		var next []cache.Node
		for _, h := range level {
			for n, err := range f.client.cache.Children(h) {
				if err != nil {
					return nil, fmt.Errorf("list /%s: %w", f.path, err)
				}
				if n.Type == cache.Folder && names.NFC(f.client.open(n).name()) == names.NFC(name) {
					next = append(next, n)
				}
			}
		}
		slices.SortFunc(next, func(a, b cache.Node) int { return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Handle, b.Handle)) })
		level = level[:0]
		for _, n := range next {
			level = append(level, n.Handle)
		}
	}
	return level, nil
}

// Files lists the files directly in the folder, or in one below it, without their versions.
func (f *OwnFolder) Files(below tree.Path) ([]tree.Node, error) {
	dirs, err := f.folders(below)
	var files []tree.Node
	for _, dir := range dirs {
		for n, err := range f.client.cache.Children(dir) {
			if err != nil {
				return nil, fmt.Errorf("list /%s: %w", f.path, err)
			}
			if node := f.client.seen.node(f.client, n); node.Kind == tree.File {
				files = append(files, node)
			}
		}
	}
	return files, err
}

// seen are nodes of own folders as they were decrypted: each read of an object looks through all of their names.
type seen struct {
	mu    sync.Mutex
	nodes map[tree.Handle]seenNode
}

type seenNode struct {
	attr string
	node tree.Node
}

func (s *seen) node(c *Client, n cache.Node) tree.Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.nodes[n.Handle]; ok && known.attr == string(n.Attr) {
		return known.node
	}
	node := c.open(n).facts()
	if s.nodes == nil {
		s.nodes = make(map[tree.Handle]seenNode)
	}
	s.nodes[n.Handle] = seenNode{string(n.Attr), node}
	return node
}

// Time is when a file came to MEGA, by this machine's clock.
func (f *OwnFolder) Time(n tree.Node) time.Time {
	return time.Unix(n.Created, 0).Add(f.client.ClockSkew())
}

// Versions lists the older versions of a file, newest first.
func (f *OwnFolder) Versions(h tree.Handle) ([]tree.Node, error) { return f.client.Versions(h) }

// Knows says whether the tree has a node, wherever it is.
func (f *OwnFolder) Knows(h tree.Handle) (bool, error) {
	_, known, err := f.client.cache.Get(h)
	return known, err
}

// Has asks MEGA whether it has a file, whatever the tree knows of it.
func (f *OwnFolder) Has(ctx context.Context, h tree.Handle) (bool, error) {
	_, err := f.client.api.DownloadURL(ctx, h, f.client.options.HTTPS)
	if Gone(err) {
		return false, nil
	}
	return err == nil, err
}

// Nodes are the folder and all that is in it, old versions too.
func (f *OwnFolder) Nodes() (map[tree.Handle]bool, error) {
	waiting, err := f.folders("")
	all := make(map[tree.Handle]bool)
	for err == nil && len(waiting) > 0 {
		h := waiting[0]
		waiting, all[h] = waiting[1:], true
		for n, failed := range f.client.cache.Children(h) {
			if err = failed; err == nil {
				waiting = append(waiting, n.Handle)
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list /%s: %w", f.path, err)
	}
	return all, nil
}

// within refuses to change a node that is not in the folder.
func (f *OwnFolder) within(h tree.Handle) error {
	tops, err := f.folders("")
	for at := h; err == nil; {
		n, ok, failed := f.client.cache.Get(at)
		switch {
		case failed != nil:
			return failed
		case !ok:
			return fmt.Errorf("node %s: %w", h, ErrGone)
		case n.Type != cache.File && n.Type != cache.Folder:
			return fmt.Errorf("node %s is not in /%s", h, f.path)
		case slices.Contains(tops, n.Parent):
			return nil
		}
		at = n.Parent
	}
	return err
}

// ensure makes the folder and the ones below it, as far as they are missing, and returns the last one.
func (f *OwnFolder) ensure(ctx context.Context, below tree.Path) (tree.Handle, error) {
	f.client.ensuring.Lock()
	defer f.client.ensuring.Unlock()
	dirs, err := f.folders(below)
	if err == nil && len(dirs) == 0 { // as far as is known
		if err = f.Drain(ctx); err == nil {
			dirs, err = f.folders(below)
		}
	}
	if err != nil || len(dirs) > 0 {
		return first(dirs), err
	}
	at, specs := f.client.RootHandle(), []NewFolder(nil)
	var walked tree.Path
	for name := range f.at(below).Names() {
		walked = walked.Join(name)
		there, err := (&OwnFolder{client: f.client, path: walked}).folders("")
		switch {
		case err != nil:
			return 0, err
		case len(specs) > 0:
			specs = append(specs, NewFolder{Under: len(specs), Name: name, Own: walked == f.path})
		case len(there) > 0:
			at = there[0]
		default:
			specs = append(specs, NewFolder{Parent: at, Name: name, Own: walked == f.path})
		}
	}
	made, err := f.client.CreateFolders(ctx, specs)
	if err != nil {
		return 0, fmt.Errorf("create /%s: %w", walked, err)
	}
	return made[len(made)-1], nil
}

// ownMark is the value of attrOwn, and its version.
const ownMark = "1"

func (o opened) marked() bool {
	_, marked := o.attrs.Raw(attrOwn)
	return marked
}

// Mark marks the folder where somebody else made it.
func (f *OwnFolder) Mark(ctx context.Context) error {
	dirs, err := f.folders("")
	for _, h := range dirs {
		o, err := f.client.readable(h)
		if err == nil && !o.marked() {
			err = f.client.SetAttributes(ctx, h, map[string]string{attrOwn: ownMark})
		}
		if err != nil {
			return fmt.Errorf("mark /%s: %w", f.path, err)
		}
	}
	return err
}

func first(handles []tree.Handle) tree.Handle {
	if len(handles) == 0 {
		return 0
	}
	return handles[0]
}

// Delete destroys files in the folder with their versions. What is gone already is no error.
func (f *OwnFolder) Delete(ctx context.Context, handles ...tree.Handle) error {
	return f.each(handles, func(h tree.Handle) error { return f.client.Delete(ctx, h) })
}

// DeleteVersions destroys old versions of files in the folder.
func (f *OwnFolder) DeleteVersions(ctx context.Context, handles ...tree.Handle) error {
	return f.each(handles, func(h tree.Handle) error { return f.client.DeleteVersion(ctx, h) })
}

// each does something with all at once: the lane sends it together.
func (f *OwnFolder) each(handles []tree.Handle, do func(tree.Handle) error) error {
	errs := make([]error, len(handles))
	var all sync.WaitGroup
	for i, h := range handles {
		all.Go(func() {
			if err := f.within(h); err != nil {
				errs[i] = err
				return
			}
			errs[i] = do(h)
		})
	}
	all.Wait()
	for i, err := range errs {
		if Gone(err) {
			errs[i] = nil
		}
	}
	return errors.Join(errs...)
}

// Rename gives a file of the folder another name.
func (f *OwnFolder) Rename(ctx context.Context, h tree.Handle, name string) error {
	if err := f.within(h); err != nil {
		return err
	}
	return f.client.SetAttributes(ctx, h, map[string]string{AttrName: name})
}
