package workflow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// Explanation says what one address has to do with one path: whether the source's side of it is taken and why, and what is
// on MEGA in its place.
type Explanation struct {
	// Address is zero where no address declares the remote path that was asked about.
	Address addr.Address
	Source  string
	// Host is the host the source is on, where that is another one: nothing is known of the local side then.
	Host string
	// Path is the local path below the source, names on disk; "" is the source itself.
	Path  string
	Local Judged

	Account addr.Address
	Remote  tree.Path
	// Snapshots says that the backup keeps the path once in each of its snapshots. Remote is the path in the newest complete
	// one, Snapshot, which is empty while there is none.
	Snapshots bool
	Snapshot  string
	// Unasked says why MEGA was not asked.
	Unasked error
	Nodes   []OwnedNode
}

// Judged is the scan's judgement of a local path.
type Judged struct {
	// Exists is false where nothing is there, so nothing was judged.
	Exists, Taken bool
	// At is the path that decided: this one or a directory above it.
	At     string
	Kind   tree.Kind
	Why    tree.Why
	Reason string
	// Pattern and Where are the filter line that decided, if one did.
	Pattern, Where string
	Problem        error
}

// OwnedNode is a remote node and the address that owns it by its manifest (rule 1), zero if none does.
type OwnedNode struct {
	Node  tree.Node
	Owner addr.Address
}

// Explain tells which backups take a path and which rule keeps it in or out. The text is a local path, or a remote one as
// [Project.Places] takes it. An account that cannot be asked leaves that part of the answer out.
func (p *Project) Explain(ctx context.Context, text string) ([]Explanation, error) {
	var in planner.Input
	if err := p.readState(ctx, &in); err != nil {
		return nil, err
	}
	all, err := p.declared(ctx)
	if err != nil {
		return nil, err
	}
	found, err := p.explainLocal(text)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		if found, err = p.explainRemote(text, all); err != nil {
			return nil, err
		}
	}
	for i := range found {
		e := &found[i]
		if e.Unasked = p.intoNewest(ctx, e); e.Unasked == nil && (!e.Snapshots || e.Snapshot != "") {
			e.Nodes, e.Unasked = p.ownedNodes(ctx, e, in.Prior)
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// explainLocal judges a local path for each source that it lies in.
func (p *Project) explainLocal(text string) ([]Explanation, error) {
	local, err := filepath.Abs(text)
	if err != nil {
		return nil, err
	}
	var found []Explanation
	for i := range p.Config.Backups {
		b := &p.Config.Backups[i]
		rel, ok := below(b.Source.Path, local)
		if !ok {
			continue
		}
		e, err := p.explain(b, rel)
		if err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	return found, nil
}

// below returns a path relative to a directory it lies in, also where a link leads there.
func below(dir, path string) (string, bool) {
	inside := func(dir, path string) (string, bool) {
		rel, err := filepath.Rel(dir, path)
		return filepath.ToSlash(rel), err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	}
	if rel, ok := inside(dir, path); ok {
		return rel, true
	}
	// The last name may itself be a link that is backed up: only what leads to it is resolved.
	realDir, err1 := filepath.EvalSymlinks(dir)
	realParent, err2 := filepath.EvalSymlinks(filepath.Dir(path))
	if err1 != nil || err2 != nil {
		return "", false
	}
	return inside(realDir, filepath.Join(realParent, filepath.Base(path)))
}

// explain judges a path below a backup's source and says where it goes.
func (p *Project) explain(b *config.Backup, rel string) (Explanation, error) {
	e := Explanation{Address: b.Address, Source: b.Source.Written, Path: tidy(rel), Account: b.Account, Snapshots: b.Mode == config.ModeSnapshots}
	encoding, err := p.encoding(b.Account)
	if err != nil {
		return e, err
	}
	if e.Remote, err = p.encodePath(b.Account, b.Path); err != nil {
		return e, err
	}
	for name := range tree.Path(e.Path).Names() {
		e.Remote = e.Remote.Join(encoding.FromDisk(name))
	}
	if b.Source.Host != "" && !planner.SameHost(b.Source.Host, p.Host) {
		e.Host = b.Source.Host
		return e, nil
	}
	e.Local = p.judge(b, e.Path)
	return e, nil
}

func (p *Project) judge(b *config.Backup, rel string) Judged {
	if rel == "" {
		return Judged{Exists: true, Taken: true, Kind: tree.Dir}
	}
	o, err := p.scanOptions(b)
	if err != nil {
		return Judged{Problem: err}
	}
	said, err := scan.Explain(b.Source.Path, rel, o)
	if errors.Is(err, fs.ErrNotExist) {
		return Judged{}
	}
	if err != nil {
		return Judged{Problem: err}
	}
	return Judged{
		Exists: true, Taken: said.Taken, At: said.At, Kind: said.Kind, Why: said.Why, Reason: said.Reason,
		Pattern: said.Pattern.Text, Where: said.Pattern.Where,
	}
}

// explainRemote finds whose a remote path is, and what of the source belongs there.
func (p *Project) explainRemote(text string, all declarations) ([]Explanation, error) {
	targets, err := p.targets(text, all)
	if errors.Is(err, errNoPlace) {
		return nil, p.nobodyTakes(text)
	}
	if err != nil {
		return nil, err
	}
	var found []Explanation
	for _, t := range targets {
		path, err := p.encodePath(t.account, t.written)
		if err != nil {
			return nil, err
		}
		if t.under != nil {
			path = joined(t.under.path, path)
		}
		e, err := p.explainStored(t.account, path, all)
		if err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	return found, nil
}

// explainStored is explain from the other side: of a path in an account, in names as stored.
func (p *Project) explainStored(account addr.Address, path tree.Path, all declarations) (Explanation, error) {
	owner := all.owner(account, path)
	if b := p.configured(owner); b != nil {
		root, err := p.encodePath(b.Account, b.Path)
		if err != nil {
			return Explanation{}, err
		}
		encoding, err := p.encoding(b.Account)
		if err != nil {
			return Explanation{}, err
		}
		var rel []string
		skip := depth(root)
		within := false // a snapshot, which has a name of its own
		for name := range path.Names() {
			switch skip--; {
			case skip >= 0:
			case skip == -1 && b.Mode == config.ModeSnapshots && snapshot.Names(name):
				within = true
			default:
				rel = append(rel, encoding.ToDisk(name))
			}
		}
		e, err := p.explain(b, strings.Join(rel, "/"))
		if e.Snapshots = e.Snapshots && !within && len(rel) > 0; !e.Snapshots {
			e.Remote = path
		}
		return e, err
	}
	return Explanation{Address: owner, Account: account, Remote: path}, nil
}

// configured returns the backup of an address, nil if the configuration has none.
func (p *Project) configured(a addr.Address) *config.Backup {
	for i := range p.Config.Backups {
		if p.Config.Backups[i].Address == a {
			return &p.Config.Backups[i]
		}
	}
	return nil
}

func (p *Project) nobodyTakes(text string) error {
	var sources []string
	for i := range p.Config.Backups {
		sources = append(sources, p.Config.Backups[i].Source.Written)
	}
	return fmt.Errorf("no backup takes %s\nIt lies in none of the sources: %s", text, strings.Join(sources, ", "))
}

// intoNewest leads an explanation of a backup that keeps snapshots into the newest complete one.
func (p *Project) intoNewest(ctx context.Context, e *Explanation) error {
	if !e.Snapshots {
		return nil
	}
	acct, err := p.look(ctx, e.Account)
	if err != nil {
		return err
	}
	root, err := p.encodePath(e.Account, p.configured(e.Address).Path)
	if err != nil {
		return err
	}
	top := Spot{account: acct}
	if top.nodes, err = acct.at(root); err != nil {
		return err
	}
	on, err := top.shelf()
	if err != nil {
		return err
	}
	if newest, ok := snapshot.Newest(on.published, time.Time{}); ok {
		below := strings.TrimPrefix(string(e.Remote[len(root):]), "/")
		e.Snapshot, e.Remote = newest.Name, joined(root.Join(newest.Name), tree.Path(below))
	}
	return nil
}

// ownedNodes asks MEGA what is at the explanation's remote path, and state whose it is.
func (p *Project) ownedNodes(ctx context.Context, e *Explanation, prior []planner.Prior) ([]OwnedNode, error) {
	acct, err := p.look(ctx, e.Account)
	if err != nil {
		return nil, err
	}
	nodes, err := acct.at(e.Remote)
	if err != nil {
		return nil, err
	}
	out := make([]OwnedNode, len(nodes))
	for i, n := range nodes {
		out[i] = OwnedNode{n, manifestOwner(prior, e.Account, n.Handle)}
	}
	return out, nil
}

func manifestOwner(prior []planner.Prior, account addr.Address, h tree.Handle) addr.Address {
	for _, r := range prior {
		if r.Resource.Account != account {
			continue
		}
		if r.Resource.Root == h {
			return r.Resource.Address
		}
		for i := range r.Manifest {
			if r.Manifest[i].Handle == h {
				return r.Resource.Address
			}
		}
	}
	return addr.Address{}
}
