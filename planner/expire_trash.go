package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
)

// BinsNeeded returns the accounts whose bins Step wants to see: those with trash { keep } that may expire something in this
// plan, or all for a rollback. The clock must have been looked at before.
func BinsNeeded(in Input) []addr.Address {
	o := in.Options
	if o.Destroy || o.DriftOnly || o.RefreshOnly || in.ClockOff && !o.Rollback {
		return nil
	}
	var needed []addr.Address
	for i := range in.Config.Accounts {
		if a := &in.Config.Accounts[i]; o.Rollback || a.TrashKeep > 0 && Selected(o, a.Address) {
			needed = append(needed, a.Address)
		}
	}
	return needed
}

// binOf is one account's bin and how long what megaplan put there stays.
type binOf struct {
	*account
	keep time.Duration
}

// expiring are the bins that are looked at. Where several account blocks are one account, what is in its bin stays as long as
// the most patient of them says.
func (p *planning) expiring() []binOf {
	if p.in.Options.Rollback {
		return nil
	}
	var bins []binOf
	for _, address := range BinsNeeded(p.in) {
		a := p.accounts[address]
		if a == nil {
			continue
		}
		b := binOf{account: a, keep: p.trashKeep(address)}
		same := slices.IndexFunc(bins, func(other binOf) bool { return other.key() == a.key() })
		if same < 0 {
			bins = append(bins, b)
		} else {
			bins[same].keep = max(bins[same].keep, b.keep)
		}
	}
	return bins
}

// trashKeep is what an account says about its bin; 0 is for ever.
func (p *planning) trashKeep(account addr.Address) time.Duration {
	for i := range p.in.Config.Accounts {
		if a := &p.in.Config.Accounts[i]; a.Address == account {
			return a.TrashKeep
		}
	}
	return 0
}

// old are the nodes in a bin that have been there long enough, by the path they had.
func (p *planning) old(b binOf) []Trashed {
	old := slices.DeleteFunc(slices.Clone(b.in.Bin), func(t Trashed) bool {
		return p.in.Now.Sub(time.Unix(t.Remote.TrashedAt, 0)) < b.keep
	})
	slices.SortFunc(old, func(a, b Trashed) int {
		return cmp.Or(strings.Compare(string(a.Path), string(b.Path)), cmp.Compare(a.Remote.Handle, b.Remote.Handle))
	})
	return old
}

// openTrash asks what the old folders in the bins hold.
func (p *planning) openTrash() {
	for _, b := range p.expiring() {
		for _, t := range p.old(b) {
			if t.Remote.Dir && t.Held != nil {
				p.ask(heldIn(b, t))
			}
		}
	}
}

func heldIn(b binOf, t Trashed) Question {
	return Question{Ask: AskHeld, Account: b.in.Address, Handle: t.Remote.Handle}
}

// expireTrash emits the end of what has been in a bin for longer than keep. It is the account's own action: what expires may
// have come from any backup, of another configuration too.
func (p *planning) expireTrash() {
	for _, b := range p.expiring() {
		bin := Target{Address: b.in.Address, Status: Bin, Account: b.in.Address}
		mark := len(p.plan.Actions)
		for _, t := range p.old(b) {
			if why := p.staysInTrash(b, t); why != "" {
				bin.Kept = append(bin.Kept, Kept{Path: t.Path, Reason: why, Dir: t.Remote.Dir})
				continue
			}
			p.act(p.endOf(b, t))
		}
		if len(p.plan.Actions) > mark || len(bin.Kept) > 0 {
			p.bins = append(p.bins, bin)
		}
	}
}

// staysInTrash says why an old node in the bin does not expire all the same; "" if it does.
func (p *planning) staysInTrash(b binOf, t Trashed) string {
	switch {
	case p.returning[t.Remote.Handle]:
		return "this plan takes it, or something in it, out of the trash"
	case t.Held == nil:
		return "trashed by an older version, which did not note what it held"
	case t.Remote.Dir && p.answers[heldIn(b, t)].Held.Subtree != *t.Held:
		return "what it holds is not what megaplan trashed"
	}
	return ""
}

// endOf is the action that ends a node in the bin.
func (p *planning) endOf(b binOf, t Trashed) Action {
	a := Action{
		Address: b.in.Address, Kind: ExpireTrash, Path: t.Path, Name: t.Remote.Name, Remote: t.Remote, Files: 1, Bytes: t.Bytes,
		Reason: fmt.Sprintf("in the trash since %s, keep = %s", unix(t.Remote.TrashedAt).Format(time.DateTime), Span(b.keep)),
	}
	if t.Remote.Dir {
		held := p.answers[heldIn(b, t)].Held
		a.Files, a.Bytes, a.Subtree = held.Files, held.Bytes, t.Held
	}
	return a
}

// Span writes a duration as people do in configuration: "30d", "36h".
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String()
	for _, none := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, none) {
			text = text[:len(text)-2]
		}
	}
	return text
}
