package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/addr"
)

func TestResolve(t *testing.T) {
	cfg := mustLoad(t, account+`
backup "www" {
  for_each = toset(["web2", "web1"])
  source   = "/srv"
  path     = "/${each.key}"
}
folder "photos" {
  path = "/photos"
}
`)
	www := addr.New(addr.Backup, "www")
	good := map[string][]addr.Address{
		"backup.www":         {www.Instance("web1"), www.Instance("web2")},
		`backup.www["web2"]`: {www.Instance("web2")},
		"folder.photos":      {addr.New(addr.Folder, "photos")},
	}
	for text, want := range good {
		got, err := cfg.Resolve(text)
		if err != nil {
			t.Errorf("Resolve(%s): %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Resolve(%s) (-want +got):\n%s", text, diff)
		}
	}
	bad := map[string]string{
		"backup.photos":      "did you mean folder.photos?",
		"photos":             "did you mean folder.photos?",
		`backup.www["web3"]`: `did you mean backup.www["web1"]?`,
		"account.main":       `there are: backup.www["web1"], backup.www["web2"], folder.photos`,
	}
	for text, want := range bad {
		if got, err := cfg.Resolve(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Resolve(%s) = %v, %v, want an error with %q", text, got, err, want)
		}
	}
}

// BenchmarkLoad loads five thousand backups: half in blocks of their own, half by for_each.
func BenchmarkLoad(b *testing.B) {
	var src strings.Builder
	src.WriteString(account + "locals {\n  hosts = toset([for i in range(1000): \"h${i}\"])\n  more = setunion(local.hosts, [for i in range(1000): \"g${i}\"], [for i in range(500): \"f${i}\"])\n}\n")
	src.WriteString("source \"www\" {\n  for_each = local.more\n  path = \"/srv/${each.key}\"\n}\n")
	src.WriteString("backup \"www\" {\n  for_each = local.more\n  source = source.www[each.key]\n  path = \"/www/${each.key}\"\n}\n")
	for i := range 2500 {
		fmt.Fprintf(&src, "backup \"b%d\" {\n  source = \"/b/%d\"\n  path = \"/b/%d\"\n}\n", i, i, i)
	}
	for b.Loop() {
		cfg, list := loadText(b, "x.mega.hcl", src.String(), testOptions())
		if list.HasErrors() || len(cfg.Backups) != 5000 {
			b.Fatal(list)
		}
	}
}
