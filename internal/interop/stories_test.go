package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStories tells random stories: somebody edits the source, another client edits the backup, megaplan applies, and some of that is cut
// off. After each apply nothing is left to do and no more was uploaded than bytes were written; in the end all of it comes back, and
// rclone finds the source's bytes under the source's names.
func TestStories(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newStory(t, seed, "")
			s.others = []client{startRclone(t, s.m.server), newGoMega(t, s.m.server), newMegajs(t, s.m.server)}
			if seed%2 == 1 {
				s.keepLog()
			}
			s.tell(20)
			s.comesBack(s.m.source)
			s.m.run(t, 0, "verify")
			rc := startRclone(t, s.m.server)
			output(t, rc.command(t, "check", "--download", "--one-way", "--skip-links", s.m.source, "m:"+path.Join(remoteRoot...)))
		})
	}
}

// TestSnapshotStories tells them to a backup that keeps snapshots. Each is the source as it was, whatever came later.
func TestSnapshotStories(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			need(t, "")
			s := newStory(t, 100+seed, `mode = "snapshots"`)
			s.past = map[string]string{}
			s.tell(10)
			for name, was := range s.past {
				s.comesBack(was, "-snapshot="+name)
			}
			s.m.run(t, 0, "verify")
		})
	}
}

// story is one random story.
type story struct {
	t       *testing.T
	rng     *rand.Rand
	m       megaplan
	others  []client          // who meddle
	past    map[string]string // where the source is as it was, by snapshot; nil without snapshots
	written int64             // bytes, since the last apply
	growing string            // a log that is appended to during every apply; "" for none
	serial  int
	log     []string
}

func newStory(t *testing.T, seed uint64, arguments string) *story {
	t.Helper()
	return &story{t: t, rng: rand.New(rand.NewPCG(seed, 7)), m: newMegaplanWith(t, newServer(t), t.TempDir(), arguments)}
}

func (s *story) tell(chapters int) {
	s.t.Helper()
	defer func() {
		if s.t.Failed() {
			s.t.Log("the story:\n" + strings.Join(s.log, "\n"))
		}
	}()
	for range 12 {
		s.write(s.newPath())
	}
	for chapter := range chapters {
		for range 1 + s.rng.IntN(8) {
			s.edit()
		}
		if chapter > 0 && len(s.others) > 0 {
			s.meddle()
		}
		s.apply()
		if s.past != nil {
			s.remember()
		}
	}
	s.growing = ""
}

// remember keeps the source as it is, under the name of the newest snapshot.
func (s *story) remember() {
	s.t.Helper()
	var list struct {
		Backups []struct {
			Snapshots []struct{ Name string }
		}
	}
	s.must(json.Unmarshal([]byte(s.m.run(s.t, 0, "snapshots", "-json")), &list))
	if len(list.Backups) != 1 || len(list.Backups[0].Snapshots) == 0 {
		s.t.Fatal("there is no snapshot")
	}
	name := list.Backups[0].Snapshots[0].Name
	if _, known := s.past[name]; !known {
		s.past[name] = filepath.Join(s.t.TempDir(), "past")
		output(s.t, exec.CommandContext(s.t.Context(), "cp", "-a", s.m.source, s.past[name]))
	}
}

func (s *story) say(format string, args ...any) { s.log = append(s.log, fmt.Sprintf(format, args...)) }

func (s *story) apply() {
	s.t.Helper()
	args := []string{"apply", "-auto-approve", "-allow-mass-delete=*"}
	if s.rng.IntN(3) == 0 {
		args = append(args, "-verify-duplicates")
	}
	cut := s.rng.IntN(3) == 0
	stop := func() {}
	if s.growing != "" {
		stop = keepAppending(s.t, s.growing)
	}
	if cut {
		s.cutOff(args)
	}
	before := s.m.server.stats()
	s.say("%s", strings.Join(args, " "))
	s.m.run(s.t, 0, args...)
	if stop(); s.growing != "" {
		s.m.run(s.t, 0, args...)
		info, err := os.Stat(s.growing)
		s.must(err)
		s.written += 2 * info.Size()
	}
	s.m.run(s.t, 0, "plan", "-detailed-exitcode")
	after := s.m.server.stats()
	if n := after.UploadBytes - before.UploadBytes; n > s.written {
		s.t.Fatalf("uploaded %d bytes, of which only %d were written since the last apply", n, s.written)
	}
	if n := after.TreeFetches - before.TreeFetches; n > 1 || n == 1 && len(s.log) > 40 && !cut {
		s.t.Fatalf("the tree was read %d times", n)
	}
	s.written = 0
}

// keepLog gives the source a file that never rests while megaplan is at work.
func (s *story) keepLog() {
	s.t.Helper()
	s.growing = s.disk(logName)
	s.must(os.WriteFile(s.growing, content(logName, 5000), 0o644))
	declareGrowing(s.t, s.m, logName)
}

const logName = "always.log"

// cutOff runs an apply that somebody interrupts or kills. It may have ended before.
func (s *story) cutOff(args []string) {
	s.t.Helper()
	sig := []os.Signal{os.Interrupt, os.Kill}[s.rng.IntN(2)]
	after := time.Duration(s.rng.IntN(400)) * time.Millisecond
	cmd := s.m.command(s.t, args...)
	s.must(cmd.Start())
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Signal(sig) })
	err := cmd.Wait()
	kill.Stop()
	s.say("%v after %v: %v", sig, after, err)
}

// paths lists what is in the source, files or folders.
func (s *story) paths(wanted func(fs.FileMode) bool) []string { return s.below(s.m.source, wanted) }

func (s *story) below(dir string, wanted func(fs.FileMode) bool) []string {
	s.t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && p != dir && p != s.growing && wanted(d.Type()) {
			list = append(list, strings.TrimPrefix(p, dir+"/"))
		}
		return err
	})
	s.must(err)
	return list
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// pick returns one of a list, "" from an empty one.
func (s *story) pick(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[s.rng.IntN(len(list))]
}

func (s *story) file() string   { return s.pick(s.paths(fs.FileMode.IsRegular)) }
func (s *story) folder() string { return s.pick(append(s.paths(fs.FileMode.IsDir), "")) }

func (s *story) disk(p string) string { return filepath.Join(s.m.source, p) }

// newPath is a name, often a common one, in some folder; something may be there.
func (s *story) newPath() string {
	names := []string{"a", "b", "c", "A", "caf\u00e9", "dot.", " space", "x:y"}
	s.serial++
	return path.Join(s.folder(), s.pick(append(names, fmt.Sprintf("file %d", s.serial), fmt.Sprintf("dir %d/file", s.serial))))
}

// write gives a path new bytes, whatever was there.
func (s *story) write(p string) {
	s.t.Helper()
	size := []int{0, 1, 100, 5000, 9000, 150_000, 400_000}[s.rng.IntN(7)]
	s.writeSize(p, size)
}

func (s *story) writeSize(p string, size int) {
	s.t.Helper()
	s.serial++
	s.say("write %q, %d bytes", p, size)
	if info, err := os.Lstat(s.disk(p)); err == nil && !info.Mode().IsRegular() {
		s.must(os.RemoveAll(s.disk(p)))
	}
	s.must(os.MkdirAll(filepath.Dir(s.disk(p)), 0o755))
	s.must(os.WriteFile(s.disk(p), content(fmt.Sprint(s.serial), size), 0o644))
	s.date(p)
	s.written += int64(size)
}

// date gives a file a date of its own: what is written within a second of another is told apart by more than its size.
func (s *story) date(p string) {
	s.t.Helper()
	when := time.Date(2026, 1, 1, 0, 0, s.serial, s.serial, time.UTC)
	s.must(os.Chtimes(s.disk(p), when, when))
}

// edit does one thing to the source.
func (s *story) edit() {
	s.t.Helper()
	p, to := s.file(), s.newPath()
	switch s.rng.IntN(14) {
	case 0, 1, 2:
		s.write(to)
	case 3:
		if p != "" {
			info, err := os.Stat(s.disk(p))
			s.must(err)
			s.writeSize(p, int(info.Size()))
		}
	case 4:
		if p != "" {
			s.say("remove %q", p)
			s.must(os.Remove(s.disk(p)))
		}
	case 5, 6:
		if p != "" {
			s.rename(p, to)
		}
	case 7, 8:
		if d := s.folder(); d != "" {
			s.rename(d, to)
		}
	case 9:
		s.swap(p, s.file())
	case 10:
		s.copy(p, to)
	case 11:
		if d := s.folder(); d != "" {
			s.copy(d, to)
		}
	case 12:
		if p != "" {
			s.serial++
			s.say("touch %q", p)
			s.date(p)
			s.must(os.Chmod(s.disk(p), []fs.FileMode{0o600, 0o644, 0o755}[s.rng.IntN(3)]))
		}
	case 13:
		if _, err := os.Lstat(s.disk(to)); err != nil {
			s.say("link %q", to)
			s.must(os.MkdirAll(filepath.Dir(s.disk(to)), 0o755))
			s.must(os.Symlink("../elsewhere", s.disk(to)))
			s.written += int64(len("../elsewhere"))
		}
	}
}

// rename moves a file or folder over whatever is at the new path, unless one lies in the other.
func (s *story) rename(from, to string) {
	s.t.Helper()
	if strings.HasPrefix(to+"/", from+"/") || strings.HasPrefix(from+"/", to+"/") {
		return
	}
	s.say("rename %q to %q", from, to)
	s.must(os.RemoveAll(s.disk(to)))
	s.must(os.MkdirAll(filepath.Dir(s.disk(to)), 0o755))
	s.must(os.Rename(s.disk(from), s.disk(to)))
}

func (s *story) swap(a, b string) {
	s.t.Helper()
	if a == "" || a == b {
		return
	}
	s.say("swap %q and %q", a, b)
	aside := s.disk("aside")
	s.must(os.Rename(s.disk(a), aside))
	s.must(os.Rename(s.disk(b), s.disk(a)))
	s.must(os.Rename(aside, s.disk(b)))
}

// copy makes a second one of a file or folder, dates included. Its bytes count: the first one may be new as well.
func (s *story) copy(from, to string) {
	s.t.Helper()
	if from == "" || strings.HasPrefix(to+"/", from+"/") || strings.HasPrefix(from+"/", to+"/") {
		return
	}
	s.say("copy %q to %q", from, to)
	s.must(os.RemoveAll(s.disk(to)))
	s.must(os.MkdirAll(filepath.Dir(s.disk(to)), 0o755))
	output(s.t, exec.CommandContext(s.t.Context(), "cp", "-a", s.disk(from), s.disk(to)))
	s.must(filepath.WalkDir(s.disk(to), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		s.written += info.Size()
		return err
	}))
}

// meddle lets another client change the backup. What it takes away counts as written: it may have to be uploaded again.
func (s *story) meddle() {
	s.t.Helper()
	who := s.rng.IntN(len(s.others))
	c := s.others[who]
	p, to := s.file(), path.Join(s.folder(), fmt.Sprintf("foreign %d", s.rng.IntN(3)))
	if p == "" || strings.ContainsAny(p, ".: ") { // clients spell such names each in its own way
		return
	}
	remote := func(p string) []string { return slices.Concat(remoteRoot, strings.Split(p, "/")) }
	local := filepath.Join(s.t.TempDir(), "foreign")
	data := content(fmt.Sprintf("foreign %d", s.serial), 1000+s.serial)
	s.must(os.WriteFile(local, data, 0o644))
	o := []op{
		{Do: "remove", Path: remote(p)},
		{Do: "rename", Path: remote(p), To: remote(path.Join(path.Dir(p), "foreign name"))},
		{Do: "put", Path: remote(p), Local: local},
		{Do: "put", Path: remote(p), Local: s.disk(p)}, // perhaps a second one of the same
		{Do: "put", Path: remote(to), Local: local},
		{Do: "mkdir", Path: remote(to + " folder")},
	}[s.rng.IntN(6)]
	r := c.run(s.t, o)[0]
	s.say("%T: %s %q %q: %s", c, o.Do, o.Path, o.To, r.Error)
	s.written += 1 << 20
}

// comesBack restores the backup and compares it with a directory.
func (s *story) comesBack(dir string, flags ...string) {
	s.t.Helper()
	to := filepath.Join(s.t.TempDir(), "back")
	out, err := try(s.m.command(s.t, append([]string{"restore", "-to=" + to, "backup.odd"}, flags...)...))
	if err != nil && !strings.Contains(err.Error(), "duplicate: another one of that name is restored") { // a foreign node may lie beside
		s.t.Fatalf("%v\n%s", err, out)
	}
	for _, p := range s.below(dir, func(fs.FileMode) bool { return true }) {
		want, err := os.Lstat(filepath.Join(dir, p))
		s.must(err)
		got, err := os.Lstat(filepath.Join(to, p))
		switch {
		case err != nil:
			s.t.Errorf("%q did not come back: %v", p, err)
			continue
		case got.Mode() != want.Mode():
			s.t.Errorf("%q came back with mode %v, want %v", p, got.Mode(), want.Mode())
		case !want.Mode().IsRegular():
			continue
		case !got.ModTime().Equal(want.ModTime()):
			s.t.Errorf("%q came back with date %v, want %v", p, got.ModTime(), want.ModTime())
		}
		wantData, err := os.ReadFile(filepath.Join(dir, p))
		s.must(err)
		gotData, err := os.ReadFile(filepath.Join(to, p))
		s.must(err)
		if !bytes.Equal(gotData, wantData) {
			s.t.Errorf("%q came back with other bytes", p)
		}
	}
}
