package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// Plan shows a plan: drift first, as information, then one block per address, then the sums.
func (s *Screen) Plan(p *planner.Plan, now time.Time) {
	s.driftNote(p, now)
	byAddress := actionsOf(p)
	for i := range p.Targets {
		s.target(&p.Targets[i], byAddress[p.Targets[i].Address])
	}
	s.compared(p.Compared)
	s.checks(p)
	switch {
	case len(p.Actions) > 0:
		s.sums(p, now)
	case len(p.Refusals) == 0 && p.Refresh:
		s.refresh(p)
	case len(p.Refusals) == 0:
		s.printf("%s\n", nothing(p, now))
	}
}

func actionsOf(p *planner.Plan) map[addr.Address][]*planner.Action {
	byAddress := map[addr.Address][]*planner.Action{}
	for i := range p.Actions {
		a := &p.Actions[i]
		byAddress[a.Address] = append(byAddress[a.Address], a)
	}
	return byAddress
}

// driftNote shows drift above the plan; the plan below repairs it.
func (s *Screen) driftNote(p *planner.Plan, now time.Time) {
	if len(p.Drift) == 0 {
		return
	}
	s.printf("%s\n", s.paint(Bold, "Changed on MEGA since the last apply:"))
	s.differences(p.Drift, now)
	s.printf("\n")
}

func (s *Screen) target(t *planner.Target, actions []*planner.Action) {
	if why := apart(t, actions); why != "" {
		s.printf("%s  %s\n\n", s.paint(Bold, t.Address.String()), s.paint(Dim, why))
		return
	}
	if silent(t, actions) {
		return
	}
	s.printf("%s  %s\n\n", s.paint(Bold, t.Address.String()), route(t))
	if t.Undoes != "" {
		s.printf("  %s\n\n", s.paint(Dim, "takes back "+t.Undoes))
	}
	s.lines(t, actions)
	for _, k := range besides(t) {
		s.kept(k.what, k.all)
	}
	s.retention(t, actions)
	s.printf("\n")
}

// apart says why an address takes no part here, if it takes none.
func apart(t *planner.Target, actions []*planner.Action) string {
	switch t.Status {
	case planner.NotHere:
		return "not here: it belongs to host " + t.Host
	case planner.Forgotten, planner.Destroyed:
		if t.Host != "" && len(actions) == 0 {
			return "not in the configuration; host " + t.Host + " applied it last, and takes it out of the state. Here: -take-over=" + t.Address.String()
		}
	}
	return ""
}

// silent says that there is nothing to tell of an address.
func silent(t *planner.Target, actions []*planner.Action) bool {
	return t.Status == planner.Excluded || len(actions) == 0 && len(t.Kept) == 0 && len(t.Unmanaged) == 0 && len(t.Skipped) == 0 && len(t.Lost) == 0
}

// aside is what a plan leaves alone for one reason.
type aside struct {
	what string
	all  []planner.Kept
}

// besides lists what is told of an address beside its actions.
func besides(t *planner.Target) []aside {
	kept := "left out, kept"
	if t.Status == planner.Bin {
		kept = "stays in the trash"
	}
	return []aside{{"cannot be taken back", t.Lost}, {"not backed up", t.Skipped}, {kept, t.Kept}, {"not ours, left alone", t.Unmanaged}}
}

func route(t *planner.Target) string {
	if t.Status == planner.Bin {
		return "what megaplan put into the trash of " + t.Account.Name
	}
	to := fmt.Sprintf("%s:/%s", t.Account.Name, Printable(string(t.Path)))
	if t.Written == "" {
		return to
	}
	return Printable(t.Written) + " -> " + to
}

// line is one row of a plan, an action or a folded group of them.
type line struct {
	kind   planner.Kind
	name   string
	to     string // where it moves to
	size   string
	reason string
	under  string // a further line below it
}

// title is what stands in the column of names.
func (l line) title() string {
	if l.to == "" {
		return l.name
	}
	return l.name + " -> " + l.to
}

func (s *Screen) lines(t *planner.Target, actions []*planner.Action) {
	rows := rowsOf(t, actions, s.Verbose)
	nameWidth, sizeWidth := 0, 0
	for _, r := range rows {
		nameWidth = max(nameWidth, runewidth.StringWidth(r.title()))
		sizeWidth = max(sizeWidth, runewidth.StringWidth(r.size))
	}
	nameWidth = min(nameWidth, max(24, s.Width-52))
	for _, r := range rows {
		l, title, to := looks[r.kind], r.title(), ""
		if r.to != "" && runewidth.StringWidth(title) > nameWidth && !s.Verbose {
			title, to = r.name, r.to // cut in the middle, it would say neither
		}
		head := fmt.Sprintf("  %s %s  %s  %s", l.sign, pad(s.cut(title, nameWidth), nameWidth), pad(l.word, 7), padLeft(r.size, sizeWidth))
		beside := runewidth.StringWidth(head)+3+runewidth.StringWidth(r.reason) <= s.Width
		if beside {
			s.printf("%s   %s\n", s.paint(l.style, head), s.paint(Dim, r.reason))
		} else {
			s.printf("%s\n", s.paint(l.style, strings.TrimRight(head, " ")))
		}
		if to != "" {
			s.printf("      %s\n", s.paint(l.style, fit("-> "+to, s.Width-6)))
		}
		if !beside {
			s.printf("      %s\n", s.paint(Dim, s.prose(r.reason, 6)))
		}
		if r.under != "" {
			s.printf("      %s\n", s.paint(Dim, fit(r.under, s.Width-6)))
		}
	}
}

// keptShown is how many names of a kind are told of one by one.
const keptShown = 5

func (s *Screen) kept(what string, kept []planner.Kept) {
	shown := len(kept)
	if !s.Verbose {
		shown = min(shown, keptShown)
	}
	for _, k := range kept[:shown] {
		s.printf("    %s\n", s.paint(Dim, s.cut(fmt.Sprintf("%s: %s%s", what, display(k.Path, k.Dir), inParens(k.Reason)), s.Width-4)))
	}
	if rest := int64(len(kept) - shown); rest > 0 {
		s.printf("    %s\n", s.paint(Dim, fmt.Sprintf("%s: %s more (-verbose lists all)", what, Count(rest))))
	}
}

func inParens(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// display writes a path for people; directories end in a slash.
func display(p tree.Path, dir bool) string {
	name := Printable(string(p))
	if dir {
		name += "/"
	}
	return name
}

func (s *Screen) checks(p *planner.Plan) {
	for _, c := range p.Checks {
		verdict, style := "holds", Plain
		if !c.OK {
			verdict, style = "fails", Deleting
		}
		s.printf("%s  %s\n", s.paint(Bold, c.Address.String()), s.paint(style, verdict+": "+c.Detail))
	}
	if len(p.Checks) > 0 {
		s.printf("\n")
	}
}

// refresh says what the state takes over (rule 25).
func (s *Screen) refresh(p *planner.Plan) {
	all := s.prose(refreshSum(p), 0)
	if head, rest, ok := strings.Cut(all, ":"); ok && head == "Refresh" {
		s.printf("%s%s\n", s.paint(Bold, "Refresh:"), rest)
		return
	}
	s.printf("%s\n", all)
}

func refreshSum(p *planner.Plan) string {
	changed, gone := Refreshes(p)
	var parts []string
	if changed > 0 {
		parts = append(parts, "takes "+Plural(changed, "entry")+" over as they are on MEGA")
	}
	if gone > 0 {
		parts = append(parts, "drops "+Plural(gone, "entry")+" of what is gone")
	}
	if len(parts) == 0 {
		return "Nothing to take over: the state says what is on MEGA."
	}
	return "Refresh: the state " + strings.Join(parts, " and ") + ". What is not ours stays so, and nothing on MEGA changes."
}

// Refreshes counts the entries of the state that a refresh writes anew and those that it takes out.
func Refreshes(p *planner.Plan) (changed, gone int64) {
	for i := range p.Targets {
		if t := &p.Targets[i]; t.Status == planner.Active {
			changed += int64(len(t.Adopt))
			gone += int64(len(t.Drop))
		}
	}
	return changed, gone
}

// nothing says that there is nothing to do, a line an address.
func nothing(p *planner.Plan, now time.Time) string {
	if p.Rollback {
		if slices.ContainsFunc(p.Targets, func(t planner.Target) bool { return len(t.Lost) > 0 }) {
			return "Nothing that can be taken back."
		}
		return "Nothing to take back: the last run of the backups that take part changed nothing, or what it changed is as it was before."
	}
	var parts []string
	for _, t := range p.Targets {
		if t.Status != planner.Active {
			continue
		}
		if t.Written == "" {
			parts = append(parts, fmt.Sprintf("%s is as declared.", t.Address))
			continue
		}
		equal := "1 file equals its backup"
		if t.Equal != 1 {
			equal = Plural(t.Equal, "file") + " equal their backup"
		}
		applied := "not applied from here yet"
		if !t.LastSuccess.IsZero() {
			applied = "last applied " + Ago(t.LastSuccess, now)
		}
		parts = append(parts, fmt.Sprintf("%s: %s, %s.", t.Address, equal, applied))
	}
	if len(parts) == 0 {
		return "Nothing to do: no backup or folder takes part."
	}
	return "Nothing to do. " + strings.Join(parts, "\n               ")
}

func (s *Screen) sums(p *planner.Plan, now time.Time) {
	totals := p.Totals()
	if sum := planSum(p, totals); sum != "" {
		all := s.prose("Plan: "+sum, 0)
		s.printf("%s%s\n", s.paint(Bold, all[:len("Plan:")]), all[len("Plan:"):])
	}
	for _, text := range quotaSums(totals) {
		s.printf("%s\n", s.prose(text, 0))
	}
	for _, text := range trashSums(totals, now) {
		s.printf("%s\n", s.paint(Dim, s.prose(text, 0)))
	}
}

// planSum says how much there is of each kind of action.
func planSum(p *planner.Plan, totals planner.Totals) string {
	moved := map[planner.Kind]int64{}
	for i := range p.Actions {
		moved[p.Actions[i].Kind] += p.Actions[i].Bytes
	}
	var parts []string
	for _, k := range summary {
		if n := totals.Actions[k.kind]; n > 0 {
			text := phrase(k.kind, k.phrase, n)
			if bytes := moved[k.kind]; bytes > 0 {
				text += " (" + Size(bytes) + ")"
			}
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + "."
}

func quotaSums(totals planner.Totals) (sums []string) {
	for _, q := range totals.Quota {
		if q.Total > 0 {
			sums = append(sums, fmt.Sprintf("Quota of %s: %s of %s used, %s after. Peak %s.",
				q.Account.Name, Size(q.Used), Size(q.Total), Size(q.After), Size(q.Peak)))
		}
	}
	return sums
}

// trashSums say how long what goes to the trash still counts (rule 19).
func trashSums(totals planner.Totals, now time.Time) (sums []string) {
	for _, q := range totals.Quota {
		if q.Trashed == 0 {
			continue
		}
		until := "until the trash is emptied"
		if q.TrashKeep > 0 {
			until = fmt.Sprintf("until %s: the first apply after that expires it (keep = %s)", now.Add(q.TrashKeep).Local().Format(time.DateTime), planner.Span(q.TrashKeep))
		}
		sums = append(sums, fmt.Sprintf("What goes to the trash (%s) still counts %s.", Size(q.Trashed), until))
	}
	return sums
}
