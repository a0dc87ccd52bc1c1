package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/golden"
	"github.com/megaplan/megaplan/internal/redact"
)

func mustLoad(t testing.TB, src string) *Config {
	t.Helper()
	cfg, list := loadText(t, "x.mega.hcl", src, testOptions())
	if len(list) > 0 {
		t.Fatalf("unexpected: %v", list)
	}
	return cfg
}

// account is what most configurations of these tests start with.
const account = "account \"main\" {\n  email = \"me@example.com\"\n}\n"

// TestRenderedDiagnostics shows what people see.
func TestRenderedDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.mega.hcl*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".txt") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, list := loadText(t, filepath.Base(file), string(src), testOptions())
			var b strings.Builder
			if err := list.WriteText(&b, diag.TextOptions{Width: 120}); err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"hunter2", "correct horse", "JBSWY3DPEHPK3PXP"} {
				if strings.Contains(b.String(), secret) {
					t.Errorf("%q is shown", secret)
				}
			}
			golden.Check(t, file+".txt", b.String())
		})
	}
}

// TestDesignSample loads the sample of the design and compares the model with what it says.
func TestDesignSample(t *testing.T) {
	cfg, list := Load("testdata/design", testOptions())
	if len(list) > 0 {
		t.Fatalf("unexpected: %v", list)
	}
	dir, err := filepath.Abs("testdata/design")
	if err != nil {
		t.Fatal(err)
	}
	want := designSample()
	want.Dir, want.Digest = dir, cfg.Digest
	ignore := cmp.Options{
		cmpopts.IgnoreTypes(diag.Range{}), cmpopts.IgnoreFields(Config{}, "Files"), cmpopts.EquateEmpty(),
		cmp.Comparer(redact.Secret.Equal),
	}
	if diff := cmp.Diff(want, cfg, ignore); diff != "" {
		t.Errorf("sample (-want +got):\n%s", diff)
	}
	if got := cfg.Sources[0].Exclude[1].Range; got.String() != "backups.mega.hcl:39" || got.Start.Column != 33 {
		t.Errorf("the second pattern is at %v, column %d", got, got.Start.Column)
	}
}

func designSample() *Config {
	half := Limit{Set: true, IsPercent: true, Percent: 50}
	preserve := Preserve{Mode: true, MTime: true, Symlinks: true}
	plain := Backup{
		Account: addr.New(addr.Account, "main"), Mode: ModeMirror, Compare: CompareMTime, OnDelete: DeleteTrash,
		Unmanaged: UnmanagedReport, Versions: true, CopyFrom: CopyFromAccount, Preserve: preserve,
		DuplicateFiles: DuplicatesSource, DuplicateFolders: DuplicatesMerge,
		Retention: Retention{Timezone: "UTC"}, Lifecycle: Lifecycle{MaxDelete: half},
	}
	directory := Source{IgnoreFiles: []string{".megaignore"}, Symlinks: SymlinksRecord}

	db, documents := plain, plain
	db.Address, db.Path, db.Mode, db.Versions = addr.New(addr.Backup, "db"), "/Backups/db", ModeSnapshots, false
	db.Source = directory
	db.Source.Path, db.Source.Written = "/var/backups/db", "/var/backups/db"
	db.Retention = Retention{Timezone: "Europe/Rome", Snapshots: &SnapshotRetention{
		KeepLast: 3, KeepDaily: 7, KeepWeekly: 4, KeepMonthly: 12, KeepYearly: 5, KeepTags: [][]string{{"release"}}, MinKeep: 1,
	}}
	documents.Address, documents.Path = addr.New(addr.Backup, "documents"), "/Backups/laptop/documents"
	documents.Source = directory
	documents.Source.Path, documents.Source.Written = "/home/me/Documents", "~/Documents"

	cfg := &Config{
		Backend: Backend{Type: "local", Options: map[string]string{"path": "megaplan.state.json"}},
		Accounts: []Account{{
			Address: addr.New(addr.Account, "main"), Email: "me@example.com", PasswordCommand: []string{"pass", "mega"},
			MFACommand: []string{"oathtool", "..."}, Endpoint: "https://g.api.mega.co.nz", UseHTTPS: true,
			Encoding: "Slash,InvalidUtf8,Dot", Concurrency: 4, SmallConcurrency: 32,
			UploadLimit: "08:00,2M 19:00,off", DownloadLimit: "off", TrashKeep: 30 * 24 * time.Hour,
		}},
		Folders: []Folder{{
			Address: addr.New(addr.Folder, "photos"), Account: addr.New(addr.Account, "main"), Path: "/Photos/Originals",
			Unmanaged: UnmanagedReport, OnDelete: DeleteTrash, DuplicateFiles: DuplicatesReport, DuplicateFolders: DuplicatesReport,
			Lifecycle: Lifecycle{MaxDelete: half},
		}},
		Backups: []Backup{db, documents},
		Checks: []Check{{
			Address: addr.New(addr.Check, "fresh"), Backup: addr.New(addr.Backup, "documents"), MaxAge: 36 * time.Hour, MinFiles: -1, MaxFiles: -1,
		}},
		Outputs: []Output{{Name: "root", JSON: []byte(`"/Backups/laptop/documents"`)}},
		Imports: []Import{{To: addr.New(addr.Backup, "documents"), Path: "/old/place"}},
		Moved:   []Moved{{From: addr.New(addr.Backup, "docs"), To: addr.New(addr.Backup, "documents")}},
		Removed: []Removed{{From: addr.New(addr.Backup, "old")}},
	}
	for _, host := range []string{"web1", "web2"} {
		src := directory
		src.Address = addr.New(addr.Source, "www").Instance(host)
		src.Host, src.Path, src.Written = host, "/srv/www", "/srv/www"
		src.Exclude = []Pattern{{Text: ".cache/"}, {Text: "*.tmp"}, {Text: "!keep.tmp"}}
		src.OneFileSystem, src.MaxFileSize, src.Marker = true, 4<<30, ".mounted"
		b := plain
		b.Address, b.Path, b.Source = addr.New(addr.Backup, "www").Instance(host), "/Backups/"+host+"/www", src
		b.Retention.Versions = &VersionRetention{KeepLast: 10, KeepWithin: "90d"}
		b.Lifecycle = Lifecycle{PreventDestroy: true, MaxDelete: half, IgnoreDrift: []string{"*.lnk"}}
		cfg.Sources = append(cfg.Sources, src)
		cfg.Backups = append(cfg.Backups, b)
	}
	return cfg
}

// TestJSONSyntax loads one configuration in both syntaxes, written in opposite order.
func TestJSONSyntax(t *testing.T) {
	var got [2]*Config
	for i, name := range []string{"all.mega.hcl", "all.mega.hcl.json"} {
		src, err := os.ReadFile(filepath.Join("testdata/json", name))
		if err != nil {
			t.Fatal(err)
		}
		cfg, list := newEvaluator("/etc/backup", testOptions()).load(inputs{files: Files{name: src}})
		if len(list) > 0 {
			t.Fatalf("%s: %v", name, list)
		}
		got[i] = cfg
	}
	if diff := cmp.Diff(got[0], got[1], cmpopts.IgnoreTypes(diag.Range{}), cmpopts.IgnoreFields(Config{}, "Files", "Digest"), cmp.Comparer(redact.Secret.Equal)); diff != "" {
		t.Errorf("HCL and JSON differ (-hcl +json):\n%s", diff)
	}
	if got, want := got[0].Backups[0].Source.Path, "/etc/backup/docs"; got != want {
		t.Errorf("source path %q, want %q", got, want)
	}
	if got, want := string(got[0].Outputs[0].JSON), `{"n":3,"path":"/Backups/web1"}`; got != want {
		t.Errorf("output %s, want %s", got, want)
	}
	if diff := cmp.Diff(map[string]string{"account": "account.main", "path": "/.state"}, got[0].Backend.Options); diff != "" {
		t.Errorf("backend (-want +got):\n%s", diff)
	}
}

func TestFilesAreOneConfiguration(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.mega.hcl", "backup \"x\" {\n  source = local.root\n  path = \"/x\"\n}\n")
	write(t, dir, "b.mega.hcl.json", `{"locals": {"root": "/r"}}`)
	write(t, dir, "c.mega.hcl", account)
	write(t, dir, ".hidden.mega.hcl", "nonsense")
	write(t, dir, "d.hcl", "nonsense")
	if err := os.Mkdir(filepath.Join(dir, "e.mega.hcl"), 0o755); err != nil {
		t.Fatal(err)
	}
	cfg, list := Load(dir, testOptions())
	if len(list) > 0 {
		t.Fatal(list)
	}
	if got, want := cfg.Backups[0].Source.Path, "/r"; got != want {
		t.Errorf("source path %q, want %q", got, want)
	}
	if got, want := len(cfg.Files), 3; got != want {
		t.Errorf("%d files, want %d", got, want)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestUnreadableDirectories(t *testing.T) {
	empty := t.TempDir()
	tests := map[string]struct{ dir, want string }{
		"missing": {filepath.Join(empty, "no"), "unreadable directory: The directory " + filepath.Join(empty, "no") + " cannot be read: no such file or directory"},
		"empty":   {empty, "no configuration: The directory " + empty + " holds no file *.mega.hcl"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg, list := Load(tt.dir, Options{})
			if cfg != nil || len(list) != 1 || !strings.HasPrefix(list[0].String(), tt.want) {
				t.Errorf("got %v, %v, want %q", cfg, list, tt.want)
			}
		})
	}
}

// TestAnnotate fills in what a refusal of the planner needs.
func TestAnnotate(t *testing.T) {
	cfg := mustLoad(t, account+"backup \"documents\" {\n  source = \"~/Documents\"\n  path   = \"/d\"\n}\n")
	list := cfg.Files.Annotate(diag.List{
		{Summary: "source is empty", Detail: "It has no files.", Subject: cfg.Backups[0].SourceRange},
		{Summary: "no place"},
		{Summary: "another file", Subject: diag.Range{Filename: "gone", Start: diag.Pos{Line: 1}}},
	})
	var b strings.Builder
	if err := list[:1].WriteText(&b, diag.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	want := "Error: source is empty\n\n  on x.mega.hcl line 5, in backup \"documents\":\n   5:   source = \"~/Documents\"\n\nIt has no files.\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if list[1].Snippet != nil || list[2].Snippet != nil {
		t.Error("a diagnostic without a known place got a snippet")
	}
}
