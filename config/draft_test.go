package config

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/addr"
)

// What is written is valid, in the standard form, and says what was meant.
func TestWriteIsReadBack(t *testing.T) {
	odd := "/Höhle ${x} %{ if } \"q\" \\ \n\t/日本"
	account := addr.New(addr.Account, "main")
	backup := addr.New(addr.Backup, "docs")
	text := Write([]Draft{
		{Comment: []string{"one", "two \n} account"}, Type: "account", Label: "main", Arguments: []DraftArgument{
			{"email", "me@example.com"}, {"password_command", []string{"sh", "-c", `echo "$(cat 'x')"`}}, {"encoding", "Slash,Dot"}, {"use_https", false},
		}},
		{Type: "backup", Label: "docs", Arguments: []DraftArgument{{"account", account}, {"source", "/srv/docs"}, {"path", odd}}},
		{Type: "import", Arguments: []DraftArgument{{"to", backup}, {"path", "/old ${y}"}}},
	})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.mega.hcl"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := Load(dir, Options{})
	if len(diags) > 0 {
		t.Fatalf("%v\n%s", diags, text)
	}
	a, b, i := cfg.Accounts[0], cfg.Backups[0], cfg.Imports[0]
	got := []any{a.Email, a.PasswordCommand, a.Encoding, a.UseHTTPS, b.Account, b.Source.Path, b.Path, i.To, i.Path}
	want := []any{"me@example.com", []string{"sh", "-c", `echo "$(cat 'x')"`}, "Slash,Dot", false, account, "/srv/docs", odd, backup, "/old ${y}"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, text)
	}
	formatted, diags := Format("x.mega.hcl", text)
	if len(diags) > 0 || !bytes.Equal(text, formatted) {
		t.Errorf("fmt would change it: %v\n%s", diags, cmp.Diff(string(text), string(formatted)))
	}
}

// A reference to an instance is written with its key.
func TestWriteReferences(t *testing.T) {
	got := string(Write([]Draft{{Type: "import", Arguments: []DraftArgument{{"to", addr.New(addr.Backup, "www").Instance(`a"b`)}}}}))
	if want := "import {\n  to = backup.www[\"a\\\"b\"]\n}\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestLabel(t *testing.T) {
	taken := map[string]bool{"photos": true, "photos-2": true}
	for text, want := range map[string]string{
		"Photos": "photos-3", "My Documents (old)": "my-documents-old", "2025": "_2025", "日本": "_", "": "_", "a--b": "a-b", "-x-": "x", "Ünï": "n", "_a": "_a",
	} {
		got := Label(text, func(s string) bool { return taken[s] })
		if got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
		if _, err := addr.Parse("backup." + got); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
