package planner_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// This file is what the model knows of snapshots: it reads names and marks by itself.

var shotName = regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)(?:-(\d+))?$`)

// keeping returns a world whose backup keeps snapshots.
func keeping() *world {
	w := newWorld()
	w.backup.Mode, w.backup.Versions = config.ModeSnapshots, false
	return w
}

// complete says what a mark says.
func (n *node) complete() bool {
	var m struct {
		C bool `json:"c"`
	}
	return json.Unmarshal([]byte(n.mark), &m) == nil && m.C
}

// shots are the published snapshots, the oldest first.
func (w *world) shots() []*node {
	var out []*node
	for _, root := range w.at("B/docs") {
		for _, n := range w.children(root.handle) {
			if n.kind == tree.Dir && n.mark != "" && shotName.MatchString(n.name) {
				out = append(out, n)
			}
		}
	}
	key := func(n *node) string {
		parts := shotName.FindStringSubmatch(n.name)
		number, _ := strconv.Atoi(parts[2])
		return fmt.Sprintf("%s %09d", parts[1], number)
	}
	sort.Slice(out, func(i, j int) bool { return key(out[i]) < key(out[j]) })
	return out
}

// veiled is what the tree does not show: all snapshots but the newest.
func (w *world) veiled() map[tree.Handle]planner.Volume {
	out := map[tree.Handle]planner.Volume{}
	if w.backup.Mode != config.ModeSnapshots || w.options.Destroy {
		return out
	}
	past := tree.Handle(0)
	for _, n := range w.shots() {
		out[n.handle] = w.volume(n.handle)
		if n.name < start.Format("2006-01-02T15-04-05Z") {
			past = n.handle
		}
	}
	delete(out, past)
	return out
}

func (w *world) volume(h tree.Handle) (v planner.Volume) {
	for _, n := range w.children(h) {
		if n.kind == tree.Dir {
			in := w.volume(n.handle)
			v.Files, v.Bytes = v.Files+in.Files, v.Bytes+in.Bytes
		} else {
			v.Files++
			v.Bytes += int64(len(n.content))
		}
	}
	return v
}

// holds lists what is below a folder, a line a name.
func (w *world) holds(h tree.Handle) []string {
	out := []string{}
	var add func(h tree.Handle, at string)
	add = func(h tree.Handle, at string) {
		for _, n := range w.children(h) {
			out = append(out, fmt.Sprintf("%s%s %s %q %d %s", at, n.name, n.kind, n.content, n.mtime, n.meta))
			add(n.handle, at+n.name+"/")
		}
	}
	add(h, "")
	sort.Strings(out)
	return out
}

// readable lists what the source has, as holds does.
func (w *world) readable() []string {
	out := []string{}
	for _, path := range w.sortedDisk() {
		f := w.disk[path]
		if f.kind == tree.Unknown || f.unreadable {
			continue
		}
		mtime := max(0, f.mtime/1e9)
		if f.kind == tree.Dir {
			mtime = 0
		}
		out = append(out, fmt.Sprintf("%s %s %q %d %s", path, f.kind, f.content, mtime, f.meta))
	}
	sort.Strings(out)
	return out
}

// publish renames the folder and writes the mark, as one change.
func (r *runner) publish(a *planner.Action) (planner.Result, error) {
	w := r.w
	n, root := w.nodes[r.ref(a.Folder)], r.ref(a.Parent)
	if n == nil || w.inTrash(n.handle) || n.parent != root || n.name != baseOf(string(a.From)) {
		return planner.Result{}, fmt.Errorf("the folder is not where it was built")
	}
	for _, other := range w.children(root) {
		if other.name == a.Name {
			return planner.Result{}, fmt.Errorf("the snapshot's name is taken")
		}
	}
	n.name, n.mark = a.Name, a.Mark
	return planner.Result{Handle: n.handle}, nil
}

// wait lets time pass between two scans.
func (w *world) wait(d time.Duration) { w.clock += int64(d / time.Second) }

// mainKinds are a plan's actions without the name of the folder a snapshot is built in.
func mainKinds(p *planner.Plan) []string {
	out := []string{}
	for _, a := range p.Actions {
		path := strings.TrimPrefix(string(a.Path), "B/docs/")
		if dir, rest, ok := strings.Cut(path, "/"); ok && strings.HasPrefix(dir, ".megaplan-") {
			path = rest
		} else if shotName.MatchString(strings.TrimPrefix(path, ".megaplan-")) {
			path = "*"
		}
		out = append(out, string(a.Kind)+" "+path)
	}
	return out
}

// newest requires the newest snapshot to hold exactly what the source has.
func (w *world) newest(t testing.TB) *node {
	t.Helper()
	shots := w.shots()
	if len(shots) == 0 {
		t.Fatal("there is no snapshot")
	}
	last := shots[len(shots)-1]
	if got, want := w.holds(last.handle), w.readable(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("the newest snapshot holds\n%s\nand the source\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return last
}
