package workflow

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
)

// twoAccounts is a project nobody asked anything of MEGA yet.
func twoAccounts(accounts ...string) *Project {
	p := &Project{Options: Options{Config: &config.Config{Dir: "/nowhere"}, Host: "laptop"}}
	for _, name := range accounts {
		p.Config.Accounts = append(p.Config.Accounts, config.Account{Address: addr.New(addr.Account, name), Encoding: "Slash,InvalidUtf8,Dot"})
	}
	return p
}

func TestTargets(t *testing.T) {
	main := addr.New(addr.Account, "main")
	all := declarations{
		{address: addr.New(addr.Backup, "www").Instance("web1"), account: main, path: "B/web1"},
		{address: addr.New(addr.Backup, "www").Instance("web2/a"), account: main, path: "B/web2"},
		{address: addr.New(addr.Folder, "photos"), account: main, path: "Photos"},
	}
	tests := []struct {
		text string
		want []string // account, written, address
	}{
		{"", []string{"main||"}},
		{"/", []string{"main|/|"}},
		{"/Backups/a:b", []string{"main|/Backups/a:b|"}},
		{"main:", []string{"main||"}},
		{"main:/x y", []string{"main|/x y|"}},
		{"folder.photos", []string{"main||folder.photos"}},
		{"folder.photos/2026/raw", []string{"main|/2026/raw|folder.photos"}},
		{`backup.www["web1"]/etc`, []string{`main|/etc|backup.www["web1"]`}},
		{`backup.www["web2/a"]/etc`, []string{`main|/etc|backup.www["web2/a"]`}},
		{"backup.www/etc", []string{`main|/etc|backup.www["web1"]`, `main|/etc|backup.www["web2/a"]`}},
	}
	for _, tt := range tests {
		found, err := twoAccounts("main").targets(tt.text, all)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		var got []string
		for _, f := range found {
			under := ""
			if f.under != nil {
				under = f.under.address.String()
			}
			got = append(got, f.account.Name+"|"+f.written+"|"+under)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestTargetsRefuse(t *testing.T) {
	for text, want := range map[string]string{
		"Backups": "neither", "main:Backups": "neither", ":/x": "neither", "backup.": "neither", "backup.www[": "neither",
		"backup.nothing": "has no backup", "second:/": `no account "second"`,
	} {
		if found, err := twoAccounts("main").targets(text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want an error with %q", text, found, err, want)
		}
	}
	if _, err := twoAccounts("main", "other").targets("/x", nil); err == nil || errors.Is(err, errNoPlace) {
		t.Errorf("a path of one of two accounts: %v", err)
	}
}

// TestRule02_TheDeepestDeclaredPathOwns is the rule as the looking commands show it.
func TestRule02_TheDeepestDeclaredPathOwns(t *testing.T) {
	main, other := addr.New(addr.Account, "main"), addr.New(addr.Account, "other")
	deep, top := addr.New(addr.Backup, "deep"), addr.New(addr.Folder, "top")
	all := declarations{
		{address: deep, account: main, folded: "B/caf\u00e9"},
		{address: top, account: main, folded: "B"},
	}
	for _, tt := range []struct {
		account addr.Address
		path    tree.Path
		want    addr.Address
	}{
		{main, "B/caf\u00e9/x", deep},
		{main, "B/cafe\u0301/x", deep}, // the same name spelled otherwise
		{main, "B/caf\u00e9s", top},
		{main, "B", top},
		{main, "", addr.Address{}},
		{other, "B/caf\u00e9", addr.Address{}},
	} {
		if got := all.owner(tt.account, tt.path); got != tt.want {
			t.Errorf("%s:/%s is owned by %s, want %s", tt.account.Name, tt.path, got, tt.want)
		}
	}
}

func TestMatcher(t *testing.T) {
	tests := []struct {
		pattern, path string
		want          bool
	}{
		{"notes", "a/My NOTES.txt", true},
		{"notes", "notes/other.txt", false}, // the name counts, not the folders above it
		{"*.txt", "a/b/x.TXT", true},
		{"*.txt", "a/x.txt.gz", false},
		{"[a-c]?", "x/B7", true},
		{"{x,y}.md", "y.md", true},
		{"/a/*", "a/b", true},
		{"a/*", "a/b/c", false},
		{"A/**/c", "a/b/b/c", true},
		{"**/c", "c", true},
		{"cafe\u0301", "le CAF\u00c9", true},
		{"a.b", "axb", false},
	}
	for _, tt := range tests {
		match, err := matcher(tt.pattern)
		if err != nil {
			t.Fatalf("%q: %v", tt.pattern, err)
		}
		at := tree.Path(tt.path)
		if got := match(at, at.Base()); got != tt.want {
			t.Errorf("%q matches %q: %v", tt.pattern, tt.path, got)
		}
	}
	if _, err := matcher("[a"); err == nil {
		t.Error("[a is taken for a pattern")
	}
}

func TestBelow(t *testing.T) {
	dir := t.TempDir()
	source, link := filepath.Join(dir, "source"), filepath.Join(dir, "link")
	if err := os.MkdirAll(filepath.Join(source, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(source, link); err != nil {
		t.Skip("no links here:", err)
	}
	if err := os.Symlink(dir, filepath.Join(source, "out")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path, want string
		ok         bool
	}{
		{source, ".", true},
		{filepath.Join(source, "sub", "gone"), "sub/gone", true},
		{filepath.Join(link, "sub"), "sub", true},
		{filepath.Join(source, "out"), "out", true}, // a link is backed up as itself
		{filepath.Join(source, "..odd"), "..odd", true},
		{source + "2", "", false},
		{dir, "", false},
	} {
		if got, ok := below(source, tt.path); ok != tt.ok || ok && got != tt.want {
			t.Errorf("below(%s) = %q, %v, want %q, %v", tt.path, got, ok, tt.want, tt.ok)
		}
	}
}
