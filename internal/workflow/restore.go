package workflow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/restore"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// RestoreOptions say what to bring back, and where to.
type RestoreOptions struct {
	// What is an address, with or without the name of a snapshot behind a slash, or a remote path that starts with one.
	What string
	// Account has the remote path; zero is the only one.
	Account addr.Address
	// To is the target directory; "" is the backup's source.
	To string
	// At is a time, RFC 3339 or a duration ago; Snapshot is a snapshot's name. At most one is set.
	At, Snapshot     string
	Include, Exclude []string
	Overwrite        restore.Overwrite
	// Progress is told the bytes that are read here to prove what looks equal; nil: nobody is.
	Progress func(int64)
	// Unknown takes along trashed nodes of which nobody knows since when they are in the trash.
	Unknown bool
}

// Restoring is a restore that is planned.
type Restoring struct {
	Plan *restore.Plan
	// From says what is restored, Target where to.
	From, Target string
	// At is the time that was asked for, zero for now; Paths is since when the paths were as they are restored, zero for
	// today's.
	At, Paths time.Time
	// Snapshot is the snapshot that is restored; its name is empty if none is. Now is the time it is as old as.
	Snapshot snapshot.Snapshot
	Now      time.Time

	p      *Project
	from   backedUp
	client *mega.Client
}

// backedUp is what a restore starts from: an account and the place in it.
type backedUp struct {
	name    string
	account addr.Address
	path    tree.Path
	prior   planner.Prior
	known   bool           // the state knows it
	backup  *config.Backup // nil: a path, or an address that is no longer declared
}

// Restore plans to bring a backup or a remote path back. It writes no state and takes no lease (rule 29).
func (p *Project) Restore(ctx context.Context, o RestoreOptions) (*Restoring, error) {
	o, err := withSnapshot(o)
	if err != nil {
		return nil, err
	}
	r, err := p.restoring(ctx, o)
	if err != nil {
		return nil, err
	}
	if r.Target, err = p.restoreTarget(o, r.from); err != nil {
		return nil, err
	}
	input, missing, err := r.read(ctx, o)
	if err != nil {
		return nil, err
	}
	if r.from.known {
		input.Owned = r.from.prior.Manifest.Owned()
	}
	input.Overwrite, input.Filter, input.Windows = o.Overwrite, givenFilter(o), runtime.GOOS == "windows"
	if input.Encoding, err = p.encoding(r.from.account); err != nil {
		return nil, err
	}
	if input.Local, err = restore.Look(r.Target, input); err != nil {
		return nil, fmt.Errorf("look at %s: %w", r.Target, err)
	}
	r.Plan = restore.Make(input)
	if o.Overwrite == restore.Always && input.Local.Tree != nil {
		if err := restore.Prove(ctx, r.Plan, r.Target, r.client, o.Progress); err != nil {
			return nil, err
		}
	}
	r.Plan.Skipped = append(missing, r.Plan.Skipped...)
	return r, nil
}

// restoring finds what is meant; nothing is asked of MEGA yet.
func (p *Project) restoring(ctx context.Context, o RestoreOptions) (*Restoring, error) {
	var in planner.Input
	if err := p.readState(ctx, &in); p.withoutDamaged(err) {
		p.prior = nil
	} else if err != nil {
		return nil, err
	}
	from, err := p.findBackup(o)
	if err != nil {
		return nil, err
	}
	return &Restoring{p: p, From: from.name, from: from}, nil
}

// read reads the remote side as of the time that is asked for, and what is known to be missing of it.
func (r *Restoring) read(ctx context.Context, o RestoreOptions) (in restore.Input, missing []restore.Skip, err error) {
	acct, err := r.p.look(ctx, r.from.account)
	if err != nil {
		return in, nil, err
	}
	r.client, r.Now = acct.client, serverNow(acct.client)
	if r.At, err = r.p.timeOf(o.At, acct.client); err != nil {
		return in, nil, err
	}
	in.Tree, in.Root, err = r.open(ctx, r.from, o)
	if errors.As(err, new(*notThereError)) {
		return in, nil, err
	}
	if err == nil {
		missing, err = r.choose(ctx, &in, r.from, o)
	}
	return in, missing, r.p.accountError(r.from.account, err)
}

// findBackup finds what is meant by an address or a path.
func (p *Project) findBackup(o RestoreOptions) (backedUp, error) {
	if name, path, named := strings.Cut(o.What, ":/"); named && !strings.Contains(name, "/") {
		if !o.Account.IsZero() && o.Account.Name != name {
			return backedUp{}, fmt.Errorf("%s is in another account than %s", o.What, o.Account)
		}
		o.Account, o.What = addr.New(addr.Account, name), "/"+path
	}
	if strings.HasPrefix(o.What, "/") {
		return p.findPath(o)
	}
	a, err := addr.Parse(o.What)
	if err != nil {
		return backedUp{}, fmt.Errorf("%q is neither an address such as backup.documents nor a remote path such as /Photos or main:/Photos: %w", o.What, err)
	}
	prior, known := p.prior[a]
	from := backedUp{name: o.What, prior: prior, known: known}
	for i := range p.Config.Backups {
		if b := &p.Config.Backups[i]; b.Address == a {
			from.backup, from.account = b, b.Account
			from.path, err = p.encodePath(b.Account, b.Path)
			return from, err
		}
	}
	for i := range p.Config.Folders {
		if f := &p.Config.Folders[i]; f.Address == a {
			from.account = f.Account
			from.path, err = p.encodePath(f.Account, f.Path)
			return from, err
		}
	}
	if !known || p.account(prior.Resource.Account) == nil {
		return from, fmt.Errorf("there is no %s in the configuration or the state: `megaplan state list` shows what is, and a remote path can be restored too", a)
	}
	from.account = prior.Resource.Account
	from.path, err = p.encodePath(from.account, prior.Resource.Path)
	return from, err
}

func (p *Project) findPath(o RestoreOptions) (backedUp, error) {
	account := o.Account
	switch {
	case account.IsZero() && len(p.Config.Accounts) == 1:
		account = p.Config.Accounts[0].Address
	case account.IsZero():
		return backedUp{}, errors.New("there are several accounts: say which one with -account=NAME")
	case p.account(account) == nil:
		return backedUp{}, fmt.Errorf("there is no %s in the configuration", account)
	}
	path, err := p.encodePath(account, o.What)
	return backedUp{name: account.String() + ":" + o.What, account: account, path: path}, err
}

// restoreTarget is where everything lands. In place is the backup's source, if that is on this host (rule 5).
func (p *Project) restoreTarget(o RestoreOptions, from backedUp) (string, error) {
	switch {
	case o.To != "":
		return filepath.Abs(o.To)
	case from.backup == nil:
		return "", fmt.Errorf("%s has no source here to restore to: give -to=DIR", from.name)
	case from.backup.Source.Host != "" && !planner.SameHost(from.backup.Source.Host, p.Host):
		return "", fmt.Errorf("the source of %s is on host %s, this is %s: give -to=DIR", from.name, from.backup.Source.Host, p.Host)
	}
	return from.backup.Source.Path, p.mounted(from.backup)
}

// mounted refuses to restore in place where the marker is missing: under the place of a disk that is not mounted, everything
// would land on another one (rule 8). On a disk that is new the marker is among what is restored, which is why -to lifts it.
func (p *Project) mounted(b *config.Backup) error {
	s := &b.Source
	if s.Marker == "" {
		return nil
	}
	_, err := os.Stat(filepath.Join(s.Path, s.Marker))
	if !errors.Is(err, fs.ErrNotExist) {
		return nil // what else is wrong with it shows when it is written to
	}
	d := diag.Diagnostic{
		Summary: "source lacks its marker", Subject: s.Range, Address: b.Address.String(),
		Detail: fmt.Sprintf("%s lacks its marker file %s, so its disk may not be mounted. Nothing was changed.\n"+
			"Mount it. If it is the right place, and new: -to=%s restores into it, the marker too.", s.Written, s.Marker, s.Path),
	}
	return &RefusedError{Refusals: []planner.Refusal{{Rule: 8, Address: b.Address, Diagnostic: p.Config.Files.Annotate(diag.List{d})[0]}}}
}

// notThereError says that an account has no such path, or the path no such snapshot.
type notThereError struct{ text string }

func (e *notThereError) Error() string { return e.text }

// root finds the node that is restored: by the handle that the state remembers, by path, or, for a restore of the past, in the
// bin.
func (r *Restoring) root(ctx context.Context, from backedUp) (*tree.Tree, tree.ID, error) {
	var roots []tree.Handle
	if from.prior.Resource.Root != 0 {
		roots = []tree.Handle{from.prior.Resource.Root}
	}
	whole, err := r.client.Tree(ctx, []tree.Path{from.path}, roots)
	if err != nil {
		return nil, 0, err
	}
	for id := range whole.Walk(tree.Root) {
		if h := whole.Handle(id); h != 0 && h == from.prior.Resource.Root {
			return whole, id, nil
		}
	}
	if id, ok := whole.Lookup(from.path); ok {
		return whole, id, nil
	}
	trashed, when, err := trashedRoot(ctx, r.client, from)
	switch {
	case err != nil:
		return nil, 0, err
	case trashed == nil:
		return nil, 0, &notThereError{fmt.Sprintf("there is no /%s in %s", from.path, from.account)}
	case r.At.IsZero() || !r.At.Before(when):
		return nil, 0, &notThereError{fmt.Sprintf("/%s of %s is in the trash since %s: give -at with a time before that", from.path, from.account, when.UTC().Format(time.RFC3339))}
	}
	return trashed, tree.Root, nil
}

// trashedRoot finds what megaplan put into the bin as a whole from the place that is restored, the latest of several.
func trashedRoot(ctx context.Context, client *mega.Client, from backedUp) (*tree.Tree, time.Time, error) {
	list, err := client.Bin(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	var latest *mega.Trashed
	for i := range list {
		t := &list[i]
		if t.Marked && t.Mark.Path == "/"+string(from.path) && (latest == nil || t.Mark.At.After(latest.Mark.At)) {
			latest = t
		}
	}
	if latest == nil {
		return nil, time.Time{}, nil
	}
	whole, err := client.Below(ctx, latest.Node.Handle)
	return whole, latest.Mark.At, err
}

// timeOf reads a time, or a duration before the server's now.
func (p *Project) timeOf(text string, client *mega.Client) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	ago, err := config.ParseDuration(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("-at=%s is neither a time such as 2026-03-01T12:00:00Z nor a duration ago such as 36h: %w", text, err)
	}
	return serverNow(client).Add(-ago), nil
}

func givenFilter(o RestoreOptions) *filter.Filter {
	if len(o.Include) == 0 && len(o.Exclude) == 0 {
		return nil
	}
	patterns := func(texts []string, flag string) []filter.Pattern {
		out := make([]filter.Pattern, len(texts))
		for i, text := range texts {
			out[i] = filter.Pattern{Text: text, Where: flag}
		}
		return out
	}
	return filter.New(filter.Config{Include: patterns(o.Include, "-include"), Exclude: patterns(o.Exclude, "-exclude")})
}

// choose takes the input back to a time, unless it is a snapshot, which is of its time anyway. It returns what is known to be
// missing.
func (r *Restoring) choose(ctx context.Context, in *restore.Input, from backedUp, o RestoreOptions) ([]restore.Skip, error) {
	if r.At.IsZero() || r.Snapshot.Name != "" {
		return nil, nil
	}
	past, err := r.past(ctx, in, from)
	if err != nil {
		return nil, err
	}
	past.Unknown = o.Unknown
	then, missing := restore.Then(past)
	in.Tree, in.Root = then, tree.Root
	return missing, nil
}

// Run carries the restore out.
func (r *Restoring) Run(ctx context.Context, event func(restore.Event), waiting func(mega.Wait), stop <-chan struct{}) (restore.Report, error) {
	if waiting != nil {
		r.p.onWait.Store(&waiting)
		defer r.p.onWait.Store(nil)
	}
	report, err := restore.Run(ctx, r.Plan, restore.Env{
		Remote: r.client, Target: r.Target, Owner: os.Geteuid() == 0, Parallelism: r.p.Parallelism, Event: event, Stop: stop,
	})
	if err == nil && report.Left > 0 && (!report.Full || closed(stop)) {
		err = ErrInterrupted
	}
	return report, err
}
