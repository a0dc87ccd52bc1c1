package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestRcloneReadsTheState lets rclone fetch what megaplan keeps of its state in the account: ordinary files, whole, and objects
// named for what they hold. Taken back by rclone to where it was, it is the state again.
func TestRcloneReadsTheState(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := startRclone(t, s)
	files := fileSet{"a": content("a", 1000), "b": content("b", 200_000)}.write(t)
	m := newMegaplan(t, s, files)
	if err := os.WriteFile(filepath.Join(m.dir, "state.mega.hcl"), []byte("megaplan {\n  backend \"mega\" {\n  }\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.run(t, 0, "apply", "-auto-approve")
	m.run(t, 0, "apply", "-auto-approve")

	got := t.TempDir()
	output(t, c.command(t, "copy", "m:.megaplan", got))
	text, err := os.ReadFile(filepath.Join(got, "megaplan.state.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Serial    int
		Resources []struct{ Address string }
	}
	if err := json.Unmarshal(text, &doc); err != nil || doc.Serial == 0 || len(doc.Resources) != 1 || doc.Resources[0].Address != "backup.odd" {
		t.Errorf("the document: %v\n%s", err, text)
	}
	objects, err := os.ReadDir(filepath.Join(got, "objects"))
	if err != nil || len(objects) < 2 {
		t.Fatalf("objects: %v, %v", objects, err)
	}
	for _, o := range objects {
		data, err := os.ReadFile(filepath.Join(got, "objects", o.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != o.Name() {
			t.Errorf("object %s holds something else", o.Name())
		}
		if regexp.MustCompile(`^megaplan (manifest|delta)`).Match(data) {
			t.Errorf("object %s is not sealed", o.Name())
		}
	}
	output(t, c.command(t, "check", "--download", got, "m:.megaplan"))

	output(t, c.command(t, "purge", "m:.megaplan"))
	if out := m.run(t, 0, "state", "list"); out != "" {
		t.Errorf("without the folder there is %s", out)
	}
	output(t, c.command(t, "copy", got, "m:.megaplan"))
	if out := m.run(t, 0, "state", "list"); out != "backup.odd\n" {
		t.Errorf("taken back: %q", out)
	}
	m.run(t, 0, "plan", "-detailed-exitcode")
	m.run(t, 0, "apply", "-auto-approve")
	m.run(t, 0, "drift")
}
