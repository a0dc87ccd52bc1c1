package interop

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const kib = 1 << 10

// chunkEnds are sizes that end exactly on a boundary of MEGA's chunk table.
var chunkEnds = []int{128 * kib, 384 * kib, 768 * kib, 1280 * kib, 4608 * kib, 5632 * kib}

// oddSizes are the sizes at which a mistake shows: the fingerprint's forms,
// AES blocks, and both sides of chunk boundaries.
var oddSizes = append([]int{
	0, 1, 15, 16, 17, 8192, 8193, 128*kib - 1, 128*kib + 1, 384*kib - 1, 384*kib + 1, 768*kib + 1,
	1024 * kib, 1024*kib + 1, 1280*kib - 1, 4608*kib + 1,
}, chunkEnds...)

// oddNames are names a person can give a file, and programs stumble over.
var oddNames = []string{
	"plain.txt", "with spaces in it", " space before", "space after ", "dot after.", ".hidden", "..two dots",
	"quote ' single", `quote " double`, "back\\slash", "-leading dash", "--option=like", "emoji 🦊🏳️‍🌈", "combining e\u0301 accent",
	"composed \u00e9 accent", "full／width slash", "per%20cent", "semi;colon & dollar $HOME", "star * question ?", "hash #1",
	"line\nbreak", "tab\tstop", "a:b|c<d>e", "日本語のファイル", strings.Repeat("long ", 40),
}

// invalidNames are no UTF-8: only programs that encode names can store them.
var invalidNames = []string{"bad \xff byte", "\xfe first"}

// content is the same for the same name, and differs between names.
func content(name string, size int) []byte {
	h := fnv.New64a()
	h.Write([]byte(name))
	data := make([]byte, size)
	source := rand.NewChaCha8([32]byte(fmt.Appendf(nil, "%032x", h.Sum64())))
	_, _ = source.Read(data)
	return data
}

// fileSet maps names to contents.
type fileSet map[string][]byte

func oddFiles() fileSet {
	set := fileSet{}
	for _, size := range oddSizes {
		name := fmt.Sprintf("size %d", size)
		set[name] = content(name, size)
	}
	for i, name := range oddNames {
		set[name] = content(name, 100+i)
	}
	return set
}

// without leaves out the files that skip picks.
func (f fileSet) without(skip func(name string, data []byte) bool) fileSet {
	rest := maps.Clone(f)
	maps.DeleteFunc(rest, skip)
	return rest
}

// renamed applies what a client does to names.
func (f fileSet) renamed(rename func(string) string) fileSet {
	out := fileSet{}
	for name, data := range f {
		out[rename(name)] = data
	}
	return out
}

// write puts the files into a new directory.
func (f fileSet) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range f {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// readFiles reads the files directly in a directory.
func readFiles(t *testing.T, dir string) fileSet {
	t.Helper()
	names, err := localFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	set := fileSet{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		set[filepath.Base(name)] = data
	}
	return set
}

// compare reports every difference by name, without printing contents.
func compare(t *testing.T, got, want fileSet) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		data, ok := got[name]
		switch {
		case !ok:
			t.Errorf("%q is missing", name)
		case !bytes.Equal(data, want[name]):
			t.Errorf("%q differs: %d bytes, want %d", name, len(data), len(want[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			t.Errorf("%q is there, nobody wrote it", name)
		}
	}
}

// megajsFails picks the files whose content, padded to AES blocks, ends on a
// chunk boundary; an empty file does, too.
func megajsFails(_ string, data []byte) bool {
	padded := (len(data) + 15) &^ 15
	return padded == 0 || slices.Contains(chunkEnds, padded)
}

func isEmpty(_ string, data []byte) bool { return len(data) == 0 }
