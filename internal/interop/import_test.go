package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImportFromRclone takes over what rclone filled, with the configuration that megaplan writes from rclone's own: the
// password is what rclone reveals, and no byte is uploaded.
func TestImportFromRclone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := startRclone(t, s)
	files := fileSet{"a": content("a", 1000), "b": content("b", 200_000), "a／b": content("c", 5)}.write(t)
	output(t, c.command(t, "copy", files, "m:Backups/odd"))
	m := megaplan{server: s, source: files, dir: t.TempDir()}
	m.run(t, 0, "import", "-rclone-config="+c.config, "-source="+files, "-path=/Kept/odd", "-out=backups.mega.hcl", "m:Backups/odd")
	file := filepath.Join(m.dir, "backups.mega.hcl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `on_delete = "destroy"`) || !strings.Contains(string(text), "import {") {
		t.Errorf("megaplan import wrote:\n%s", text)
	}
	here := strings.Replace(string(text), "\n  email ", "\n  endpoint = \""+s.url+"\"\n  email ", 1)
	if err := os.WriteFile(file, []byte(here), 0o600); err != nil {
		t.Fatal(err)
	}
	before := s.stats().UploadBytes
	if kinds := m.plan(t); kinds["upload"]+kinds["update"]+kinds["copy"] != 0 || kinds["move"] != 1 {
		t.Errorf("the plan has %v", kinds)
	}
	m.run(t, 0, "apply", "-auto-approve")
	if n := s.stats().UploadBytes - before; n != 0 {
		t.Errorf("adopting uploaded %d bytes", n)
	}
	if out := m.run(t, 0, "plan"); !strings.Contains(out, "Nothing to do") {
		t.Errorf("after apply:\n%s", out)
	}
	output(t, c.command(t, "check", "--download", files, "m:Kept/odd"))
}
