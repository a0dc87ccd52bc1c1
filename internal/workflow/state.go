package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
	"github.com/megaplan/megaplan/state/local"
)

// defaultState is the local backend's file when nothing else is said.
const defaultState = "megaplan.state.json"

// remoteHeartbeat is how often a run shows that it is alive where each time costs a new document: all of the state at a server,
// whose GitLab keeps each text, and a file with its events in an account. It is a third of state.StaleAfter.
const remoteHeartbeat = 5 * time.Minute

// openStore opens the state in the backend that the configuration names. What leaves this machine is sealed.
func (p *Project) openStore() (*state.Store, error) {
	opt := state.Options{
		Host: p.Host, MegaplanVersion: p.Version, LockTimeout: p.LockTimeout, JournalDir: filepath.Join(p.Config.Dir, ".megaplan", "journal"),
		Key: p.stateKey, Freed: func(i state.LockInfo) { p.sayFreed("lock", i.Operation, i.PID, i.Since) },
	}
	switch p.Config.Backend.Type {
	case "", "local":
		return state.NewStore(p.localBackend(), opt), nil
	case "mega":
		b, err := p.megaBackend()
		opt.Sealed, opt.Heartbeat = true, remoteHeartbeat
		return state.NewStore(b, opt), err
	case "http":
		b, err := p.httpBackend()
		opt.Sealed, opt.Heartbeat = true, remoteHeartbeat
		return state.NewStore(b, opt), err
	}
	panic("workflow: backend " + p.Config.Backend.Type)
}

func (p *Project) localBackend() state.Backend {
	path := p.Config.Backend.Options["path"]
	if path == "" {
		path = defaultState
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.Config.Dir, path)
	}
	return local.New(path)
}

// readState reads the document and the manifests, with the journal of an interrupted run on top (rule 28).
func (p *Project) readState(ctx context.Context, in *planner.Input) error {
	manifests, err := p.readDocument(ctx, in)
	if err != nil {
		return err
	}
	return manifests(ctx)
}

// readDocument is readState without the manifests, which take their time: they are complete once the function it returns is
// done, and what needs them not can go on meanwhile.
func (p *Project) readDocument(ctx context.Context, in *planner.Input) (manifests func(context.Context) error, err error) {
	doc, err := p.store.Read(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.checkNamed(in.Options, doc); err != nil {
		return nil, err
	}
	in.Options.Exclude = slices.Concat(in.Options.Exclude, p.newcomers(doc))
	p.lineage = doc.Lineage
	journal, err := p.store.Pending(doc)
	if err != nil {
		return nil, err
	}
	records, err := decodeRecords(journal)
	if err != nil {
		return nil, err
	}
	p.pending, p.undoing = map[addr.Address]bool{}, map[addr.Address]bool{}
	p.cutOff = maps.Clone(records)
	for a, list := range records {
		p.pending[a] = true
		p.undoing[a] = !slices.ContainsFunc(list, func(r planner.Record) bool { return !r.Undo })
	}
	left := maps.Clone(records)
	for _, r := range doc.Resources {
		in.Prior = append(in.Prior, planner.Prior{Resource: overlayResource(r, records[r.Address])})
		delete(left, r.Address)
	}
	for a := range left { // applied for the first time, and not yet saved
		r := overlayResource(p.firstResource(a), left[a])
		if r.Root != 0 || len(overlayManifest(nil, left[a])) > 0 {
			in.Prior = append(in.Prior, planner.Prior{Resource: r})
		}
	}
	prior := in.Prior
	return func(ctx context.Context) error {
		p.prior = map[addr.Address]planner.Prior{}
		for i := range prior {
			r := prior[i].Resource
			manifest, err := p.store.Manifest(ctx, doc.Lineage, r)
			if err != nil && !p.sealedAway(err) {
				return fmt.Errorf("%s: %w", r.Address, err)
			}
			prior[i].Manifest = overlayManifest(manifest, records[r.Address])
			p.prior[r.Address] = prior[i]
		}
		return nil
	}, nil
}

func decodeRecords(journal []state.JournalRecord) (map[addr.Address][]planner.Record, error) {
	out := map[addr.Address][]planner.Record{}
	for _, j := range journal {
		var r planner.Record
		if err := json.Unmarshal(j.Data, &r); err != nil {
			return nil, fmt.Errorf("journal of %s: %w", j.Address, err)
		}
		out[j.Address] = append(out[j.Address], r)
	}
	return out, nil
}

// overlayManifest puts what the journal knows on top of what the state knows.
func overlayManifest(manifest state.Manifest, records []planner.Record) state.Manifest {
	if len(records) == 0 {
		return manifest
	}
	return planner.ManifestAfter(manifest, planner.Target{}, records)
}

// overlayResource is overlayManifest for what the document says.
func overlayResource(r state.Resource, records []planner.Record) state.Resource {
	for _, rec := range records {
		if rec.Root != 0 {
			r.Root = rec.Root
		}
	}
	r.Snapshots = planner.SnapshotsAfter(r.Snapshots, records)
	return r
}

// firstResource is the entry of an address whose first apply was cut off.
func (p *Project) firstResource(a addr.Address) state.Resource {
	r := state.Resource{Address: a}
	for i := range p.Config.Backups {
		if b := &p.Config.Backups[i]; b.Address == a {
			r.Account, r.Path, r.OnDelete, r.Host = b.Account, b.Path, string(b.OnDelete), p.Host
		}
	}
	for i := range p.Config.Folders {
		if f := &p.Config.Folders[i]; f.Address == a {
			r.Account, r.Path, r.OnDelete = f.Account, f.Path, string(f.OnDelete)
		}
	}
	return r
}

func (p *Project) folder(a addr.Address) *config.Folder {
	for i := range p.Config.Folders {
		if p.Config.Folders[i].Address == a {
			return &p.Config.Folders[i]
		}
	}
	panic("workflow: no folder " + a.String())
}

// RawState returns the state document as it is stored.
func (p *Project) RawState(ctx context.Context) (*state.Document, error) { return p.store.Read(ctx) }

// State returns the state document with what an interrupted run did on top of it (rule 28).
func (p *Project) State(ctx context.Context) (*state.Document, error) {
	doc, err := p.store.Read(ctx)
	if err != nil {
		return nil, err
	}
	journal, err := p.store.Pending(doc)
	if err != nil || len(journal) == 0 {
		return doc, err
	}
	var in planner.Input
	if err := p.readState(ctx, &in); err != nil {
		return nil, err
	}
	doc.Resources = nil
	for _, prior := range in.Prior {
		r := prior.Resource
		if p.pending[r.Address] {
			r.Manifest.Files, r.Manifest.Bytes = prior.Manifest.Totals()
		}
		doc.Resources = append(doc.Resources, r)
	}
	slices.SortFunc(doc.Resources, func(a, b state.Resource) int { return a.Address.Compare(b.Address) })
	return doc, nil
}

// withoutDamaged says whether an error is a damaged state, or one that another account sealed, and tells of it. What only looks, or gets a backup back,
// does without: the state decides ownership, and the nodes are there whatever it says.
func (p *Project) withoutDamaged(err error) bool {
	if !errors.As(err, new(*state.CorruptError)) && !errors.As(err, new(*state.SealedError)) {
		return false
	}
	p.Observer.Say(fmt.Sprintf("Going on without the state, as MEGA has it now: %v.", err))
	return true
}

// MoveState gives an address of the state another name.
func (p *Project) MoveState(ctx context.Context, from, to addr.Address) error {
	return p.edit(ctx, "state mv", fmt.Sprintf("%s is %s in the state now.", from, to), func(d *state.Document) error {
		if _, taken := d.Resource(to); taken {
			return fmt.Errorf("%s is in the state already", to)
		}
		for i := range d.Resources {
			if d.Resources[i].Address == from {
				d.Resources[i].Address = to
				return nil
			}
		}
		return fmt.Errorf("%s is not in the state: `megaplan state list` shows what is", from)
	})
}

// RemoveState forgets an address.
func (p *Project) RemoveState(ctx context.Context, gone addr.Address) error {
	return p.edit(ctx, "state rm", fmt.Sprintf("%s is forgotten; what it has on MEGA stays.", gone), func(d *state.Document) error {
		for i := range d.Resources {
			if d.Resources[i].Address == gone {
				d.Resources = append(d.Resources[:i], d.Resources[i+1:]...)
				return nil
			}
		}
		return fmt.Errorf("%s is not in the state: `megaplan state list` shows what is", gone)
	})
}

// edit changes the state document and tells the news of it.
func (p *Project) edit(ctx context.Context, operation, news string, change func(*state.Document) error) error {
	if err := p.store.Edit(ctx, operation, change); err != nil {
		return err
	}
	p.Observer.Say(news)
	return nil
}

// WholeState returns the state document with the manifests it refers to, as one text: what PushState takes.
func (p *Project) WholeState(ctx context.Context) ([]byte, error) {
	b, err := p.store.Export(ctx)
	if err != nil {
		return nil, err
	}
	return b.Encode()
}

// PushState replaces the document by one of the same lineage that is not older, or by any with force. The text is a document whose
// manifests are here, or all of a state (WholeState), from whatever backend. Leases stay as they are. With force a damaged document is
// in nobody's way.
func (p *Project) PushState(ctx context.Context, text []byte, force bool) error {
	whole, err := state.DecodeWhole(text)
	if err != nil {
		return fmt.Errorf("what is pushed cannot be the state: %v\nNothing was changed", err) //nolint:errorlint // it is not our state that is damaged
	}
	pushed, err := p.store.Import(ctx, whole)
	var missing *state.MissingError
	if errors.As(err, &missing) {
		return fmt.Errorf("what is pushed is not all of a state: %v.\nNothing was changed. Get it by `megaplan state pull -manifests` from where the state was", missing) //nolint:errorlint // as above
	}
	if err != nil {
		return err
	}
	write := p.store.Edit
	if force {
		write = p.store.Overwrite
	}
	err = write(ctx, "state push", func(d *state.Document) error {
		if !force && d.Lineage != "" && pushed.Lineage != d.Lineage {
			return fmt.Errorf("the pushed state is another one (lineage %s, here %s): -force pushes it all the same", pushed.Lineage, d.Lineage)
		}
		if !force && pushed.Serial < d.Serial {
			return fmt.Errorf("the pushed state is older (serial %d, here %d): -force pushes it all the same", pushed.Serial, d.Serial)
		}
		leases := d.Leases
		*d = *pushed
		d.Leases = leases
		return nil
	})
	if err == nil {
		p.Observer.Say("The state is the pushed one now.")
	}
	return err
}

// sayFreed tells of a lock or lease that was in the way and is gone now.
func (p *Project) sayFreed(what, operation string, pid int, since time.Time) {
	p.Observer.Say(fmt.Sprintf("The %s of %s (process %d, since %s) was freed: that process is dead.", what, operation, pid, since.Local().Format(time.DateTime)))
}

// ForceUnlock frees a lease or lock by its id.
func (p *Project) ForceUnlock(ctx context.Context, id string) error {
	lease, err := p.store.ForceUnlock(ctx, id)
	if err != nil {
		return err
	}
	if lease.ID == "" {
		p.Observer.Say("Freed the lock of the state document.")
		return nil
	}
	p.Observer.Say(fmt.Sprintf("Freed the lease of %s by %s.", lease.Operation, lease.Host))
	return nil
}
