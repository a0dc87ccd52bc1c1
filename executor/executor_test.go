package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/retry"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// account is a remote in memory that remembers the calls made.
type account struct {
	mu    sync.Mutex
	next  tree.Handle
	nodes map[tree.Handle]mega.Place
	calls []string
	fail  map[string]error // by call
	hold  chan struct{}    // uploads wait here
	begin func(mega.Upload)
}

func newAccount() *account {
	return &account{next: 100, nodes: map[tree.Handle]mega.Place{1: {Found: true, Node: tree.Node{Handle: 1}}}, fail: map[string]error{}}
}

func (a *account) call(format string, args ...any) error {
	name := fmt.Sprintf(format, args...)
	a.calls = append(a.calls, name)
	return a.fail[name]
}

func (a *account) add(parent tree.Handle, name string, kind tree.Kind, size int64) tree.Handle {
	a.next++
	a.nodes[a.next] = mega.Place{Found: true, Parent: parent, Path: tree.Path(name), Node: tree.Node{Handle: a.next, Name: name, Kind: kind, Size: size}}
	return a.next
}

func (a *account) CreateFolders(_ context.Context, specs []mega.NewFolder) ([]tree.Handle, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	handles := make([]tree.Handle, len(specs))
	failed := map[int]error{}
	var names []string
	for i, s := range specs {
		parent := s.Parent
		if s.Under > 0 {
			parent = handles[s.Under-1]
		}
		names = append(names, s.Name)
		if err := a.fail["folder "+s.Name]; err != nil || parent == 0 {
			failed[i] = cmpErr(err, errors.New("no parent"))
			continue
		}
		handles[i] = a.add(parent, s.Name, tree.Dir, 0)
	}
	a.calls = append(a.calls, fmt.Sprintf("folders %v", names))
	if len(failed) > 0 {
		return handles, &mega.PartError{Errs: failed}
	}
	return handles, nil
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func (a *account) Upload(ctx context.Context, u mega.Upload) (mega.Uploaded, error) {
	if a.begin != nil {
		a.begin(u)
	}
	if a.hold != nil {
		select {
		case <-a.hold:
		case <-ctx.Done():
			return mega.Uploaded{}, ctx.Err()
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.call("upload %s into %d", u.Name, u.Parent); err != nil {
		return mega.Uploaded{}, err
	}
	return mega.Uploaded{Handle: a.add(u.Parent, u.Name, tree.File, 1), MTime: u.MTime}, nil
}

func (a *account) SetFingerprint(_ context.Context, h tree.Handle, _ [16]byte, mtime int64, _ string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.call("touch %d at %d", h, mtime)
}

func (a *account) SetAttributes(_ context.Context, h tree.Handle, set map[string]string, _ ...string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.call("attributes %d %v", h, set)
}

func (a *account) Trash(_ context.Context, h tree.Handle, m mega.TrashMark) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.call("trash %d of %s from %s", h, m.Address, m.Path)
}

func (a *account) Copy(_ context.Context, c mega.Copy) (tree.Handle, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	over := ""
	if c.Replace != 0 {
		over = fmt.Sprintf(" over %d, kept: %t", c.Replace, c.KeepVersion)
	}
	return a.add(c.Parent, c.Name, tree.File, 1), a.call("copy %d into %d as %s with %s at %d%s", c.From, c.Parent, c.Name, c.Meta, c.MTime, over)
}

func (a *account) Move(_ context.Context, h, parent tree.Handle, name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	place := a.nodes[h]
	place.Parent, place.Node.Name = parent, name
	a.nodes[h] = place
	return a.call("move %d into %d as %s", h, parent, name)
}

func (a *account) TookOut(_ context.Context, top tree.Handle, out mega.Held) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.call("took %d nodes out of %d", out.Nodes, top)
}

func (a *account) Delete(_ context.Context, h tree.Handle) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.nodes, h)
	return a.call("delete %d", h)
}

func (a *account) DeleteVersion(_ context.Context, h tree.Handle) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.call("delete version %d", h)
}

func (a *account) Locate(h tree.Handle) (mega.Place, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.nodes[h], nil
}

func (a *account) Children(h tree.Handle) ([]tree.Node, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []tree.Node
	for _, p := range a.nodes {
		if p.Parent == h {
			out = append(out, p.Node)
		}
	}
	return out, nil
}

func (a *account) Volume(_ context.Context, h tree.Handle) (files, bytes int64, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.nodes {
		if p.Parent == h && p.Node.Kind == tree.File {
			files++
			bytes += p.Node.Size
		}
	}
	return files, bytes, nil
}

func (a *account) Drain(context.Context) error { return nil }

var target = addr.New(addr.Backup, "b")

// plan numbers the actions and puts them under one address.
func plan(actions ...planner.Action) *planner.Plan {
	for i := range actions {
		actions[i].ID, actions[i].Address = planner.ActionID(i+1), target
	}
	return &planner.Plan{Targets: []planner.Target{{Address: target, Account: addr.New(addr.Account, "main")}}, Actions: actions}
}

func env(a *account) (Env, *[]planner.ActionID) {
	var mu sync.Mutex
	var recorded []planner.ActionID
	return Env{
		Remote: func(addr.Address) Remote { return a },
		Open:   func(planner.Target, planner.Local) (File, error) { return File{Target: []byte("x")}, nil },
		Record: func(_ context.Context, act *planner.Action, _ planner.Result) error {
			mu.Lock()
			defer mu.Unlock()
			recorded = append(recorded, act.ID)
			return nil
		},
		Now: func() time.Time { return time.Unix(1, 0) },
	}, &recorded
}

func TestRunKeepsTheOrderOfTheEdges(t *testing.T) {
	a := newAccount()
	e, recorded := env(a)
	old := a.add(1, "old", tree.File, 3)
	report, err := Run(t.Context(), plan(
		planner.Action{Kind: planner.CreateFolder, Parent: planner.Ref{Handle: 1}, Name: "dir"},
		planner.Action{Kind: planner.CreateFolder, Parent: planner.Ref{Action: 1}, Name: "sub", Needs: []planner.ActionID{1}},
		planner.Action{Kind: planner.Upload, Parent: planner.Ref{Action: 2}, Name: "file", Needs: []planner.ActionID{2}},
		planner.Action{Kind: planner.Trash, Path: "p/old", Remote: planner.Remote{Handle: old, Parent: 1, Name: "old", Size: 3}, Needs: []planner.ActionID{3}},
		planner.Action{Kind: planner.Forget, Needs: []planner.ActionID{4}},
	), e)
	if err != nil || report.Done != 5 || len(report.Failures) != 0 {
		t.Fatalf("Run = %+v, %v", report, err)
	}
	want := []string{"folders [dir sub]", "upload file into 103", "trash 101 of backup.b from /p/old"}
	if diff := cmp.Diff(want, a.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if !slices.Equal(*recorded, []planner.ActionID{1, 2, 3, 4, 5}) {
		t.Errorf("recorded %v", *recorded)
	}
}

func TestRunSkipsWhatWaitsForAFailure(t *testing.T) {
	a := newAccount()
	e, recorded := env(a)
	old := a.add(1, "old", tree.File, 3)
	a.fail["upload new into 1"] = errors.New("no room")
	a.fail["folder bad"] = errors.New("refused")
	report, err := Run(t.Context(), plan(
		planner.Action{Kind: planner.Upload, Parent: planner.Ref{Handle: 1}, Name: "new"},
		planner.Action{Kind: planner.Trash, Remote: planner.Remote{Handle: old, Parent: 1, Name: "old", Size: 3}, Needs: []planner.ActionID{1}},
		planner.Action{Kind: planner.CreateFolder, Parent: planner.Ref{Handle: 1}, Name: "bad"},
		planner.Action{Kind: planner.CreateFolder, Parent: planner.Ref{Action: 3}, Name: "below", Needs: []planner.ActionID{3}},
		planner.Action{Kind: planner.Upload, Parent: planner.Ref{Handle: 1}, Name: "other"},
	), e)
	if err != nil || report.Done != 1 {
		t.Fatalf("Run = %+v, %v", report, err)
	}
	type failure struct{ Action, Because planner.ActionID }
	var got []failure
	for _, f := range report.Failures {
		got = append(got, failure{f.Action, f.Because})
	}
	if diff := cmp.Diff([]failure{{1, 0}, {2, 1}, {3, 0}, {4, 3}}, got); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	if slices.Contains(a.calls, "trash 101 of backup.b from /") {
		t.Error("the old file was trashed though its successor was not uploaded")
	}
	if !slices.Equal(*recorded, []planner.ActionID{5}) {
		t.Errorf("recorded %v", *recorded)
	}
}

// A failed precondition skips the action and says "changed meanwhile" (rule 27).
func TestRule27_RemotePreconditions(t *testing.T) {
	seen := planner.Remote{Parent: 1, Name: "f", Size: 3}
	for name, change := range map[string]func(*mega.Place){
		"gone":    func(p *mega.Place) { *p = mega.Place{} },
		"trashed": func(p *mega.Place) { p.InTrash = true },
		"moved":   func(p *mega.Place) { p.Parent = 7 },
		"renamed": func(p *mega.Place) { p.Node.Name = "g" },
		"resized": func(p *mega.Place) { p.Node.Size = 4 },
	} {
		a := newAccount()
		e, _ := env(a)
		remote := seen
		remote.Handle = a.add(1, "f", tree.File, 3)
		place := a.nodes[remote.Handle]
		change(&place)
		a.nodes[remote.Handle] = place
		report, err := Run(t.Context(), plan(planner.Action{Kind: planner.Destroy, Remote: remote}), e)
		if err != nil || len(report.Failures) != 1 || !errors.Is(report.Failures[0].Err, ErrChanged) {
			t.Errorf("%s: Run = %+v, %v, want one failure that is ErrChanged", name, report, err)
		}
		if len(a.calls) != 0 {
			t.Errorf("%s: the node was touched: %v", name, a.calls)
		}
	}
}

// A folder's content is compared with the plan's just before it goes (rule 16).
func TestRule16_FolderThatGainedAChildStays(t *testing.T) {
	a := newAccount()
	e, _ := env(a)
	dir := a.add(1, "dir", tree.Dir, 0)
	file := a.add(dir, "f", tree.File, 1)
	sum := planner.NewSubtreeSum()
	sum.Add(file, dir, "f")
	expected := sum.Subtree()
	remote := planner.Remote{Handle: dir, Parent: 1, Name: "dir", Dir: true}
	trash := planner.Action{Kind: planner.Trash, Remote: remote, Subtree: &expected}
	stranger := a.add(dir, "stranger", tree.File, 1)
	report, _ := Run(t.Context(), plan(trash), e)
	if len(report.Failures) != 1 || !errors.Is(report.Failures[0].Err, ErrChanged) {
		t.Fatalf("Run = %+v, want the folder left alone", report)
	}
	destroy := planner.Action{Kind: planner.Destroy, Remote: remote}
	if report, _ := Run(t.Context(), plan(destroy), e); len(report.Failures) != 1 {
		t.Errorf("a folder that is not empty was destroyed: %v", a.calls)
	}
	delete(a.nodes, stranger)
	if report, _ := Run(t.Context(), plan(trash), e); report.Done != 1 {
		t.Errorf("an unchanged folder was not trashed: %+v", report)
	}
}

// A move goes into the folder made before it, and a folder moves only as it was seen.
func TestRule13_MovesGoWhereThePlanSays(t *testing.T) {
	a := newAccount()
	e, recorded := env(a)
	dir := a.add(1, "dir", tree.Dir, 0)
	file := a.add(dir, "f", tree.File, 1)
	sum := planner.NewSubtreeSum()
	sum.Add(file, dir, "f")
	expected := sum.Subtree()
	p := plan(
		planner.Action{Kind: planner.CreateFolder, Name: "new", Parent: planner.Ref{Handle: 1}},
		planner.Action{
			Kind: planner.Move, Name: "moved", Parent: planner.Ref{Action: 1}, Needs: []planner.ActionID{1}, Subtree: &expected,
			Remote: planner.Remote{Handle: dir, Parent: 1, Name: "dir", Dir: true},
		},
	)
	stranger := a.add(dir, "stranger", tree.File, 1)
	if report, _ := Run(t.Context(), p, e); len(report.Failures) != 1 || !errors.Is(report.Failures[0].Err, ErrChanged) {
		t.Fatalf("a folder that gained a file was moved: %v", a.calls)
	}
	delete(a.nodes, stranger)
	if report, _ := Run(t.Context(), p, e); report.Done != 2 || !slices.Equal(*recorded, []planner.ActionID{1, 1, 2}) {
		t.Errorf("Run = %+v, recorded %v", report, *recorded)
	}
	if place := a.nodes[dir]; place.Node.Name != "moved" || a.nodes[place.Parent].Node.Name != "new" {
		t.Errorf("it is %s in %s", place.Node.Name, a.nodes[place.Parent].Node.Name)
	}
}

// A copy is made of a node wherever that is by now, but not of one that is gone.
func TestRule13_ACopyNeedsItsSourceOnly(t *testing.T) {
	a := newAccount()
	e, _ := env(a)
	file := a.add(1, "f", tree.File, 1)
	p := plan(planner.Action{
		Kind: planner.Copy, Name: "copy", Meta: "{}", Parent: planner.Ref{Handle: 1}, Fingerprint: planner.Fingerprint{MTime: 5},
		Remote: planner.Remote{Handle: file, Parent: 7, Name: "elsewhere", Size: 1},
	})
	report, _ := Run(t.Context(), p, e)
	if want := []string{fmt.Sprintf("copy %d into 1 as copy with {} at 5", file)}; report.Done != 1 || !slices.Equal(a.calls, want) {
		t.Errorf("Run = %+v, calls %v, want %v", report, a.calls, want)
	}
	a.calls = nil
	old := a.add(1, "old", tree.File, 9)
	p = plan(planner.Action{
		Kind: planner.Update, Name: "old", Parent: planner.Ref{Handle: 1}, Original: file, Replace: true, KeepVersion: true,
		Remote: planner.Remote{Handle: old, Parent: 1, Name: "old", Size: 9},
	})
	report, _ = Run(t.Context(), p, e)
	if want := []string{fmt.Sprintf("copy %d into 1 as old with  at 0 over %d, kept: true", file, old)}; report.Done != 1 || !slices.Equal(a.calls, want) {
		t.Errorf("Run = %+v, calls %v, want %v", report, a.calls, want)
	}
	delete(a.nodes, file)
	if report, _ := Run(t.Context(), p, e); len(report.Failures) != 1 || !errors.Is(report.Failures[0].Err, ErrChanged) {
		t.Errorf("Run = %+v, want one failure that is ErrChanged", report)
	}
}

// Only what is still an old version is destroyed as one (rule 16).
func TestRule16_AVersionThatIsCurrentAgainStays(t *testing.T) {
	a := newAccount()
	e, _ := env(a)
	file := a.add(1, "f", tree.File, 3)
	p := plan(planner.Action{Kind: planner.ExpireVersion, Remote: planner.Remote{Handle: file, Parent: 9, Name: "f", Size: 3}})
	if report, _ := Run(t.Context(), p, e); len(report.Failures) != 1 || !errors.Is(report.Failures[0].Err, ErrChanged) || len(a.calls) > 0 {
		t.Errorf("Run = %+v, calls %v", report, a.calls)
	}
	place := a.nodes[file]
	place.Version = true
	a.nodes[file] = place
	if report, _ := Run(t.Context(), p, e); report.Done != 1 || len(a.calls) != 1 {
		t.Errorf("Run = %+v, calls %v", report, a.calls)
	}
}

// What is brought back from the bin must still be there.
func TestRule21_OnlyWhatIsInTheBinIsBroughtBack(t *testing.T) {
	a := newAccount()
	e, _ := env(a)
	file := a.add(9, "f", tree.File, 3)
	p := plan(planner.Action{
		Kind: planner.RestoreFromTrash, Name: "back", Parent: planner.Ref{Handle: 1}, Remote: planner.Remote{Handle: file, Parent: 9, Name: "f", Size: 3},
	})
	if report, _ := Run(t.Context(), p, e); len(report.Failures) != 1 || !errors.Is(report.Failures[0].Err, ErrChanged) || len(a.calls) > 0 {
		t.Errorf("Run = %+v, calls %v", report, a.calls)
	}
	place := a.nodes[file]
	place.InTrash = true
	a.nodes[file] = place
	if report, _ := Run(t.Context(), p, e); report.Done != 1 || a.nodes[file].Parent != 1 || a.nodes[file].Node.Name != "back" {
		t.Errorf("Run = %+v, calls %v", report, a.calls)
	}
}

func TestStopFinishesWhatIsInFlight(t *testing.T) {
	a := newAccount()
	a.hold = make(chan struct{})
	e, recorded := env(a)
	stop := make(chan struct{})
	e.Stop, e.Parallelism = stop, 1
	var started sync.WaitGroup
	started.Add(1)
	a.begin = func(mega.Upload) { started.Done() } // before that it would be withdrawn
	go func() {
		started.Wait()
		close(stop)
		time.Sleep(10 * time.Millisecond) // lets the loop see the stop before the upload ends; either order is right
		close(a.hold)
	}()
	up := planner.Action{Kind: planner.Upload, Parent: planner.Ref{Handle: 1}, Name: "n"}
	second := up
	second.Needs = []planner.ActionID{1}
	report, err := Run(t.Context(), plan(up, second), e)
	if err != nil || report.Done != 1 || report.Left != 1 || len(*recorded) != 1 {
		t.Errorf("Run = %+v, %v, recorded %v; want the first done and recorded, the second left", report, err, *recorded)
	}
}

func TestARecordThatFailsEndsTheRun(t *testing.T) {
	a := newAccount()
	e, _ := env(a)
	e.Record = func(context.Context, *planner.Action, planner.Result) error { return errors.New("disk full") }
	up := planner.Action{Kind: planner.Upload, Parent: planner.Ref{Handle: 1}, Name: "n"}
	second := up
	second.Needs = []planner.ActionID{1}
	if _, err := Run(t.Context(), plan(up, second), e); err == nil {
		t.Error("Run went on without a record")
	}
	if len(a.calls) != 1 {
		t.Errorf("calls %v, want the first upload only", a.calls)
	}
}

func TestARefusedPlanIsNotRun(t *testing.T) {
	p := plan(planner.Action{Kind: planner.Upload})
	p.Refusals = []planner.Refusal{{Rule: 8}}
	a := newAccount()
	e, _ := env(a)
	if _, err := Run(t.Context(), p, e); err == nil || len(a.calls) > 0 {
		t.Errorf("Run = %v, calls %v", err, a.calls)
	}
}

// What waits for its turn is let go at the first stop; what has begun to send ends first.
func TestStopWithdrawsWhatHasNotBegun(t *testing.T) {
	a := newAccount()
	a.hold = make(chan struct{})
	e, recorded := env(a)
	stop := make(chan struct{})
	e.Stop = stop
	var started sync.WaitGroup
	started.Add(2)
	a.begin = func(u mega.Upload) {
		if u.Name == "sending" {
			u.Progress(1)
		}
		started.Done()
	}
	withdrawn := make(chan struct{})
	e.Event = func(ev Event) {
		if ev.Kind == Withdrawn {
			close(withdrawn)
		}
	}
	go func() {
		started.Wait()
		close(stop)
		<-withdrawn
		close(a.hold)
	}()
	up := planner.Action{Kind: planner.Upload, Parent: planner.Ref{Handle: 1}, Local: planner.Local{Path: "x", Size: 1}}
	sending, waiting := up, up
	sending.Name, waiting.Name = "sending", "waiting"
	report, err := Run(t.Context(), plan(sending, waiting), e)
	if err != nil || report.Done != 1 || report.Left != 1 || len(report.Failures) != 0 {
		t.Errorf("Run = %+v, %v; want one done, one left, none failed", report, err)
	}
	if !slices.Equal(*recorded, []planner.ActionID{1}) {
		t.Errorf("recorded %v", *recorded)
	}
}

// A large file that is cut off by the stop is left for the next run, as what waits for it is.
func TestStopLeavesAPausedUpload(t *testing.T) {
	a := newAccount()
	e, recorded := env(a)
	stop := make(chan struct{})
	e.Stop = stop
	a.fail["upload large into 1"] = fmt.Errorf("paused by its client: %w", mega.ErrPaused)
	a.begin = func(u mega.Upload) {
		u.Progress(1)
		close(stop)
		<-u.Pause
	}
	up := planner.Action{Kind: planner.Upload, Parent: planner.Ref{Handle: 1}, Name: "large", Local: planner.Local{Path: "x", Size: 9 << 20}}
	then := planner.Action{Kind: planner.Trash, Remote: planner.Remote{Handle: 2}, Needs: []planner.ActionID{1}}
	report, err := Run(t.Context(), plan(up, then), e)
	if err != nil || report.Done != 0 || report.Left != 2 || len(report.Failures) != 0 || len(*recorded) != 0 {
		t.Errorf("Run = %+v, %v; want two left, none failed", report, err)
	}
}

// Once an action's patience is used up and nothing else succeeded meanwhile, the rest is left instead of waiting as long each.
func TestRunGivesUpWhenNobodyAnswers(t *testing.T) {
	a := newAccount()
	e, _ := env(a)
	e.Parallelism = 1
	spent := &retry.Error{Attempts: 9, Err: errors.New("no answer")}
	a.fail["upload a into 1"] = spent
	up := func(name string) planner.Action {
		return planner.Action{Kind: planner.Upload, Parent: planner.Ref{Handle: 1}, Name: name, Local: planner.Local{Path: "x", Size: 1}}
	}
	report, err := Run(t.Context(), plan(up("a"), up("b"), up("c")), e)
	if err != nil || !errors.Is(report.GaveUp, spent) || report.Done != 0 || report.Left != 2 || len(report.Failures) != 1 {
		t.Errorf("Run = %+v, %v; want it given up with two left", report, err)
	}
}

// The folders of one level become durable together: each alone would wait for the disk.
func TestFoldersAreRecordedTogether(t *testing.T) {
	a := newAccount()
	e, _ := env(a)
	const siblings = 50
	arrived, all := make(chan struct{}, siblings), make(chan struct{})
	go func() {
		for range siblings {
			<-arrived
		}
		close(all)
	}()
	parent := make(chan struct{})
	e.Record = func(ctx context.Context, act *planner.Action, _ planner.Result) error {
		if act.ID == 1 {
			close(parent)
			return nil
		}
		select {
		case <-parent:
		default:
			t.Errorf("%s was recorded before the folder it is in", act.Name)
		}
		arrived <- struct{}{}
		select {
		case <-all:
			return nil
		case <-time.After(10 * time.Second):
			return errors.New("the others do not come")
		}
	}
	actions := []planner.Action{{Kind: planner.CreateFolder, Parent: planner.Ref{Handle: 1}, Name: "dir"}}
	for i := range siblings {
		actions = append(actions, planner.Action{
			Kind: planner.CreateFolder, Parent: planner.Ref{Action: 1}, Name: fmt.Sprint("sub", i), Needs: []planner.ActionID{1},
		})
	}
	if report, err := Run(t.Context(), plan(actions...), e); err != nil || report.Done != siblings+1 {
		t.Fatalf("Run = %+v, %v", report, err)
	}
}
