package config

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/diag"
)

// The rules that a configuration can break; what is said about each is in the file, on the line it is about.

func TestRule01_TheRootIsNoBackup(t *testing.T) { checkErrorFile(t, "rule01_root") }

func TestRule02_EveryPathHasOneOwner(t *testing.T) { checkErrorFile(t, "rule02_overlap") }

func TestRule02_TheStatesFolderIsNobodys(t *testing.T) {
	checkErrorFile(t, "rule02_state")
	checkErrorFile(t, "rule02_state_around")
	checkErrorFile(t, "rule02_state_everywhere")
}

func TestRule04_MovedRenamesWhatIsGone(t *testing.T) { checkErrorFile(t, "addresses") }

func TestRule15_ArchiveIsMirrorThatKeeps(t *testing.T) {
	checkErrorFile(t, "rule15_archive")
	b := mustLoad(t, account+"backup \"a\" {\n  source = \"/a\"\n  path = \"/a\"\n  mode = \"archive\"\n}\n").Backups[0]
	if b.OnDelete != DeleteKeep || !b.Versions {
		t.Errorf("archive: on_delete %s, versions %v", b.OnDelete, b.Versions)
	}
}

func TestRule23_SnapshotsHaveNoVersions(t *testing.T) { checkErrorFile(t, "rule23_snapshots") }

func TestRule24_SnapshotsNameTheirZone(t *testing.T) {
	const src = account + "backup \"a\" {\n  source = \"/a\"\n  path = \"/a\"\n  mode = \"snapshots\"\n  always = true\n  retention {\n    timezone = \"Asia/Tokyo\"\n  }\n}\n"
	b := mustLoad(t, src).Backups[0]
	if !b.Always || b.Retention.Timezone != "Asia/Tokyo" || b.Versions {
		t.Errorf("got always %v, zone %q, versions %v", b.Always, b.Retention.Timezone, b.Versions)
	}
}

func TestRule33_Preserve(t *testing.T) {
	const src = account + "backup \"a\" {\n  source = \"/a\"\n  path = \"/a\"\n%s}\n"
	tests := map[string]Preserve{
		"":                  {Mode: true, MTime: true, Symlinks: true},
		"  preserve = []\n": {},
		"  preserve = [\"owner\", \"xattrs\", \"hardlinks\"]\n": {Owner: true, XAttrs: true, Hardlinks: true},
	}
	for written, want := range tests {
		if got := mustLoad(t, fmt.Sprintf(src, written)).Backups[0].Preserve; got != want {
			t.Errorf("%q: got %+v, want %+v", written, got, want)
		}
	}
}

func checkErrorFile(t *testing.T, name string) {
	t.Helper()
	src, err := os.ReadFile("testdata/errors/" + name + ".mega.hcl")
	if err != nil {
		t.Fatal(err)
	}
	checkExpectations(t, name+".mega.hcl", string(src))
}

// TestConfigDoesNotPrintPasswords formats a whole Config.
func TestConfigDoesNotPrintPasswords(t *testing.T) {
	cfg := mustLoad(t, `
megaplan {
  backend "http" {
    address  = "https://example.com/state"
    password = "hunter2-state"
  }
}
account "main" {
  email    = "me@example.com"
  password = "hunter2-long"
}
`)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, *cfg); strings.Contains(text, "hunter2") {
			t.Errorf("%s shows a password: %s", verb, text)
		}
	}
	if got := cfg.Accounts[0].Password.Reveal(); got != "hunter2-long" {
		t.Errorf("password %q", got)
	}
	if got := cfg.Backend.Secrets["password"].Reveal(); got != "hunter2-state" {
		t.Errorf("backend password %q", got)
	}
}

// TestAnnotateHidesPasswords asks for the very line.
func TestAnnotateHidesPasswords(t *testing.T) {
	files := Files{"x.mega.hcl": []byte("account \"main\" { password = \"hunter2\" }\n")}
	list := files.Annotate(diag.List{{Summary: "x", Subject: diag.Range{Filename: "x.mega.hcl", Start: diag.Pos{Line: 1, Column: 1}}}})
	if got, want := list[0].Snippet.Code, `account "main" { password = [redacted]`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
