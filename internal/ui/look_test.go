package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/golden"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

var (
	mainAccount  = addr.New(addr.Account, "main")
	otherAccount = addr.New(addr.Account, "other")
)

// inUTC makes local times of a golden file the same everywhere.
func inUTC(t *testing.T) {
	t.Helper()
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
}

// remote is a node stored a day ago, as a listing has it.
func remote(path tree.Path, n tree.Node) Node {
	n.Handle, n.Created = 0x010203040506, now.Add(-24*time.Hour).Unix()
	return NewNode(mainAccount, path, "drive", documents, n)
}

func sampleListing() Listing {
	return Listing{Account: mainAccount, Path: "/Backups/docs", Owner: documents, Entries: []Node{
		remote("Backups/docs/invoices", tree.Node{}),
		remote("Backups/docs/invoices/2026-11.pdf", tree.Node{Kind: tree.File, Size: 412 << 10, HasFingerprint: true, MTime: now.Add(-48 * time.Hour).UnixNano(), Versions: 3, VersionBytes: 1 << 20}),
		remote("Backups/docs/hostile\x1b[2J\nname\u202egpj.exe", tree.Node{Kind: tree.File, Size: 1}),
		remote("Backups/docs/a/name/that/is/longer/than/the/screen/and/must/not/be/cut/because/scripts/read/it.txt", tree.Node{Kind: tree.File, Size: 1 << 40}),
		remote("Backups/docs/link", tree.Node{Kind: tree.Symlink, Size: 9}),
		remote("Backups/docs/2026-11-22T02-30-00Z", tree.Node{Name: "2026-11-22T02-30-00Z", Snapshot: snapshot.Mark{Files: 2, Bytes: 9, Tags: []string{"a", "release"}, Pin: true}.Text()}),
		remote("Backups/docs/NO_KEY_AQIDBAUG", tree.Node{Kind: tree.Undecryptable}),
	}}
}

// list passes listings through a view.
func list(t *testing.T, view Lister, all ...Listing) {
	t.Helper()
	for _, l := range all {
		err := view.Listing(l, len(all))
		for _, n := range l.Entries {
			err = errors.Join(err, view.Entry(n))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := view.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestListings(t *testing.T) {
	inUTC(t)
	one := sampleListing()
	golden.Check(t, "testdata/ls.txt", show(80, false, func(s *Screen) { list(t, s.ListText(false), one) }))
	golden.Check(t, "testdata/ls_long.txt", show(80, false, func(s *Screen) { list(t, s.ListText(true), one) }))
	nobody := sampleListing()
	nobody.Owner, nobody.Path, nobody.Entries = addr.Address{}, "/", nobody.Entries[:2]
	file := Listing{Account: otherAccount, Path: "/Backups/docs/link", Owner: documents, Entries: sampleListing().Entries[4:5]}
	golden.Check(t, "testdata/ls_several.txt", show(80, false, func(s *Screen) { list(t, s.ListText(true), nobody, file) }))
}

func TestFound(t *testing.T) {
	inUTC(t)
	all := sampleListing().Entries
	version := all[1]
	version.Where = asVersion
	trashed := NewNode(mainAccount, "old\x07/notes.txt", inTrash, addr.Address{}, tree.Node{
		Kind: tree.File, Size: 8, Created: now.Add(-72 * time.Hour).Unix(), TrashedBy: "backup.documents", TrashedAt: now.Add(-3 * time.Hour).Unix(),
	})
	all = append([]Node{all[1], version, trashed}, all...)
	golden.Check(t, "testdata/find.txt", show(80, false, func(s *Screen) { s.Found(all, now) }))
	golden.Check(t, "testdata/find_nothing.txt", show(80, false, func(s *Screen) { s.Found(nil, now) }))
}

func TestUsages(t *testing.T) {
	parts := []Usage{
		{Account: mainAccount, What: "backup.documents", Files: 1204, Folders: 31, Bytes: 3 << 30, Versions: 57, VersionBytes: 18 << 20},
		{Account: mainAccount, What: "/Photos/a/folder\x1b[2J/with/a/very/long/path/that/is/cut/in/the/middle/of/it", Files: 1, Bytes: 1},
		{Account: mainAccount, What: "trash", Files: 2, Bytes: 1 << 20},
	}
	total := Usage{What: "total", Files: 1207, Folders: 31, Bytes: 3<<30 + 1<<20 + 1, Versions: 57, VersionBytes: 18 << 20}
	golden.Check(t, "testdata/du.txt", show(80, false, func(s *Screen) { s.Usages(parts, total) }))
	parts[2].Account = otherAccount
	golden.Check(t, "testdata/du_accounts.txt", show(80, false, func(s *Screen) { s.Usages(parts, total) }))
	golden.Check(t, "testdata/du_nothing.txt", show(80, false, func(s *Screen) { s.Usages(nil, Usage{What: "total"}) }))
}

func TestVersions(t *testing.T) {
	inUTC(t)
	current := sampleListing().Entries[1]
	old := current
	old.Where, old.Stored, old.Modified, old.Size = asVersion, now.Add(-240*time.Hour), time.Time{}, 8294
	files := []FileVersions{{File: current, Versions: []Version{{Number: 2, Current: true, Node: current}, {Number: 1, Node: old}}}}
	golden.Check(t, "testdata/versions.txt", show(80, false, func(s *Screen) { s.Versions(files) }))

	through := []FileVersions{{File: current, Versions: []Version{
		{Number: 3, Snapshot: "2026-03-03T02-30-00Z", Unchanged: true, Node: current},
		{Number: 2, Snapshot: "2026-03-02T02-30-00Z", Node: current},
		{Number: 1, Snapshot: "2026-03-01T02-30-00Z", Node: old},
	}}}
	golden.Check(t, "testdata/versions_snapshots.txt", show(80, false, func(s *Screen) { s.Versions(through) }))
}

func TestExplain(t *testing.T) {
	inUTC(t)
	there := sampleListing().Entries[1]
	base := Explanation{
		Address: documents, Source: "~/Documents", Path: "invoices/2026-11.pdf", Account: mainAccount, Remote: there.Path,
		Local: &Judged{Exists: true, Taken: true, At: "invoices/2026-11.pdf", Kind: "file"},
	}
	with := func(change func(*Explanation)) Explanation {
		e := base
		change(&e)
		return e
	}
	excluded := &Judged{Exists: true, At: ".cache", Kind: "unknown", Why: "excluded", Reason: "exclude, documents.mega.hcl:14", Pattern: ".cache/", Where: "documents.mega.hcl:14"}
	all := []Explanation{
		base,
		with(func(e *Explanation) { e.Nodes = []OwnedNode{{there, documents}} }),
		with(func(e *Explanation) { e.Nodes = []OwnedNode{{there, addr.Address{}}} }),
		with(func(e *Explanation) {
			e.Path, e.Local, e.Remote = ".cache/deep/file\x1b", excluded, "/Backups/docs/.cache/deep/file\x1b"
			e.Nodes = []OwnedNode{{there, documents}}
		}),
		with(func(e *Explanation) {
			e.Path, e.Local = "disk.img", &Judged{Exists: true, At: "disk.img", Kind: "unknown", Why: "too large"}
		}),
		with(func(e *Explanation) { e.Path, e.Local = "gone", &Judged{} }),
		with(func(e *Explanation) { e.Path = ""; e.Unasked = "no way" }),
		with(func(e *Explanation) { e.Host, e.Local = "web1", nil }),
		with(func(e *Explanation) { e.Local = &Judged{Problem: "permission denied"}; e.Snapshots = true }),
		with(func(e *Explanation) {
			e.Snapshots, e.Snapshot, e.Remote = true, "2026-11-22T02-30-00Z", "/Backups/docs/2026-11-22T02-30-00Z/invoices/2026-11.pdf"
			e.Nodes = []OwnedNode{{there, documents}}
		}),
		with(func(e *Explanation) { e.Snapshots, e.Snapshot = true, "2026-11-22T02-30-00Z" }),
		with(func(e *Explanation) { e.Snapshots, e.Unasked = true, "no way" }),
		{Account: mainAccount, Remote: "/Elsewhere/x", Nodes: []OwnedNode{{there, addr.Address{}}}},
	}
	golden.Check(t, "testdata/explain.txt", show(80, false, func(s *Screen) { s.Explain(all, now) }))
}

// TestListJSONIsTheDocument compares what is written piece by piece with the document that it must be.
func TestListJSONIsTheDocument(t *testing.T) {
	empty := Listing{Account: otherAccount, Path: "/", Entries: []Node{}}
	for _, all := range [][]Listing{{}, {empty}, {sampleListing()}, {sampleListing(), empty, sampleListing()}} {
		got := ListingDocument{}
		text := show(80, false, func(s *Screen) { list(t, s.ListJSON("0.1.0"), all...) })
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if diff := cmp.Diff(ListingDocument{NewHeader("0.1.0"), all}, got); diff != "" {
			t.Errorf("the document (-want +got):\n%s", diff)
		}
	}
}

// TestLookDocuments pins what programs read of the looking commands.
func TestLookDocuments(t *testing.T) {
	l := sampleListing()
	l.Entries = l.Entries[:2]
	head, file := NewHeader("0.1.0"), l.Entries[1]
	var out bytes.Buffer
	for _, doc := range []any{
		ListingDocument{head, []Listing{l}},
		FoundDocument{head, l.Entries},
		UsageDocument{head, []Usage{{Account: mainAccount, What: "trash", Files: 2, Bytes: 1 << 20}}, Usage{What: "total", Files: 2, Bytes: 1 << 20}},
		VersionsDocument{head, []FileVersions{{file, []Version{{Number: 1, Current: true, Node: file}}}}},
		ExplainDocument{head, []Explanation{{
			Address: documents, Source: "~/Documents", Path: "x", Account: mainAccount, Remote: "/Backups/docs/x",
			Local: &Judged{Exists: true, Taken: true, At: "x", Kind: "file", Pattern: "!x", Where: "a.mega.hcl:3"}, Nodes: []OwnedNode{{file, documents}},
		}}},
	} {
		if err := WriteJSON(&out, doc); err != nil {
			t.Fatal(err)
		}
	}
	golden.Check(t, "testdata/look.json", out.String())
}

func TestMessagesHideNothing(t *testing.T) {
	got := show(80, false, func(s *Screen) {
		s.Say("moved to a\x1b[2Jb\nand\tmore")
		s.Diagnostics(diag.List{{Summary: "download \x1b]0;x\x07", Detail: "first\nsecond \u202e"}})
	})
	want := "moved to a\\u{1b}[2Jb\nand\tmore\nError: download \\u{1b}]0;x\\u{7}\n\nfirst\nsecond \\u{202e}\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}
