package interop

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/megaplan/megaplan/internal/emulator"
)

// clients are all of them, by name.
var clients = map[string]func(*testing.T, server) client{
	"go-mega":   newGoMega,
	"rclone":    newRclone,
	"megatools": newMegatools,
	"megajs":    newMegajs,
}

// canRename tells which clients rename and move at all; megatools has no such
// commands.
func canRename(name string) bool { return name != "megatools" }

// TestOperations lets each client do what people do with it, and go-mega look
// at what is left.
func TestOperations(t *testing.T) {
	for name, start := range clients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			c := start(t, s)
			local := filepath.Join(t.TempDir(), "note.txt")
			if err := os.WriteFile(local, []byte("a note\n"), 0o644); err != nil {
				t.Fatal(err)
			}

			do(t, c,
				op{Do: "list"},
				op{Do: "mkdir", Path: []string{"one"}},
				op{Do: "mkdir", Path: []string{"one", "two"}},
				op{Do: "mkdir", Path: []string{"three"}},
				op{Do: "put", Path: []string{"one", "two", "note.txt"}, Local: local},
				op{Do: "put", Path: []string{"one", "gone.txt"}, Local: local},
				op{Do: "remove", Path: []string{"one", "gone.txt"}},
			)
			back := filepath.Join(t.TempDir(), "back.txt")
			do(t, c, op{Do: "get", Path: []string{"one", "two", "note.txt"}, Local: back})
			if data, err := os.ReadFile(back); err != nil || string(data) != "a note\n" {
				t.Errorf("downloaded %q, %v", data, err)
			}
			wantList(t, c, []string{"one", "two"}, entry{Name: "note.txt", Size: 7})

			if canRename(name) {
				do(t, c,
					op{Do: "rename", Path: []string{"one", "two", "note.txt"}, To: []string{"one", "two", "renamed é.txt"}},
					op{Do: "move", Path: []string{"one", "two", "renamed é.txt"}, To: []string{"three", "renamed é.txt"}},
				)
				wantList(t, c, []string{"three"}, entry{Name: "renamed é.txt", Size: 7})
				wantList(t, c, []string{"one", "two"})
			}
			witness := newGoMega(t, s)
			wantList(t, witness, nil, entry{Name: "one", Dir: true}, entry{Name: "three", Dir: true})
			wantList(t, witness, []string{"one"}, entry{Name: "two", Dir: true})
		})
	}
}

// TestOldAccount signs every client in to an account of the old kind, whose
// passwords are hashed without a salt.
func TestOldAccount(t *testing.T) {
	for name, start := range clients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveAccount(t, emulator.Options{}, emulator.Account{V1: true})
			c := start(t, s)
			do(t, c, op{Do: "mkdir", Path: []string{"folder é"}})
			wantList(t, c, nil, entry{Name: "folder é", Dir: true})
		})
	}
}

// TestRcloneOverTLS moves API and transfers to https, on the same port.
func TestRcloneOverTLS(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := startRclone(t, s)
	source := fileSet{"small": content("small", 100), "large": content("large", 3<<20)}.write(t)
	for _, args := range [][]string{{"copy", source, "m:tls"}, {"check", "--download", source, "m:tls"}} {
		cmd := c.command(t, append(args, "--mega-use-https")...)
		cmd.Env = append(cmd.Env, "X_MEGA_API_URL="+strings.Replace(s.url, "http:", "https:", 1), "SSL_CERT_FILE="+s.caFile)
		output(t, cmd)
	}
}

func wantList(t *testing.T, c client, path []string, want ...entry) {
	t.Helper()
	got := do(t, c, op{Do: "list", Path: path}).Entries
	slices.SortFunc(got, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	for i := range got {
		if got[i].Dir {
			got[i].Size = 0
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("list %q (-want +got):\n%s", path, diff)
	}
}
