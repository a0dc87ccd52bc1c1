package planner_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

func TestRule06_UnknownStays(t *testing.T) {
	for _, why := range []tree.Why{tree.Excluded, tree.OtherFileSystem, tree.TooLarge, tree.Special, tree.OwnFile} {
		w := applied(t, "a.txt", "dir/b.txt", "keep.txt")
		w.remove("a.txt")
		w.remove("dir")
		w.unknown("a.txt", why, "why not")
		w.unknown("dir", why, "why not")
		p := w.settled(t)
		expect(t, p)
		want := []planner.Kept{{Path: "a.txt", Reason: "why not", Files: 1}, {Path: "dir", Reason: "why not", Files: 1, Dir: true}}
		if diff := cmp.Diff(want, p.Targets[0].Kept); diff != "" {
			t.Errorf("%s: kept (-want +got):\n%s", why, diff)
		}
		if p.Partial {
			t.Errorf("%s: counts as done in part", why)
		}
	}
}

func TestRule06_DeleteExcludedTakesOnlyWhatFiltersLeftOut(t *testing.T) {
	w := applied(t, "a.txt", "b.txt", "keep.txt")
	w.backup.DeleteExcluded = true
	w.remove("a.txt")
	w.remove("b.txt")
	w.unknown("a.txt", tree.Excluded, "exclude")
	w.unknown("b.txt", tree.TooLarge, "max_file_size")
	p := w.settled(t)
	expect(t, p, "trash a.txt")
	if got, want := p.Actions[0].Reason, "excluded, and delete_excluded is set"; got != want {
		t.Errorf("reason: got %q, want %q", got, want)
	}
}

func TestRule06_AFolderWithSomethingUnknownInItIsNotDeletedAsAWhole(t *testing.T) {
	w := applied(t, "dir/a.txt", "dir/b.txt", "keep.txt")
	w.remove("dir/a.txt")
	w.remove("dir/b.txt")
	w.unknown("dir/b.txt", tree.Excluded, "exclude")
	expect(t, w.settled(t), "trash dir/a.txt")
}

func TestRule06_ReadErrorsHoldDeletions(t *testing.T) {
	w := applied(t, "a.txt", "dir/b.txt", "dir/c.txt", "keep.txt")
	w.remove("a.txt")
	w.remove("dir/b.txt")
	w.disk["dir"].incomplete = tree.Unreadable
	w.write("new.txt", "new")
	p := w.plan(t)
	expect(t, p, "upload new.txt")
	if !p.Partial || len(p.Targets[0].Skipped) != 1 {
		t.Errorf("not reported:\n%s", describe(p))
	}
	if k := p.Targets[0].Kept; len(k) != 2 || k[0].Path != "a.txt" || k[1].Path != "dir/b.txt" {
		t.Errorf("kept: %+v", k)
	}
	w.options.DeleteDespiteErrors = true
	expect(t, w.plan(t), "upload new.txt", "trash a.txt")
}

func TestRule06_AFileThatCannotBeReadIsReportedAndTheRestGoesOn(t *testing.T) {
	w := applied(t, "a.txt", "b.txt", "gone.txt")
	w.write("a.txt", w.disk["a.txt"].content).unreadable = true
	w.write("b.txt", "other")
	w.remove("gone.txt")
	p := w.plan(t)
	expect(t, p, "update b.txt")
	if !p.Partial || p.Targets[0].Skipped[0].Reason != "permission denied" {
		t.Errorf("%s", describe(p))
	}
}

func TestRule08_ASourceThatIsNotThereRefuses(t *testing.T) {
	for failure, says := range map[planner.SourceFailure]string{
		planner.SourceMissing: "~/docs does not exist", planner.SourceNotDir: "not a directory",
		planner.SourceUnreadable: "cannot be read", planner.SourceNoMarker: "marker",
	} {
		w := applied(t, "a.txt")
		w.failure = failure
		w.options.AllowMassDeleteAll = true
		refused(t, w.plan(t), 8, says, "Nothing was changed")
	}
}

func TestRule08_AnEmptySourceRefuses(t *testing.T) {
	w := applied(t, "a.txt", "b.txt")
	w.remove("a.txt")
	w.remove("b.txt")
	w.mkdir("only a folder")
	refused(t, w.plan(t), 8, "~/docs has no files", "the backup holds 2 files", "-allow-mass-delete=backup.docs")

	w.prior = nil // the remote folder alone is reason enough
	refused(t, w.plan(t), 8, "2 files")

	w.options.AllowMassDelete = []addr.Address{docs}
	expect(t, w.plan(t), "create_folder only a folder")

	fresh := newWorld()
	expect(t, fresh.plan(t), "create_folder B", "create_folder B/docs")
}

func TestRule09_AProofIsThisHandleAndExactlyThisFile(t *testing.T) {
	change := map[string]func(*file){
		"nothing":     func(*file) {},
		"ctime":       func(f *file) { f.ctime++ },
		"nanoseconds": func(f *file) { f.mtime++; f.ctime++ },
		"inode":       func(f *file) { f.inode += 100 },
	}
	asks := map[string]int{"ctime": 1, "nanoseconds": 1}
	for name, c := range change {
		w := applied(t, "a.txt")
		c(w.disk["a.txt"])
		expect(t, w.plan(t))
		if len(w.asked) != asks[name] {
			t.Errorf("%s changed: asked %d questions, want %d", name, len(w.asked), asks[name])
		}
	}
}

func TestRule10_ASameSizeEditWithinASecondIsFound(t *testing.T) {
	w := applied(t, "a.txt")
	f := w.disk["a.txt"]
	f.content = strings.ToUpper(f.content)
	f.mtime += 5
	f.ctime += 5
	expect(t, w.settled(t), "update a.txt")

	f.content = strings.ToLower(f.content)
	f.mtime += 5
	f.meta = fmt.Sprintf(`{"t":%d}`, f.mtime)
	w.at("B/docs/a.txt")[0].meta = fmt.Sprintf(`{"t":%d}`, f.mtime-5)
	clear(w.proofs) // without the cache, what _mp remembers of the nanoseconds tells
	expect(t, w.settled(t), "update a.txt")
}

// Size and date are those that MEGA has for each name, and the bytes are not.
func TestRule10_NamesThatChangePlacesAreFoundThoughSizeAndDateAreEqual(t *testing.T) {
	w := applied(t, "a.txt", "b.txt", "dir/c.txt")
	a, b, c := w.disk["a.txt"], w.disk["b.txt"], w.disk["dir/c.txt"]
	b.content, c.content = strings.ToUpper(a.content), strings.Repeat("c", len(a.content))
	b.mtime, c.mtime = a.mtime, a.mtime
	w.settled(t)
	w.disk["a.txt"], w.disk["b.txt"], w.disk["dir/c.txt"] = b, c, a
	expect(t, w.settled(t), "move .megaplan-AAAAAAAI", "move b.txt", "move dir/c.txt", "move a.txt")
	expect(t, w.plan(t))
}

// TestRule10_InOrder goes through what decides, one after the other.
func TestRule10_InOrder(t *testing.T) {
	const local, other, longer = "content", "CONTENT", "longer content"
	for _, c := range []struct {
		name    string
		compare config.Compare
		remote  string
		date    int64 // the remote date's distance from the local one, in seconds
		bare    bool  // no fingerprint
		old     bool  // from an old client whose MAC tells nothing
		want    string
		asks    []planner.Ask
	}{
		{name: "size", compare: config.CompareMTime, remote: longer, want: "update"},
		{name: "same second", compare: config.CompareMTime, remote: local},
		{name: "same second, other bytes", compare: config.CompareMTime, remote: other},
		{name: "fingerprint compares the CRC", compare: config.CompareFingerprint, remote: local, asks: []planner.Ask{planner.AskCRC}},
		{name: "and finds other bytes", compare: config.CompareFingerprint, remote: other, want: "update", asks: []planner.Ask{planner.AskCRC}},
		{name: "two seconds are a difference", compare: config.CompareMTime, remote: local, date: 2, want: "touch", asks: []planner.Ask{planner.AskCRC, planner.AskMAC}},
		{name: "another CRC needs no MAC", compare: config.CompareMTime, remote: other, date: 2, want: "update", asks: []planner.Ask{planner.AskCRC}},
		{name: "no fingerprint, same", compare: config.CompareMTime, remote: local, bare: true, want: "touch", asks: []planner.Ask{planner.AskMAC}},
		{name: "no fingerprint, other", compare: config.CompareMTime, remote: other, bare: true, want: "update", asks: []planner.Ask{planner.AskMAC}},
		{name: "content reads all", compare: config.CompareContent, remote: local, asks: []planner.Ask{planner.AskMAC}},
		{name: "content finds all", compare: config.CompareContent, remote: other, want: "update", asks: []planner.Ask{planner.AskMAC}},
		{name: "cannot tell", compare: config.CompareMTime, remote: local, bare: true, old: true, want: "update", asks: []planner.Ask{planner.AskMAC}},
	} {
		w := newWorld()
		w.backup.Compare = c.compare
		f := w.write("f", local)
		n := w.put("B/docs/f", tree.File, c.remote)
		n.printed, n.mtime, n.noMAC = !c.bare, f.mtime/1e9+c.date, c.old
		p := w.plan(t)
		var want []string
		if c.want != "" {
			want = []string{c.want + " f"}
		}
		var asks []planner.Ask
		for _, q := range w.asked {
			asks = append(asks, q.Ask)
		}
		if got := kinds(p); !slices.Equal(got, want) || !slices.Equal(asks, c.asks) {
			t.Errorf("%s: %v after asking %v, want %v after %v", c.name, got, asks, want, c.asks)
		}
	}
}

// A proof tells that the bytes are the same, not what another client made of the date since: MEGA's SDK writes another one where
// it is given the same file again, and go-mega drops it with all attributes but the name.
func TestRule25_ADateThatAnotherClientChangedIsPutRight(t *testing.T) {
	for name, change := range map[string]func(*node){
		"changed": func(n *node) { n.mtime -= 1000 },
		"dropped": func(n *node) { n.printed = false },
	} {
		w := applied(t, "a.txt")
		f, n := w.disk["a.txt"], w.at("B/docs/a.txt")[0]
		change(n)
		p := w.settled(t)
		expect(t, p, "touch a.txt")
		if n = w.at("B/docs/a.txt")[0]; !n.printed || n.mtime != f.mtime/1e9 {
			t.Errorf("%s: the date on MEGA is %d, %v", name, n.mtime, n.printed)
		}
		w.asked = nil
		if expect(t, w.plan(t)); len(w.asked) != 0 {
			t.Errorf("%s: asked %v after it was put right", name, w.asked)
		}
	}
}

func TestRule10_DatesBeforeTheEpochCountAsZero(t *testing.T) {
	w := newWorld()
	w.write("f", "x").mtime = -5e9
	p := w.settled(t)
	if got := w.at("B/docs/f")[0].mtime; got != 0 {
		t.Errorf("the date on MEGA is %d", got)
	}
	clear(w.proofs)
	expect(t, w.plan(t))
	expect(t, p, "create_folder B", "create_folder B/docs", "upload f")
}

func TestRule10_DatesAfter2106CountAsTheLastOf32Bits(t *testing.T) {
	w := newWorld()
	w.write("f", "x").mtime = 7258118400e9
	w.settled(t)
	n := w.at("B/docs/f")[0]
	if n.mtime != math.MaxUint32 {
		t.Errorf("the date on MEGA is %d", n.mtime)
	}
	clear(w.proofs)
	expect(t, w.plan(t))
	n.mtime = 7258118400 // as megaplan wrote it once
	expect(t, w.settled(t), "touch f")
}

func TestRule10_ChecksumOverridesCompare(t *testing.T) {
	w := applied(t, "a.txt")
	w.options.Checksum = true
	expect(t, w.plan(t))
	if len(w.asked) != 1 || w.asked[0].Ask != planner.AskMAC {
		t.Errorf("asked %+v", w.asked)
	}
}

func TestRule11_TheTouchWritesTheCRCOfTheProvenBytes(t *testing.T) {
	w := newWorld()
	f := w.write("a", "bytes")
	w.put("B/docs/a", tree.File, "bytes")
	p := w.plan(t)
	want := planner.Fingerprint{CRC: crcOf("bytes"), MTime: f.mtime / 1e9}
	if got := p.Actions[0].Fingerprint; got != want {
		t.Errorf("fingerprint %+v, want %+v", got, want)
	}
}

func TestRule12_QuestionsComeTogether(t *testing.T) {
	w := newWorld()
	for i := range 50 {
		name := fmt.Sprintf("f%02d", i)
		f := w.write(name, "content")
		n := w.put("B/docs/"+name, tree.File, "content")
		n.printed, n.mtime = true, f.mtime/1e9-60
	}
	w.plan(t)
	if w.rounds != 2 || len(w.asked) != 100 {
		t.Errorf("%d questions in %d rounds, want 100 in 2", len(w.asked), w.rounds)
	}
}

func TestRule14_NamesAreMatchedExactlyThenInNFC(t *testing.T) {
	const composed, decomposed = "caf\u00e9", "cafe\u0301"
	w := newWorld()
	w.write(decomposed+"/menu "+decomposed, "x")
	f := w.disk[decomposed+"/menu "+decomposed]
	n := w.put("B/docs/"+composed+"/menu "+composed, tree.File, "x")
	n.printed, n.mtime = true, f.mtime/1e9
	expect(t, w.settled(t))

	w.write(decomposed+"/menu "+decomposed, "changed") // the name on MEGA stays
	p := w.settled(t)
	expect(t, p, "update "+composed+"/menu "+composed)
	if got := p.Actions[0].Local.Path; got != decomposed+"/menu "+decomposed {
		t.Errorf("the local path is %q", got)
	}
}

// A name that another client wrote as it is, or an earlier megaplan with its quotes doubled, is the name it is restored as.
func TestRule14_NamesOfOtherSpellingsAreAdopted(t *testing.T) {
	for remote, stored := range map[string]string{"Qur‛‛an": "Qur‛an", "bad\xff": "bad‛FF"} {
		w := newWorld()
		f := w.write(stored, "x")
		n := w.put("B/docs/"+remote, tree.File, "x")
		n.printed, n.mtime = true, f.mtime/1e9
		expect(t, w.settled(t))
		w.write(stored, "changed")
		expect(t, w.settled(t), "update "+remote)
		w.remove(stored)
		w.write("other", "another")
		expect(t, w.settled(t), "upload other", "trash "+remote)
	}
}

func TestRule14_TwoFormsOfANameAreTwoFiles(t *testing.T) {
	const composed, decomposed = "\u00e9", "e\u0301"
	w := newWorld()
	w.write(composed, "one")
	w.write(decomposed, "two")
	w.settled(t)
	w.remove(composed)
	expect(t, w.settled(t), "trash "+composed)
}

// What cannot be decrypted is nobody's equal, whichever of the two has the lower handle.
func TestRule14_WhatCannotBeDecryptedHidesNoEqual(t *testing.T) {
	const composed, decomposed = "\u00e9", "e\u0301"
	w := newWorld()
	w.put("B/docs/"+composed, tree.Undecryptable, "")
	w.put("B/docs/"+composed, tree.File, "old")
	w.write(decomposed, "new")
	expect(t, w.settled(t), "update "+composed)
}

func TestRule14_AnUnknownNameKeepsItsNFCEqual(t *testing.T) {
	w := applied(t, "\u00e9", "keep")
	w.remove("\u00e9")
	w.unknown("e\u0301", tree.Excluded, "exclude")
	expect(t, w.settled(t))
}

func TestRule14_AnUnknownNameKeepsEveryFormOfIt(t *testing.T) {
	forms := []string{"\u00c5", "A\u030a", "\u212b"} // one letter
	w := applied(t, forms[0], forms[2], "keep")
	w.remove(forms[0])
	w.remove(forms[2])
	w.unknown(forms[1], tree.Excluded, "exclude")
	expect(t, w.settled(t))
}

func TestRule14_AClashOfEncodedNamesIsReported(t *testing.T) {
	w := newWorld()
	w.write("a", "first")
	in := w.input()
	b := tree.NewBuilder(tree.Node{Kind: tree.Dir})
	b.Add(tree.Root, tree.Node{Name: "x", LocalName: "x1", Kind: tree.File, Size: 1})
	b.Add(tree.Root, tree.Node{Name: "x", LocalName: "x2", Kind: tree.Unknown, Why: tree.NameClash, Reason: "the same name on MEGA as x1"})
	in.Sources[0].Tree = b.Build()
	_, p := planner.Step(in, planner.Answers{{Ask: planner.AskSize, Account: mainAccount, Size: 1}: {}})
	expect(t, p, "create_folder B", "create_folder B/docs", "upload x")
	if p.Actions[2].Local.Path != "x1" || p.Actions[2].Name != "x" || !p.Partial || len(p.Targets[0].Skipped) != 1 {
		t.Errorf("%s", describe(p))
	}
}

func TestRule14_NamesThatDifferInCaseAreWarnedAbout(t *testing.T) {
	w := newWorld()
	w.write("Readme", "1")
	w.write("README", "2")
	p := w.settled(t)
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Detail, "Readme") {
		t.Errorf("warnings: %v", p.Warnings)
	}
}

func TestRule33_AnUploadWritesTheMetadataTheScanFound(t *testing.T) {
	w := newWorld()
	w.write("a", "a").meta = `{"m":420}`
	link := w.write("link", "target")
	link.kind, link.meta = tree.Symlink, `{"l":1}`
	w.mkdir("dir").meta = `{"m":493}`
	w.settled(t)
	for path, want := range map[string]string{"a": `{"m":420}`, "link": `{"l":1}`, "dir": `{"m":493}`} {
		if got := w.at("B/docs/" + path)[0].meta; got != want {
			t.Errorf("%s has _mp %s, want %s", path, got, want)
		}
	}
	w.disk["a"].meta, w.disk["dir"].meta = `{"m":384}`, `{"m":448}`
	expect(t, w.settled(t), "set_attributes a", "set_attributes dir")
}

func TestRule33_ALinkThatBecameAFileIsNoLinkAnyMore(t *testing.T) {
	w := newWorld()
	w.write("a", "target").meta = `{"l":1}`
	w.disk["a"].kind = tree.Symlink
	w.settled(t)
	w.disk["a"].kind, w.disk["a"].meta = tree.File, ""
	p := w.plan(t)
	expect(t, p, "set_attributes a")
	if p.Actions[0].Meta != "" {
		t.Errorf("_mp is to be %q", p.Actions[0].Meta)
	}
}
