package workflow

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
)

// DraftOptions say how what exists is to be declared.
type DraftOptions struct {
	// Source makes a backup of the one place that is drafted; without it places become folders.
	Source string
	// Path is where the one place shall be, if that is elsewhere.
	Path string
}

// Drafted is configuration for what exists.
type Drafted struct {
	Blocks []config.Draft
	// Notes say what was left out, and why.
	Notes []string
}

// drafter collects blocks and keeps their names apart.
type drafter struct {
	Drafted
	o     DraftOptions
	taken map[addr.Address]bool
	// several says that blocks must name their account.
	several bool
}

func newDrafter(cfg *config.Config, o DraftOptions) *drafter {
	d := &drafter{o: o, taken: map[addr.Address]bool{}}
	if cfg == nil {
		return d
	}
	for i := range cfg.Accounts {
		d.taken[cfg.Accounts[i].Address] = true
	}
	for _, a := range cfg.Managed() {
		d.taken[a.Block()] = true
	}
	return d
}

func (d *drafter) note(format string, args ...any) {
	d.Notes = append(d.Notes, fmt.Sprintf(format, args...))
}

// name picks an address of a kind that nothing has yet.
func (d *drafter) name(kind addr.Kind, text string) addr.Address {
	label := config.Label(text, func(label string) bool { return d.taken[addr.New(kind, label)] })
	a := addr.New(kind, label)
	d.taken[a] = true
	return a
}

// place drafts the block for a place on MEGA, with an import block where it shall be elsewhere.
func (d *drafter) place(account addr.Address, at string, extra ...config.DraftArgument) {
	kind, want := addr.Folder, at
	if d.o.Source != "" {
		kind = addr.Backup
	}
	if d.o.Path != "" {
		want = d.o.Path
	}
	a := d.name(kind, path.Base(want))
	b := config.Draft{Type: string(kind), Label: a.Name}
	if d.several {
		b.Set("account", account)
	}
	if kind == addr.Backup {
		b.Set("source", d.o.Source)
	}
	b.Set("path", want)
	b.Arguments = append(b.Arguments, extra...)
	d.Blocks = append(d.Blocks, b)
	if want != at {
		im := config.Draft{Type: "import"}
		im.Set("to", a)
		im.Set("path", at)
		d.Blocks = append(d.Blocks, im)
	}
}

// only refuses options that mean one place where there are others.
func (o DraftOptions) only(places int) error {
	if places == 1 {
		return nil
	}
	for flag, value := range map[string]string{"-source": o.Source, "-path": o.Path} {
		if value != "" {
			return fmt.Errorf("%s is about one place: name exactly one", flag)
		}
	}
	return nil
}

// Draft declares places on MEGA, written as in [Project.Places] without addresses; none means all folders at the top of the
// account that is named, or of the only one.
func (p *Project) Draft(ctx context.Context, account string, places []string, o DraftOptions) (Drafted, error) {
	if err := o.only(len(places)); err != nil {
		return Drafted{}, err
	}
	d := newDrafter(p.Config, o)
	d.several = len(p.Config.Accounts) > 1
	if len(places) == 0 {
		return d.Drafted, p.draftTop(ctx, d, account)
	}
	for _, place := range places {
		if account != "" && strings.HasPrefix(place, "/") {
			place = account + ":" + place
		}
		spots, err := p.Places(ctx, place)
		if err != nil {
			return Drafted{}, err
		}
		for _, s := range spots {
			if s.path == "" {
				return Drafted{}, fmt.Errorf("%s is the whole account: name folders in it, or none for all at its top", place)
			}
			p.draftSpot(d, &s, s.path, s.nodes)
		}
	}
	return d.Drafted, nil
}

func (p *Project) draftTop(ctx context.Context, d *drafter, account string) error {
	a, err := p.FindAccount(account)
	if err != nil {
		return err
	}
	spots, err := p.Places(ctx, a.Name+":")
	if err != nil {
		return err
	}
	s := &spots[0]
	children, err := s.account.client.Children(s.account.client.RootHandle())
	if err != nil {
		return p.accountError(a, err)
	}
	slices.SortStableFunc(children, func(a, b tree.Node) int { return strings.Compare(a.Name, b.Name) })
	for i := 0; i < len(children); {
		end := i + 1
		for end < len(children) && children[end].Name == children[i].Name {
			end++
		}
		if same := children[i:end]; same[0].Kind == tree.Dir || len(same) > 1 {
			p.draftSpot(d, s, tree.Path("").Join(same[0].Name), same)
		}
		i = end
	}
	return nil
}

// draftSpot drafts one place, or notes why not.
func (p *Project) draftSpot(d *drafter, s *Spot, at tree.Path, nodes []tree.Node) {
	account := s.account.decl.Address
	shown := account.Name + ":/" + string(at)
	written, ok := p.writtenPath(account, at)
	owner := s.declared.owner(account, at)
	switch {
	case len(nodes) > 1:
		d.note("%s: left out, MEGA has %d of that name. Give the others names of their own first.", shown, len(nodes))
	case nodes[0].Kind != tree.Dir:
		d.note("%s: left out, it is a file. Backups and folders are folders.", shown)
	case nodes[0].Own:
		d.note("%s: left out, megaplan keeps its state there.", shown)
	case !ok:
		d.note("%s: left out, its name cannot be written as a path. Rename it first.", shown)
	case !owner.IsZero() && s.declared.of(owner).path == at:
		d.note("%s: left out, it is %s already.", shown, owner)
	case owner.Kind == addr.Backup:
		d.note("%s: left out, it lies inside %s.", shown, owner)
	default:
		d.place(account, written)
	}
}

// of returns the declaration of an address.
func (all declarations) of(a addr.Address) declared {
	i := slices.IndexFunc(all, func(d declared) bool { return d.address == a })
	return all[i]
}
