package filter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func patterns(where string, lines ...string) []Pattern {
	var out []Pattern
	for _, l := range lines {
		out = append(out, Pattern{Text: l, Where: where})
	}
	return out
}

// reason walks to a path, directories ending in a slash, and returns why it is out, or "taken".
func reason(d Dir, path string) string {
	names := strings.SplitAfter(path, "/")
	if names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	for _, name := range names {
		name, dir := strings.CutSuffix(name, "/")
		v := d.Judge(name, dir)
		if v.Out {
			return v.Reason
		}
		d = d.Enter(name, v)
	}
	return "taken"
}

func TestRule7_ListsAndIgnoreFiles(t *testing.T) {
	f := New(Config{
		Include: patterns("i:1", "*.jpg", "photos/", "!photos/raw/", "photos/raw/best.dng", "!*.tmp"),
		Exclude: patterns("e:2", ".cache/", "*.log", "!keep.log", "/top"),
	})
	root := f.Root().WithIgnoreFile(".megaignore", []byte("# mine\n*.bak\n!old.log\n"))
	got := map[string]string{}
	for _, path := range []string{
		"a.jpg", "a.txt", "photos/", "photos/a.txt", "photos/deep/er/a.txt", "photos/raw/", "photos/raw/x.dng", "photos/raw/best.dng",
		"photos/x.tmp", "photos/x.log", "photos/keep.log", "photos/old.log", "x/.cache/a.jpg", ".cache/", "photos/.cache", "top", "x/top/a.jpg", "photos/x.bak",
	} {
		got[path] = reason(root, path)
	}
	want := map[string]string{
		"a.jpg": "taken", "a.txt": "matches no include pattern", "photos/": "taken", "photos/a.txt": "taken", "photos/deep/er/a.txt": "taken",
		"photos/raw/": "taken", "photos/raw/x.dng": "include, i:1", "photos/raw/best.dng": "taken", "photos/x.tmp": "include, i:1",
		"photos/x.log": "exclude, e:2", "photos/keep.log": "taken", "photos/old.log": "exclude, e:2", // no list takes back what another left out
		"x/.cache/a.jpg": "exclude, e:2", ".cache/": "exclude, e:2", "photos/.cache": "taken", "top": "exclude, e:2", "x/top/a.jpg": "taken",
		"photos/x.bak": "ignore file, .megaignore:2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func TestRule7_IgnoreFilesCountFromTheirDirectory(t *testing.T) {
	f := New(Config{})
	v := f.Root().Judge("sub", true)
	sub := f.Root().WithIgnoreFile(".megaignore", []byte("*.o\n")).Enter("sub", v).WithIgnoreFile(".megaignore", []byte("/x\n!a.o\nd/y\n"))
	got := map[string]string{}
	for _, path := range []string{"x", "deeper/x", "a.o", "d/y", "deeper/d/y"} {
		got[path] = reason(sub, path)
	}
	want := map[string]string{
		"x": "ignore file, sub/.megaignore:1", "deeper/x": "taken", "a.o": "ignore file, .megaignore:1",
		"d/y": "ignore file, sub/.megaignore:3", "deeper/d/y": "taken",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func TestVerdictNamesThePatternThatKept(t *testing.T) {
	f := New(Config{Exclude: []Pattern{{"*.tmp", "x.mega.hcl:3"}, {"!keep.tmp", "x.mega.hcl:4"}}})
	v := f.Root().Judge("keep.tmp", false)
	want := Verdict{Pattern: Pattern{"!keep.tmp", "x.mega.hcl:4"}, Reason: "exclude, x.mega.hcl:4", included: -1}
	if diff := cmp.Diff(want, v, cmp.AllowUnexported(Verdict{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAListTakesFilesAndWhatIsBelow(t *testing.T) {
	l := NewList("growing", patterns("x:1", "*.log", "journal/", "!keep.log", "/var/spool/mail"))
	for path, want := range map[string]bool{
		"a.log": true, "deep/down/a.log": true, "a.log.1": false, "journal": false, "journal/x": true, "x/journal/y/z": true, "keep.log": false,
		"x/keep.log": false, "journal/keep.log": false, "a.log/keep.log": false, "var/spool/mail": true, "var/spool/mail/me": true, "x/var/spool/mail": false, "other": false,
	} {
		if got := l.Takes(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if (*List)(nil).Takes("a.log") || NewList("growing", nil).Takes("a.log") {
		t.Error("no pattern takes a file")
	}
}

func TestNilFilterTakesEverything(t *testing.T) {
	var f *Filter
	if got := reason(f.Root(), "a/b/c"); got != "taken" || f.HasInclude() || f.IgnoreFiles() != nil {
		t.Errorf("nil filter: %s", got)
	}
}

// Naive backtracking needs longer than the universe for these.
func TestManyStarsDoNotTakeForEver(t *testing.T) {
	l := NewList("exclude", patterns("x:1", strings.Repeat("*a", 40)+"b", "/"+strings.Repeat("**/a*a/", 20)+"b"))
	text := strings.Repeat("a", 4000)
	if i := l.last(text, text, false); i >= 0 {
		t.Errorf("rule %d matched", i)
	}
	deep := strings.Repeat("aa/", 1000)
	if i := l.last(deep+"c", "c", false); i >= 0 {
		t.Errorf("rule %d matched", i)
	}
}

func FuzzIgnoreFile(f *testing.F) {
	f.Add([]byte("*.tmp\n!keep\n/a/**/b\\ \n[!a-c]d/\n[[:alpha:]]\n"), "a/b", true)
	f.Add([]byte("\ufeff# x\r\n**\\/\\"), "c\xff/é", false)
	f.Fuzz(func(t *testing.T, content []byte, path string, dir bool) {
		if len(content) > 1000 || len(path) > 1000 || strings.Contains(path, "\n") {
			return
		}
		d := New(Config{}).Root().WithIgnoreFile("x", content)
		reason(d, path)
		name := path[strings.LastIndexByte(path, '/')+1:]
		if name == "" || strings.ContainsAny(name, "\x00\r") {
			return
		}
		// A name with every byte escaped is a pattern that matches exactly that name.
		var escaped strings.Builder
		for i := range len(name) {
			escaped.WriteString(`\` + name[i:i+1])
		}
		v := New(Config{Exclude: patterns("x:1", escaped.String())}).Root().Judge(name, dir)
		if !v.Out {
			t.Errorf("%q does not match %q", escaped.String(), name)
		}
	})
}
