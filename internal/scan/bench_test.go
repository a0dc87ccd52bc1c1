//go:build linux

package scan

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/megaplan/megaplan/internal/filter"
)

// manyFiles makes 100,000 empty files in 1,000 directories.
func manyFiles(b *testing.B) string {
	b.Helper()
	root := b.TempDir()
	for i := range 1000 {
		dir := filepath.Join(root, "directory-"+strconv.Itoa(i%10), "sub-"+strconv.Itoa(i))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		for k := range 100 {
			f, err := os.Create(filepath.Join(dir, "photograph-"+strconv.Itoa(k)+".jpeg"))
			if err != nil {
				b.Fatal(err)
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	return root
}

func BenchmarkScan100kFiles(b *testing.B) {
	root := manyFiles(b)
	scan := func(opt Options) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := Scan(b.Context(), root, opt)
				if err != nil || r.Totals.Files != 100_000 {
					b.Fatal(r, err)
				}
			}
		}
	}
	b.Run("plain", scan(Options{}))
	b.Run("defaults", scan(Options{
		Preserve: Preserve{Mode: true, MTime: true, Symlinks: true},
		Filter:   filter.New(filter.Config{Exclude: lined([]string{".cache/", "*.tmp", "!keep.tmp", "/build/out", "node_modules/"}), IgnoreFiles: []string{".megaignore"}}),
	}))
	b.Run("one worker", scan(Options{Workers: 1}))
	b.Run("WalkDir and Info alone", func(b *testing.B) {
		for b.Loop() {
			err := filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
				if err == nil {
					_, err = d.Info()
				}
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
