//go:build linux

package scan

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestRule6_PermissionsMakeUnknown runs as somebody whom permissions stop; root starts itself again for that.
func TestRule6_PermissionsMakeUnknown(t *testing.T) {
	if os.Geteuid() == 0 {
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestRule6_PermissionsMakeUnknown$", "-test.v")
		cmd.Dir, cmd.Env = "/", []string{"TMPDIR=/tmp"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("as another user: %v\n%s", err, out)
		}
		return
	}
	root := fill(t, "a", "unreadable", "group", "closed/x", "blind/x", "dark/y", "dark/z", "mute/.megaignore=y", "mute/y", "skipped", "skippeddir/x")
	modes := map[string]os.FileMode{"unreadable": 0o200, "group": 0o040, "closed": 0, "blind": 0o300, "dark": 0o600, "mute/.megaignore": 0, "skipped": 0, "skippeddir": 0}
	for name, mode := range modes {
		must(t, os.Chmod(filepath.Join(root, name), mode))
		t.Cleanup(func() { must(t, os.Chmod(filepath.Join(root, name), 0o700)) })
	}
	r := scanned(t, root, Options{Filter: excluding("skipped", "skippeddir/")})
	denied := "unreadable: permission denied"
	want(t, "tree", outline(r), map[string]string{
		"a": "file", "unreadable": denied, "group": denied, "closed": "directory, incomplete: permission denied",
		"blind": "directory, incomplete: permission denied", "dark": "directory", "dark/y": denied, "dark/z": denied,
		"mute": "unreadable: its .megaignore cannot be read", "skipped": "excluded: exclude, x.mega.hcl:1", "skippeddir": "excluded: exclude, x.mega.hcl:2",
	})
	if len(r.Problems) != 7 || !r.ReadErrors() {
		t.Errorf("problems: %q", problems(r))
	}
	_, err := Scan(t.Context(), filepath.Join(root, "closed"), Options{})
	want(t, "closed root", err.Error(), "source "+root+"/closed cannot be read: open "+root+"/closed: permission denied")
}
