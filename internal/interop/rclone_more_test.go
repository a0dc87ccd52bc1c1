package interop

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestRcloneRest runs what people do with rclone beside copying: quota, trash,
// links, duplicates, removing whole folders.
func TestRcloneRest(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := startRclone(t, s)
	files := fileSet{"a": content("a", 1000), "b": content("b", 2000)}.write(t)
	run := func(args ...string) string { return string(output(t, c.command(t, args...))) }

	run("copy", files, "m:one")
	run("copy", "m:one", "m:two")
	run("check", "--download", "m:one", "m:two")

	var about struct{ Total, Used, Free int64 }
	if err := json.Unmarshal([]byte(run("about", "--json", "m:")), &about); err != nil {
		t.Fatal(err)
	}
	if about.Used != 6000 || about.Free != about.Total-6000 || about.Total <= 6000 {
		t.Errorf("about says %+v, want 6000 bytes used", about)
	}
	if link := run("link", "m:one/a"); !strings.HasPrefix(link, "https://mega.") || strings.Count(link, "!") != 2 {
		t.Errorf("link is %q", link)
	}

	run("delete", "--mega-hard-delete=false", "m:two")
	if got := s.stats().Bytes; got != 6000 {
		t.Errorf("%d bytes with two files in the trash, want 6000", got)
	}
	run("cleanup", "m:")
	if got := s.stats().Bytes; got != 3000 {
		t.Errorf("%d bytes after the trash was emptied, want 3000", got)
	}

	run("sync", "--ignore-times", files, "m:one")
	if out := run("dedupe", "--dry-run", "--dedupe-mode=list", "m:one"); strings.Contains(out, "duplicate") {
		t.Errorf("sync left duplicates:\n%s", out)
	}
	run("purge", "m:one")
	wantList(t, c, nil, entry{Name: "two", Dir: true})
}
