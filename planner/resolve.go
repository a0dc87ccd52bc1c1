package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
)

// resolve finds the addresses that take part and what state knows of each: declared ones first, then what is only in state.
func (p *planning) resolve() {
	for i := range p.in.Config.Folders {
		p.targets = append(p.targets, p.folderTarget(&p.in.Config.Folders[i]))
	}
	for i := range p.in.Config.Backups {
		p.targets = append(p.targets, p.backupTarget(&p.in.Config.Backups[i]))
	}
	p.join()
	slices.SortFunc(p.targets, func(a, b *target) int { return a.out.Address.Compare(b.out.Address) })
	for _, t := range p.targets {
		p.settleStatus(t)
	}
	p.checkPaths()
	if p.in.ClockOff {
		p.warn(nil, "the local clock is wrong",
			"It differs from MEGA's by more than ten minutes. Nothing is expired until it is set right.")
	}
}

func (p *planning) newTarget(a, account addr.Address, declared string) *target {
	path, ok := p.in.Paths[a]
	if !ok {
		path = tree.Path(strings.Trim(declared, "/"))
	}
	t := &target{p: p, root: tree.None, out: Target{Address: a, Account: account, Status: Active, Path: path}}
	t.account = p.accounts[account]
	return t
}

func (p *planning) folderTarget(f *config.Folder) *target {
	t := p.newTarget(f.Address, f.Account, f.Path)
	t.folder, t.out.Lifecycle = f, f.Lifecycle
	t.policy = policy{
		onDelete: f.OnDelete, unmanaged: f.Unmanaged,
		files: cmp.Or(f.DuplicateFiles, config.DuplicatesReport), folders: cmp.Or(f.DuplicateFolders, config.DuplicatesReport),
	}
	t.policy.fill()
	t.hidden = newGlobs(f.Lifecycle.IgnoreDrift, p.in.Options.IgnoreDrift)
	return t
}

func (p *planning) backupTarget(b *config.Backup) *target {
	t := p.newTarget(b.Address, b.Account, b.Path)
	t.backup, t.out.Lifecycle = b, b.Lifecycle
	t.out.Source, t.out.Written = b.Source.Path, b.Source.Written
	t.policy = policy{
		onDelete: b.OnDelete, unmanaged: b.Unmanaged, versions: b.Versions, compare: b.Compare,
		excluded: b.DeleteExcluded, copyFrom: b.CopyFrom, files: b.DuplicateFiles, folders: b.DuplicateFolders,
	}
	if b.Mode == config.ModeArchive {
		t.policy.onDelete, t.policy.versions = config.DeleteKeep, true
	}
	if b.Mode == config.ModeSnapshots { // what another run left in a snapshot's folder is the source's, or goes
		t.policy.files, t.policy.folders = config.DuplicatesReport, config.DuplicatesReport
	}
	if p.in.Options.Checksum {
		t.policy.compare = config.CompareContent
	}
	t.policy.fill()
	t.hidden = newGlobs(b.Lifecycle.IgnoreDrift, p.in.Options.IgnoreDrift)
	for i := range p.in.Sources {
		if p.in.Sources[i].Backup == b.Address {
			t.source = &p.in.Sources[i]
		}
	}
	return t
}

// fill puts the defaults where nothing was said.
func (p *policy) fill() {
	if p.onDelete == "" {
		p.onDelete = config.DeleteTrash
	}
	if p.unmanaged == "" {
		p.unmanaged = config.UnmanagedReport
	}
	if p.compare == "" {
		p.compare = config.CompareMTime
	}
	if p.copyFrom == "" {
		p.copyFrom = config.CopyFromAccount
	}
	if p.files == "" {
		p.files = config.DuplicatesSource
	}
	if p.folders == "" {
		p.folders = config.DuplicatesMerge
	}
}

// join gives every target its state, by address, by moved block (rule 4), or by account and path (rule 3), and makes
// targets of what is only in state.
func (p *planning) join() {
	byAddress := map[addr.Address]*target{}
	for _, t := range p.targets {
		byAddress[t.out.Address] = t
	}
	var left []*Prior
	for i := range p.in.Prior {
		prior := &p.in.Prior[i]
		if t := byAddress[prior.Resource.Address]; t != nil {
			t.take(prior)
		} else {
			left = append(left, prior)
		}
	}
	slices.SortFunc(left, func(a, b *Prior) int { return a.Resource.Address.Compare(b.Resource.Address) })
	for _, prior := range left {
		heir := p.heir(byAddress, left, prior)
		if heir != nil {
			heir.take(prior)
		}
		p.targets = append(p.targets, p.leftover(prior, heir))
	}
}

func (t *target) take(prior *Prior) {
	t.prior = prior
	t.owned = owned{entries: prior.Manifest}
	t.out.Prior, t.out.Serial, t.out.Resource = prior.Resource.Address, prior.Resource.Serial, prior.Resource
	t.out.LastSuccess, t.out.Snapshots = prior.Resource.LastSuccess, prior.Resource.Snapshots
}

// heir is the new address that continues a state entry whose own address left the configuration.
func (p *planning) heir(byAddress map[addr.Address]*target, left []*Prior, prior *Prior) *target {
	r := prior.Resource
	for _, m := range p.in.Config.Moved {
		if m.From == r.Address || !m.From.Keyed && !m.To.Keyed && m.From == r.Address.Block() && r.Address.Keyed {
			to := m.To
			if r.Address.Keyed && !m.From.Keyed {
				to = to.Instance(r.Address.Key)
			}
			if t := byAddress[to]; t != nil && t.prior == nil {
				return t
			}
		}
	}
	for _, rm := range p.in.Config.Removed {
		if named([]addr.Address{rm.From}, r.Address) {
			return nil
		}
	}
	var heirs []*target
	for _, t := range p.targets {
		if t.prior == nil && p.continues(t, prior) {
			heirs = append(heirs, t)
		}
	}
	rivals := 0
	for _, other := range left {
		if len(heirs) == 1 && p.continues(heirs[0], other) {
			rivals++
		}
	}
	if len(heirs) == 1 && rivals == 1 {
		return heirs[0]
	}
	return nil
}

func (p *planning) continues(t *target, prior *Prior) bool {
	r := prior.Resource
	return t.declared() && t.out.Address.Kind == r.Address.Kind && p.sameAccount(t, prior) &&
		canonical(t.path()) == canonical(r.Path)
}

// sameAccount says whether a target's account is the one state knows: by MEGA user, or by address as long as either is unknown.
func (p *planning) sameAccount(t *target, prior *Prior) bool {
	r := prior.Resource
	if t.account != nil && t.account.in.User != "" && r.AccountUser != "" {
		return t.account.in.User == r.AccountUser
	}
	return t.out.Account == r.Account
}

func (t *target) declared() bool { return t.backup != nil || t.folder != nil }

// path is the remote path as declared.
func (t *target) path() string {
	if t.backup != nil {
		return t.backup.Path
	}
	return t.folder.Path
}

// leftover makes a target of an address that is only in state.
func (p *planning) leftover(prior *Prior, heir *target) *target {
	r := prior.Resource
	t := p.newTarget(r.Address, r.Account, r.Path)
	t.take(prior)
	t.out.Status = Forgotten
	t.policy = policy{onDelete: config.OnDelete(r.OnDelete)}
	t.policy.fill()
	if heir != nil {
		return t
	}
	for _, rm := range p.in.Config.Removed {
		if named([]addr.Address{rm.From}, r.Address) && rm.Destroy {
			t.out.Status = Destroyed
		}
	}
	if r.Host != "" && !SameHost(r.Host, p.in.Host) && !named(p.in.Options.TakeOver, r.Address) {
		t.out.Status, t.out.Host = Forgotten, r.Host
	} else if p.in.Options.Destroy {
		t.out.Status = Destroyed
	}
	return t
}

// settleStatus applies the command line and the hosts, and refuses what cannot be planned at all.
func (p *planning) settleStatus(t *target) {
	o := p.in.Options
	a := t.out.Address
	if !Selected(o, a) {
		t.out.Status = Excluded
		return
	}
	if !t.declared() {
		p.guardDestroy(t)
		return
	}
	if t.backup != nil && !o.DriftOnly && !p.here(t) {
		return
	}
	if o.Destroy {
		t.out.Status = Destroyed
		p.guardDestroy(t)
		return
	}
	if t.prior != nil && !p.sameAccount(t, t.prior) {
		p.refuse(4, t, "the account has changed", fmt.Sprintf(
			"%s was applied to another account (%s). Its files are there, not in %s. Set the account back, or give the backup a new name.",
			a, t.prior.Resource.Account, t.out.Account))
	}
	if o.DriftOnly {
		return
	}
	if t.backup != nil && t.backup.Mode != config.ModeSnapshots && t.prior != nil && len(t.prior.Resource.Snapshots) > 0 {
		p.refuse(23, t, "the backup holds snapshots", fmt.Sprintf(
			"%s keeps %s below %s, which never change; in mode = %q they would be what the source lacks. Set the mode back, or give "+
				"what this mode is for a backup of its own with another name and path.",
			a, count(int64(len(t.prior.Resource.Snapshots)), "snapshot"), t.backup.Path, t.backup.Mode))
	}
}

// here applies rule 5: it says whether the backup's source is on this host.
func (p *planning) here(t *target) bool {
	if want := t.backup.Source.Host; want != "" {
		if !SameHost(want, p.in.Host) {
			t.out.Status, t.out.Host = NotHere, want
			return false
		}
		return true
	}
	a := t.out.Address
	if t.prior == nil || t.prior.Resource.Host == "" || SameHost(t.prior.Resource.Host, p.in.Host) || named(p.in.Options.TakeOver, a) {
		return true
	}
	other := t.prior.Resource.Host
	t.out.Status, t.out.Host = NotHere, other
	if p.in.Options.Rollback { // which knows no -take-over
		p.refuse(5, t, "the backup belongs to another host", fmt.Sprintf(
			"%s was last applied by %s; this is %s. Nothing was changed. Take the run back there, or leave it out: -exclude=%s. If this is that host under another name: MEGAPLAN_HOST=%s",
			a, other, p.in.Host, a, other))
		return false
	}
	p.refuse(5, t, "the backup belongs to another host", fmt.Sprintf(
		"%s was last applied by %s; this is %s. If each host has its own, set host in the source, or use for_each over the hosts. "+
			"If the files have come here for good: -take-over=%s", a, other, p.in.Host, a))
	return false
}

// guardDestroy keeps what prevent_destroy protects, also when only state remembers it (rule 18).
func (p *planning) guardDestroy(t *target) {
	if t.out.Status != Destroyed {
		return
	}
	remembered := t.prior != nil && t.prior.Resource.PreventDestroy
	if !t.out.Lifecycle.PreventDestroy && !remembered {
		return
	}
	way := "Set prevent_destroy = false and apply that first."
	if !t.declared() {
		way = "Declare it again with prevent_destroy = false, apply that, then remove it."
	}
	p.refuse(18, t, "the backup is protected", fmt.Sprintf("%s has prevent_destroy set; nothing may take it away. %s", t.out.Address, way))
}

// checkPaths refuses declared paths that share nodes (rule 2).
func (p *planning) checkPaths() {
	type place struct {
		account string
		path    tree.Path
		t       *target
	}
	var places []place
	for _, t := range p.targets {
		if t.declared() {
			key := t.out.Account.String()
			if t.account != nil {
				key = t.account.key()
			}
			places = append(places, place{key, canonical(string(t.out.Path)) + "/", t})
		}
	}
	slices.SortStableFunc(places, func(a, b place) int {
		if c := strings.Compare(a.account, b.account); c != 0 {
			return c
		}
		return strings.Compare(string(a.path), string(b.path))
	})
	var above *place // the backup whose path the following ones may lie in
	for i := range places {
		at := &places[i]
		if i > 0 && places[i-1].account == at.account && places[i-1].path == at.path {
			p.refuse(2, at.t, "the same remote path twice", fmt.Sprintf("%s and %s both have the path /%s.",
				places[i-1].t.out.Address, at.t.out.Address, at.t.out.Path))
			continue
		}
		if above != nil && above.account == at.account && strings.HasPrefix(string(at.path), string(above.path)) {
			p.refuse(2, at.t, "a path inside a backup", fmt.Sprintf(
				"/%s lies inside %s, whose path is /%s. A remote folder has one owner.", at.t.out.Path, above.t.out.Address, above.t.out.Path))
			continue
		}
		if at.t.backup != nil {
			above = at
		}
		if at.t.backup != nil && at.path == "/" {
			p.refuse(1, at.t, "a backup cannot be the whole account", fmt.Sprintf("%s needs a path below /.", at.t.out.Address))
		}
	}
}
