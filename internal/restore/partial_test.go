package restore

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/tree"
)

func mac(b byte) crypt.MAC { return crypt.MAC(bytes.Repeat([]byte{b}, len(crypt.MAC{}))) }

var noted = &Entry{Kind: File, Handle: tree.Handle(0x0102030405ff), Size: 20 << 20}

func testRoot(t *testing.T) *os.Root {
	t.Helper()
	dir, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	return dir
}

// testdata/notes-1 was written by the first version that wrote notes: chunks 0 to 2, then 9, then half a note.
func TestNotesOfTheFirstVersionAreRead(t *testing.T) {
	dir := testRoot(t)
	text, err := os.ReadFile(filepath.Join("testdata", "notes-1"))
	if err != nil {
		t.Fatal(err)
	}
	name := notesName(partName(noted.Handle))
	if err := dir.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	n, have, err := openNotes(dir, noted)
	if err != nil {
		t.Fatal(err)
	}
	want := []transfer.Done{{First: 0, MACs: []crypt.MAC{mac('a')}}, {First: 1, MACs: []crypt.MAC{mac('b')}}, {First: 2, MACs: []crypt.MAC{mac('c')}}, {First: 9, MACs: []crypt.MAC{mac('d')}}}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	n.add(transfer.Done{First: 10, MACs: []crypt.MAC{mac('e')}}) // in the place of the half one
	if _, err := n.close(); err != nil {
		t.Fatal(err)
	}
	if _, have, err = openNotes(dir, noted); err != nil || len(have) != 5 || have[4].First != 10 {
		t.Errorf("%v, %v", have, err)
	}
}

// Notes about another file, another size, or nothing at all are not believed.
func TestNotesOfSomethingElseAreEmptied(t *testing.T) {
	record := "\x00\x00\x00\x01" + strings.Repeat("a", 16)
	for _, text := range []string{"", "junk", "megaplan restore 1 AQIDBAX_ 4\n" + record, "megaplan restore 1 AQIDBAXx 20971520\n" + record, "megaplan restore 2 AQIDBAX_ 20971520\n" + record} {
		dir := testRoot(t)
		if err := dir.WriteFile(notesName(partName(noted.Handle)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n, have, err := openNotes(dir, noted)
		if err != nil || len(have) != 0 {
			t.Errorf("%q: %v, %v", text, have, err)
		}
		if kept, err := n.close(); kept || err != nil {
			t.Errorf("%q: kept %v, %v", text, kept, err)
		}
	}
}

// A chunk that the file cannot have is no note.
func TestParseNotes(t *testing.T) {
	text := append([]byte{0, 0, 0, 7}, bytes.Repeat([]byte("a"), 16)...)
	text = append(append(text, 0xff, 0xff, 0xff, 0xff), bytes.Repeat([]byte("b"), 16)...)
	if have := parseNotes(text, 8); len(have) != 1 || have[0].First != 7 {
		t.Errorf("%v", have)
	}
	if have := parseNotes(text, 7); len(have) != 0 {
		t.Errorf("%v", have)
	}
}

func FuzzParseNotes(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01aaaaaaaaaaaaaaaa\x00"), 3)
	f.Fuzz(func(t *testing.T, text []byte, chunks int) {
		for _, d := range parseNotes(text, chunks) {
			if d.First < 0 || d.First >= chunks || len(d.MACs) != 1 {
				t.Errorf("%v of %d chunks", d, chunks)
			}
		}
	})
}
