package ui

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/golden"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

var (
	now       = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	documents = addr.New(addr.Backup, "documents")
)

// sample is a plan with one action of each common kind.
func sample(actions ...planner.Action) *planner.Plan {
	for i := range actions {
		actions[i].ID, actions[i].Address = planner.ActionID(i+1), documents
		actions[i].Path = tree.Path("Backups/laptop/documents").Join(string(actions[i].Path))
	}
	return &planner.Plan{
		Targets: []planner.Target{{
			Address: documents, Status: planner.Active, Account: addr.New(addr.Account, "main"), Written: "~/Documents",
			Path: "Backups/laptop/documents", Equal: 1204, Files: 1210,
			Skipped:  []planner.Kept{{Path: "secret.key", Reason: "permission denied"}},
			Kept:     []planner.Kept{{Path: ".cache", Dir: true, Reason: "exclude, documents.mega.hcl:14"}},
			Resource: state.Resource{LastApplied: now.Add(-14 * time.Hour), Host: "laptop"}, LastSuccess: now.Add(-3 * time.Hour),
			Lifecycle: config.Lifecycle{},
		}},
		Actions: actions,
		Quotas:  []planner.AccountQuota{{Account: addr.New(addr.Account, "main"), Quota: planner.Quota{Used: 15 << 30, Total: 50 << 30}}},
	}
}

func small() *planner.Plan {
	file := func(size int64) planner.Local { return planner.Local{Path: "x", Size: size} }
	return sample(
		planner.Action{Kind: planner.Upload, Path: "invoices/2026-11.pdf", Bytes: 412 << 10, Files: 1, Local: file(412 << 10), Reason: "new here"},
		planner.Action{Kind: planner.Update, Path: "notes/todo.md", Bytes: 8294, Files: 1, Local: file(8294), Reason: "changed 2 minutes ago; the old one stays as version 4"},
		planner.Action{Kind: planner.Upload, Path: "hostile\x1b[31m\nname.txt", Bytes: 1, Files: 1, Local: file(1), Reason: "new here"},
		planner.Action{Kind: planner.Upload, Path: "a/very/long/path/that/goes/on/and/on/until/nobody/wants/to/read/it/any/more/日本語のファイル.txt", Bytes: 1 << 40, Files: 1, Local: file(1 << 40), Reason: "new here"},
		planner.Action{Kind: planner.Touch, Path: "scan.jpg", Reason: "same bytes, date corrected"},
		planner.Action{Kind: planner.Trash, Path: "old.tmp", Bytes: 1024, Files: 1, Reason: "gone from the source"},
	)
}

func show(width int, verbose bool, f func(*Screen)) string {
	var out bytes.Buffer
	f(&Screen{Out: &out, Err: &out, Width: width, Verbose: verbose})
	return out.String()
}

func TestPlanAt80And120Columns(t *testing.T) {
	for _, width := range []int{80, 120} {
		golden.Check(t, "testdata/"+fmt.Sprintf("plan_%d.txt", width), show(width, false, func(s *Screen) { s.Plan(small(), now) }))
	}
}

// On a terminal nothing is broken inside a word, and a move says from where and to where; -verbose cuts no name.
func TestPlanOnANarrowTerminal(t *testing.T) {
	from, to := "some-long-directory-name/another-one/holiday pictures", "moved-long-directory-name/another-one/holiday pictures"
	p := sample(
		planner.Action{Kind: planner.Move, From: "Backups/laptop/documents/" + tree.Path(from), Path: tree.Path(to), Remote: planner.Remote{Dir: true}, Bytes: 1 << 20, Files: 312, Reason: "same 312 files, proven by MAC; nothing is uploaded"},
		planner.Action{Kind: planner.Copy, From: "Backups/laptop/documents/" + tree.Path(from) + "/a  b.jpg", Path: "a.jpg", Bytes: 1 << 20, Files: 1, Reason: "equal"},
		planner.Action{Kind: planner.Update, Path: "notes.md", Bytes: 8294, Files: 1, Reason: "changed just now; the old one stays as version 4"},
		planner.Action{Kind: planner.Upload, Path: "new", Bytes: 1, Files: 1, Reason: "new here"},
		planner.Action{Kind: planner.Trash, Path: tree.Path(from) + ".old", Bytes: 1024, Files: 1, Reason: "gone from the source"},
	)
	p.Drift = []planner.Difference{{
		Address: documents, Change: planner.DriftRenamed, Path: tree.Path(from), To: tree.Path("Backups/laptop/documents/" + to), Dir: true,
		Detail: "renamed by another client", When: now.Add(-time.Minute),
	}}
	for verbose, name := range map[bool]string{false: "plan_terminal.txt", true: "plan_terminal_verbose.txt"} {
		got := show(80, verbose, func(s *Screen) { s.Wrap = true; s.Plan(p, now) })
		golden.Check(t, "testdata/"+name, got)
		for l := range strings.Lines(got) {
			if !verbose && runewidth.StringWidth(strings.TrimRight(l, "\n")) > 80 {
				t.Errorf("wider than the terminal: %s", l)
			}
		}
	}
}

func TestPlanFoldsWhatIsMany(t *testing.T) {
	var actions []planner.Action
	for i := range 300 {
		actions = append(actions, planner.Action{
			Kind: planner.Upload, Path: tree.Path(fmt.Sprintf("photos/%d/raw/IMG_%04d.dng", 2019+i%3, i)), Bytes: int64(i) << 20, Files: 1,
			Local: planner.Local{Path: "x", Size: int64(i) << 20}, Reason: "new here",
		})
	}
	actions = append(actions, planner.Action{Kind: planner.Trash, Path: "photos/old", Bytes: 5 << 30, Files: 312, Remote: planner.Remote{Dir: true}, Reason: "gone from the source"})
	golden.Check(t, "testdata/plan_folded.txt", show(100, false, func(s *Screen) { s.Plan(sample(actions...), now) }))
	if got := bytes.Count([]byte(show(100, true, func(s *Screen) { s.Plan(sample(actions...), now) })), []byte("IMG_")); got != 300 {
		t.Errorf("-verbose lists %d of 300 files", got)
	}
}

func TestPlanWithNothingToDo(t *testing.T) {
	p := sample()
	p.Targets[0].Kept, p.Targets[0].Skipped = nil, nil
	golden.Check(t, "testdata/plan_nothing.txt", show(100, false, func(s *Screen) { s.Plan(p, now) }))
}

// TestRule19_TrashStillCounts: until it is emptied, or until the day from which an apply expires it.
func TestRule19_TrashStillCounts(t *testing.T) {
	local := time.Local
	time.Local = time.UTC
	defer func() { time.Local = local }()
	for keep, want := range map[time.Duration]string{
		0:                   "What goes to the trash (1.0 KiB) still counts until the trash is emptied.\n",
		30 * 24 * time.Hour: "What goes to the trash (1.0 KiB) still counts until 2026-12-22 12:00:00: the first apply after that expires it (keep = 30d).\n",
	} {
		p := sample(planner.Action{Kind: planner.Trash, Path: "Backups/laptop/documents/old.tmp", Bytes: 1024, Files: 1})
		p.Quotas[0].TrashKeep = keep
		if got := show(200, false, func(s *Screen) { s.Plan(p, now) }); !strings.Contains(got, want) {
			t.Errorf("%q\nis not in\n%s", want, got)
		}
	}
}

func TestDriftNamesWhatHappened(t *testing.T) {
	p := sample()
	p.Drift = []planner.Difference{
		{Address: documents, Change: planner.DriftRemoved, Path: "notes/todo.md", Detail: "gone; in the trash", When: now.Add(-3 * time.Hour)},
		{Address: documents, Change: planner.DriftChanged, Path: "budget.xlsx", Detail: "replaced by another client (fingerprint differs)", When: now.Add(-time.Hour)},
		{Address: documents, Change: planner.DriftMoved, Path: "a", Dir: true, To: "Elsewhere/a", Files: 12},
		{Address: documents, Change: planner.DriftAdded, Path: "untitled folder", Dir: true, Files: 3},
	}
	local := time.Local
	time.Local = time.UTC
	defer func() { time.Local = local }()
	golden.Check(t, "testdata/drift.txt", show(100, false, func(s *Screen) { s.Drift(p, now) }))
	p.Drift = append(p.Drift, planner.Difference{
		Address: documents, Change: planner.DriftAdded, Path: "a|b `*_<x>` 100%, a:b\nc\x01", Files: 1, Detail: "not ours, by MEGA user Vvvvvvvvvv0", User: "Vvvvvvvvvv0", When: now,
	})
	p.Checks = []planner.CheckResult{
		{Address: addr.New(addr.Check, "fresh"), OK: true, Detail: "fine"}, {Address: addr.New(addr.Check, "full"), Detail: "3 files, min_files is 4"},
	}
	for _, format := range DriftFormats[1:] {
		var out bytes.Buffer
		if err := WriteDrift(&out, format, p, "0.1.0"); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, "testdata/drift."+format, out.String())
	}
	p.Drift, p.Checks = nil, nil
	for _, format := range DriftFormats[2:] {
		var out bytes.Buffer
		if err := WriteDrift(&out, format, p, "0.1.0"); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, "testdata/drift_none."+format, out.String())
	}
}

func TestDocument(t *testing.T) {
	p := small()
	p.Drift = []planner.Difference{{Address: documents, Change: planner.DriftRemoved, Path: "gone", When: now}}
	p.Checks = []planner.CheckResult{{Address: addr.New(addr.Check, "fresh"), OK: false, Detail: "40h old, more than 36h"}}
	var out bytes.Buffer
	if err := WriteJSON(&out, NewDocument(p, "0.1.0")); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/plan.json", out.String())
}

func TestStreamIsOneTypedObjectALine(t *testing.T) {
	var out bytes.Buffer
	s := NewStream(&out, "0.1.0")
	s.Plan(small(), now)
	s.SourceScanned(documents, "~/Documents", 3, 14)
	golden.Check(t, "testdata/stream.jsonl", out.String())
}

func TestPrintableHidesNothing(t *testing.T) {
	for name, want := range map[string]string{
		"plain": "plain", "日本": "日本", "a\x1b[2Jb": `a\u{1b}[2Jb`, "bad\xff": `bad\xff`, "tab\tx": `tab\u{9}x`, "\u202egpj": `\u{202e}gpj`, "\uFFFD": "\uFFFD",
	} {
		if got := Printable(name); got != want {
			t.Errorf("Printable(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestNamesInJSONAreExact: programs compare them with those on disk, and with what `ls -json` says.
func TestNamesInJSONAreExact(t *testing.T) {
	for name, want := range map[string]string{
		"Screenshot 1.23.45\u202fPM.png": "Screenshot 1.23.45\u202fPM.png", "a\tb\x1b[2J": "a\tb\x1b[2J", "\uFFFD": "\uFFFD",
		"bad\xff\xfe\x80name": `bad\xff\xfe\x80name`, "cut\xe6\x97": `cut\xe6\x97`,
	} {
		if got := clean(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
