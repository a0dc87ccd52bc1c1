package interop

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRule20_DuplicatesOfOtherClientsAreCompared: go-mega and megajs encrypt each upload under a key of its own and write no
// fingerprint that tells, so that only the bytes say which of their twins are equal.
func TestRule20_DuplicatesOfOtherClientsAreCompared(t *testing.T) {
	for _, name := range []string{"go-mega", "megajs"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			c := clients[name](t, s)
			m := newMegaplan(t, s, nested(t, "keep"))
			config, err := os.OpenFile(filepath.Join(m.dir, "backups.mega.hcl"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = config.WriteString(`folder "theirs" {
  path      = "/theirs"
  on_delete = "destroy"
  duplicates {
    files   = "oldest"
    folders = "merge"
  }
}
`)
			if err := config.Close(); err != nil {
				t.Fatal(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			m.run(t, 0, "apply", "-auto-approve")

			const large, small = 300_000, 333
			local := fileSet{
				"large": content("one", large), "small": content("one", small), "other": content("another", large),
			}.write(t)
			put := func(name, from string) op {
				return op{Do: "put", Path: []string{"theirs", name}, Local: filepath.Join(local, from)}
			}
			do(t, c,
				put("large", "large"), put("large", "large"), put("small", "small"), put("small", "small"), put("small", "small"),
				put("differs", "large"), put("differs", "other"),
			)
			before := s.stats().DownloadBytes
			m.run(t, 0, "plan", "-verify-duplicates", "-out=p")
			fetched := s.stats().DownloadBytes - before
			if fetched != 2*large+small {
				t.Errorf("%d bytes were downloaded, want one of each name", fetched)
			}
			m.run(t, 0, "apply", "p")
			m.run(t, 0, "plan", "-detailed-exitcode")
			if got := s.stats().DownloadBytes - before; got != fetched {
				t.Errorf("%d more bytes were downloaded", got-fetched)
			}
			wantList(t, newGoMega(t, s), []string{"theirs"},
				entry{Name: "differs", Size: large}, entry{Name: "large", Size: large}, entry{Name: "small", Size: small})
			if got := countFiles(t, s, []string{"theirs"}); got != 3 {
				t.Errorf("%d files are left, want 3", got)
			}
		})
	}
}
