package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// foldAbove is how many actions an address may show one by one, groupsAbove how many folded directories.
const (
	foldAbove   = 30
	groupsAbove = 12
)

// rowsOf turns an address's actions into the lines a person reads: all of them when there are few, folded per directory when
// there are many.
func rowsOf(t *planner.Target, actions []*planner.Action, verbose bool) []line {
	actions = withoutImpliedFolders(t, actions)
	var rows []line
	if !verbose {
		actions, rows = withoutCarried(t, actions)
	}
	if verbose || len(actions) <= foldAbove {
		for _, a := range actions {
			rows = append(rows, single(t, a))
		}
		return rows
	}
	for _, g := range groups(t, actions) {
		if len(g.actions) == 1 {
			rows = append(rows, single(t, g.actions[0]))
		} else {
			rows = append(rows, g.line(t))
		}
	}
	return rows
}

// withoutImpliedFolders leaves out folders that are made only because something goes into them.
func withoutImpliedFolders(t *planner.Target, actions []*planner.Action) []*planner.Action {
	filled := map[planner.ActionID]bool{}
	for _, a := range actions {
		if a.Parent.Action != 0 {
			filled[a.Parent.Action] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(actions), func(a *planner.Action) bool {
		return a.Kind == planner.CreateFolder && filled[a.ID] && len(actions) > 1
	})
}

// withoutCarried folds what a snapshot takes over as it is from the one before into one line: it is most of it, and no news.
func withoutCarried(t *planner.Target, actions []*planner.Action) (rest []*planner.Action, rows []line) {
	g := group{kind: planner.Copy}
	for _, a := range actions {
		name, path, _ := strings.Cut(string(below(t, a.From)), "/")
		_, _, snapshot := snapshot.ParseName(name)
		if a.Kind == planner.Copy && snapshot && path == string(below(t, a.Path)) {
			g.actions, g.reason = append(g.actions, a), a.Reason
		} else {
			rest = append(rest, a)
		}
	}
	if len(g.actions) < 2 {
		return actions, nil
	}
	l := g.line(t)
	l.under = ""
	return rest, []line{l}
}

func single(t *planner.Target, a *planner.Action) line {
	name, to := display(below(t, a.Path), a.Kind == planner.CreateFolder || a.Remote.Dir), ""
	if a.From != "" && a.Path == t.Path {
		name, to = display("/"+a.From, true), display("/"+a.Path, true)
	} else if a.From != "" && a.Kind != planner.Copy && a.Kind != planner.PublishSnapshot && a.Original == 0 && a.Like == 0 {
		name, to = display(below(t, a.From), a.Remote.Dir), name
	}
	l := line{kind: a.Kind, name: name, to: to, reason: a.Reason}
	if a.Kind == planner.Copy {
		rest := "nothing is uploaded"
		if a.Like != 0 {
			rest = "uploaded once"
		}
		l.reason = fmt.Sprintf("equals %s; %s", display(below(t, a.From), false), rest)
	}
	if a.Sends() || a.Bytes > 0 {
		l.size = Size(a.Bytes)
	}
	if a.Files > 1 {
		l.size = Plural(a.Files, "file") + ", " + l.size
	}
	return l
}

// below gives the path inside the address, or the whole path of what lies above its root. What lies in the folder of a snapshot
// that is not published yet has the path it has in the source: that folder will have another name.
func below(t *planner.Target, p tree.Path) tree.Path {
	if p == t.Path {
		return "."
	}
	if t.Path != "" && p.Within(t.Path) {
		p = p[len(t.Path)+1:]
	}
	for name := range p.Names() {
		if snapshot.IsBuilding(name) && len(p) > len(name) {
			return p[len(name)+1:]
		}
		break
	}
	return p
}

// group is a folded line: actions of one kind and reason below one directory.
type group struct {
	kind    planner.Kind
	reason  string
	dir     tree.Path
	actions []*planner.Action
}

// groups folds by the first directory below which the actions differ, in the order of their first action.
func groups(t *planner.Target, actions []*planner.Action) []*group {
	type key struct {
		kind   planner.Kind
		reason string
		dir    tree.Path
	}
	depth := splitDepth(t, actions)
	byKey := map[key]*group{}
	var all []*group
	for _, a := range actions {
		k := key{a.Kind, a.Reason, prefix(below(t, a.Path), depth)}
		g := byKey[k]
		if g == nil {
			g = &group{kind: k.kind, reason: k.reason, dir: k.dir}
			byKey[k] = g
			all = append(all, g)
		}
		g.actions = append(g.actions, a)
	}
	if len(all) > groupsAbove {
		return mergeAll(all)
	}
	return all
}

// mergeAll folds once more, into one group per kind, where even the directories are too many for a screen.
func mergeAll(all []*group) []*group {
	byKind := map[planner.Kind]*group{}
	var merged []*group
	for _, g := range all {
		m := byKind[g.kind]
		if m == nil {
			m = &group{kind: g.kind, reason: g.reason}
			byKind[g.kind] = m
			merged = append(merged, m)
		}
		if m.reason != g.reason {
			m.reason = "several reasons"
		}
		m.actions = append(m.actions, g.actions...)
	}
	return merged
}

// splitDepth is how many leading directories all paths share, plus one.
func splitDepth(t *planner.Target, actions []*planner.Action) int {
	common := below(t, actions[0].Path).Dir()
	for _, a := range actions {
		p := below(t, a.Path).Dir()
		for !p.Within(common) {
			common = common.Dir()
		}
	}
	if common == "" {
		return 1
	}
	return strings.Count(string(common), "/") + 2
}

// prefix returns the first depth names of p's directory.
func prefix(p tree.Path, depth int) tree.Path {
	dir := p.Dir()
	for i, n := 0, 0; i < len(dir); i++ {
		if dir[i] == '/' {
			if n++; n == depth {
				return dir[:i]
			}
		}
	}
	return dir
}

func (g *group) line(t *planner.Target) line {
	var bytes, files int64
	for _, a := range g.actions {
		bytes += a.Bytes
		files += max(1, a.Files)
	}
	noun := "file"
	if g.kind == planner.CreateFolder {
		noun = "folder"
	}
	l := line{kind: g.kind, name: display(g.dir, g.dir != "") + " …", reason: g.reason, size: Plural(files, noun)}
	if g.dir == "" {
		l.name = "…"
	}
	if bytes > 0 {
		l.size += ", " + Size(bytes)
		l.under = g.biggest(t)
	}
	return l
}

// biggest names the largest files of a fold, so that a surprise is seen.
func (g *group) biggest(t *planner.Target) string {
	top := slices.Clone(g.actions)
	slices.SortStableFunc(top, func(a, b *planner.Action) int { return cmp.Compare(b.Bytes, a.Bytes) })
	var names []string
	for _, a := range top[:min(2, len(top))] {
		p := below(t, a.Path)
		if g.dir != "" && p.Within(g.dir) && p != g.dir {
			p = p[len(g.dir)+1:]
		}
		names = append(names, fmt.Sprintf("%s %s", Printable(string(p)), Size(a.Bytes)))
	}
	return "biggest: " + strings.Join(names, ", ") + ", … (-verbose lists all)"
}
