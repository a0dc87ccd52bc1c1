package interop

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRule21_TrashOfOtherClientsStays lets each client delete a file as it does, and megaplan end what it trashed itself: no byte
// more than that goes.
func TestRule21_TrashOfOtherClientsStays(t *testing.T) {
	for name, start := range clients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			c := start(t, s)
			source := fileSet{"own": content("own", 1000), "kept": content("kept", 10)}.write(t)
			m := newMegaplan(t, s, source)
			keepTrash(t, m, "1s")
			m.run(t, 0, "apply", "-auto-approve")

			do(t, c,
				op{Do: "mkdir", Path: []string{"theirs"}},
				op{Do: "put", Path: []string{"theirs", "own"}, Local: filepath.Join(source, "own")},
				op{Do: "remove", Path: []string{"theirs", "own"}},
			)
			if err := os.Remove(filepath.Join(source, "own")); err != nil {
				t.Fatal(err)
			}
			m.run(t, 0, "apply", "-auto-approve")
			before := s.stats().Bytes
			time.Sleep(2 * time.Second) // marks are of whole seconds
			if kinds := m.plan(t); len(kinds) != 1 || kinds["expire_trash"] != 1 {
				t.Errorf("the plan has %v", kinds)
			}
			m.run(t, 0, "apply", "-auto-approve")
			if freed := before - s.stats().Bytes; freed != 1000 {
				t.Errorf("%d bytes are gone, want 1000", freed)
			}
			m.run(t, 0, "plan", "-detailed-exitcode")
		})
	}
}

// TestRule21_WhatAnotherClientTrashedComesBack: rclone deletes into the bin, and the next apply uploads nothing.
func TestRule21_WhatAnotherClientTrashedComesBack(t *testing.T) {
	s := newServer(t)
	c := startRclone(t, s)
	source := fileSet{"a": content("a", 1000), "kept": content("kept", 10)}.write(t)
	if err := os.Mkdir(filepath.Join(source, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source, "dir", "b"), content("b", 2000), 0o644); err != nil {
		t.Fatal(err)
	}
	m := newMegaplan(t, s, source)
	m.run(t, 0, "apply", "-auto-approve")
	before := s.stats().UploadBytes
	for _, name := range []string{"a", "dir/b"} {
		output(t, c.command(t, "deletefile", "--mega-hard-delete=false", "m:"+path.Join(under(name)...)))
	}
	if kinds := m.plan(t); kinds["restore_from_trash"] != 2 || kinds["upload"] != 0 {
		t.Errorf("the plan has %v", kinds)
	}
	m.run(t, 0, "apply", "-auto-approve")
	if sent := s.stats().UploadBytes - before; sent != 0 {
		t.Errorf("%d bytes were uploaded", sent)
	}
	m.run(t, 0, "plan", "-detailed-exitcode")
	m.run(t, 0, "verify")
}

// keepTrash lets what megaplan trashed expire.
func keepTrash(t *testing.T, m megaplan, keep string) {
	t.Helper()
	file := filepath.Join(m.dir, "backups.mega.hcl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block := "  trash {\n    keep = \"" + keep + "\"\n  }\n}\nbackup"
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "}\nbackup", block, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}
