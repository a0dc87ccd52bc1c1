package interop

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMegaplanSnapshots makes two snapshots, most of the second of which are copies: rclone finds in each what the source held
// then, and other clients see every file's own date.
func TestMegaplanSnapshots(t *testing.T) {
	t.Parallel()
	need(t, "")
	s := newServer(t)
	source, files := oddTree(t)
	m := newMegaplanWith(t, s, source, `mode = "snapshots"`)
	m.run(t, 0, "apply", "-auto-approve")
	first := snapshotNames(t, m)

	then := filepath.Join(t.TempDir(), "then")
	output(t, exec.CommandContext(t.Context(), "cp", "-a", source, then)) // names that are no UTF-8 too
	later := time.Now().Add(-time.Hour).Truncate(time.Second)
	for _, name := range []string{"size 8193", "dated"} {
		file := filepath.Join(source, name)
		if err := os.WriteFile(file, content("edited "+name, 8193), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, later, later); err != nil {
			t.Fatal(err)
		}
	}
	before := s.stats().UploadBytes
	m.run(t, 0, "apply", "-auto-approve")
	if n := s.stats().UploadBytes - before; n != 2*8193 {
		t.Errorf("the second snapshot uploaded %d bytes, want those of two files", n)
	}
	m.run(t, 0, "plan", "-detailed-exitcode")
	m.run(t, 0, "drift")

	names := snapshotNames(t, m)
	if len(first) != 1 || len(names) != 2 || !slices.Contains(names, first[0]) {
		t.Fatalf("snapshots %q, then %q", first, names)
	}
	second := names[0]
	if got := countFiles(t, s, append(slices.Clone(remoteRoot), second)); got != files+1 {
		t.Errorf("the second snapshot holds %d files, want %d", got, files+1)
	}
	t.Run("rclone check", func(t *testing.T) {
		c := startRclone(t, s)
		output(t, c.command(t, "check", "--size-only", then, "m:"+path.Join(append(slices.Clone(remoteRoot), first[0])...)))
		output(t, c.command(t, "check", "--download", source, "m:"+path.Join(append(slices.Clone(remoteRoot), second)...)))
	})
	t.Run("dates", func(t *testing.T) {
		js := newMegajs(t, s)
		at := func(snapshot string) map[string]string {
			prints := map[string]string{}
			for _, e := range do(t, js, op{Do: "list", Path: append(slices.Clone(remoteRoot), snapshot)}).Entries {
				if e.Name != "dated" && e.Name != "size 8193" {
					prints[e.Name] = e.Fingerprint
				}
			}
			return prints
		}
		if diff := cmp.Diff(at(first[0]), at(second)); diff != "" || len(at(second)) == 0 {
			t.Errorf("copies have other dates or checksums (-first +second):\n%s", diff)
		}
	})
}

// snapshotNames are the published snapshots, the newest first.
func snapshotNames(t *testing.T, m megaplan) []string {
	t.Helper()
	var doc struct {
		Backups []struct{ Snapshots []struct{ Name string } }
	}
	out := m.run(t, 0, "snapshots", "-json")
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Backups) != 1 {
		t.Fatalf("snapshots -json printed %s: %v", out, err)
	}
	var names []string
	for _, s := range doc.Backups[0].Snapshots {
		names = append(names, s.Name)
	}
	return names
}
