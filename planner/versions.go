package planner

import (
	"fmt"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/retention"
	"github.com/megaplan/megaplan/internal/tree"
)

// versionPolicy reads retention { versions }; ok is false where everything is kept.
func (t *target) versionPolicy() (p retention.Policy, ok bool) {
	if t.backup == nil || t.backup.Retention.Versions == nil || t.p.in.ClockOff || t.held() != "" {
		return p, false
	}
	v := t.backup.Retention.Versions
	p.Last = v.KeepLast
	if v.KeepWithin != "" {
		within, err := retention.ParseDuration(v.KeepWithin)
		if err != nil {
			t.p.refuse(12, t, "retention cannot be read", fmt.Sprintf("keep_within of %s: %v.", t.out.Address, err))
			return p, false
		}
		p.Within = within
	}
	return p, !p.Empty()
}

// expirable says whether a row's file stays and has, after this plan, old versions that the policy may let go.
func (t *target) expirable(r *row, p retention.Policy) bool {
	switch r.what {
	case same, touch, attrs, update:
	default:
		return false
	}
	if r.remote == tree.None || !t.remote().Kind(r.remote).HasContent() {
		return false
	}
	n := int(t.remote().Node(r.remote).Versions)
	if n == 0 || r.what == update && !t.keepsVersion() {
		return false
	}
	if r.what == update {
		n++
	}
	return p.Last == 0 || n > p.Last && p.Last > 0
}

func (t *target) keepsVersion() bool {
	_, keep := t.overwrite()
	return keep
}

// history asks for the old versions of files that may have too many, whoever made them.
func (t *target) history() {
	p, ok := t.versionPolicy()
	if !ok {
		return
	}
	for i := range t.rows {
		if r := &t.rows[i]; t.expirable(r, p) {
			t.p.ask(t.versionsOf(r))
		}
	}
}

func (t *target) versionsOf(r *row) Question {
	return Question{Ask: AskVersions, Account: t.account.in.Address, Handle: t.remote().Handle(r.remote)}
}

// expiries emits the end of versions that retention does not keep. What an update of this plan turns into a version counts.
func (e *emitter) expiries() {
	p, ok := e.versionPolicy()
	if !ok {
		return
	}
	for i := range e.rows {
		if r := &e.rows[i]; e.expirable(r, p) {
			e.expire(int32(i), p, e.p.answers[e.versionsOf(r)].Versions)
		}
	}
}

// expire ends versions of one file, the oldest last: each one's end leaves a chain that the next one is cut out of.
func (e *emitter) expire(i int32, p retention.Policy, old []Version) {
	r := &e.rows[i]
	var items []retention.Item
	if r.what == update {
		items = append(items, retention.Item{Time: unix(e.remote().Node(r.remote).Created)})
	}
	shift := len(items)
	for _, v := range old {
		items = append(items, retention.Item{Time: unix(v.Created)})
	}
	path := e.place(r.parent).path
	if name := e.local().Name(r.local); r.moved {
		path = path.Join(name)
	} else {
		path = path.Join(e.remote().Name(r.remote))
	}
	before, begun := r.action, len(e.p.plan.Actions)
	var stay []Kept
	for _, d := range p.Apply(items, e.p.in.Now) {
		if d.Keep || d.Item < shift {
			stay = append(stay, Kept{Path: relative(path, e.out.Path), Reason: versionReason(items[d.Item], d), Files: 1})
			continue
		}
		v := old[d.Item-shift]
		before = e.p.act(Action{
			Address: e.out.Address, Kind: ExpireVersion, Path: path, Bytes: v.Size, Files: 1, Needs: needs(before), After: AfterContent,
			Reason: versionReason(items[d.Item], d),
			Remote: Remote{Handle: v.Handle, Parent: e.remote().Handle(r.remote), Name: path.Base(), Size: v.Size},
		})
	}
	if len(e.p.plan.Actions) > begun {
		e.out.Versions = append(e.out.Versions, stay...)
	}
}

func versionReason(of retention.Item, d retention.Decision) string {
	return fmt.Sprintf("version of %s: %s", of.Time.Format(time.DateTime), strings.Join(d.Reasons, "; "))
}
