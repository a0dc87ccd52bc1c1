package interop

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRollbackIsReadByOthers lets an apply rewrite, delete, move and add, takes it back, and has every other client read what was
// there before: a version that is current again is one for them, too.
func TestRollbackIsReadByOthers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	source := fileSet{
		"edited": content("edited", 5000), "large": content("large", 300_000), "gone": content("gone", 1000), "old name": content("name", 2000),
	}.write(t)
	m := newMegaplan(t, s, source)
	m.run(t, 0, "apply", "-auto-approve")
	before := readFiles(t, source)

	path := func(name string) string { return filepath.Join(source, name) }
	for name, size := range map[string]int{"edited": 4000, "large": 300_000, "added": 70} {
		if err := os.WriteFile(path(name), content("another "+name, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(path("gone")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path("old name"), path("new name")); err != nil {
		t.Fatal(err)
	}
	m.run(t, 0, "apply", "-auto-approve")
	uploaded := s.stats().UploadBytes
	m.run(t, 0, "rollback", "-auto-approve")
	if now := s.stats().UploadBytes; now != uploaded {
		t.Errorf("the rollback uploaded %d bytes", now-uploaded)
	}
	m.run(t, 0, "drift")
	for reader := range clients {
		t.Run("read by "+reader, func(t *testing.T) { readBack(t, s, reader, remoteRoot, before) })
	}
}
