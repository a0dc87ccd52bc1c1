//go:build linux || darwin

package restore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/megaplan/megaplan/internal/scan"
)

// lock takes a file for this process; false when another one has it.
func lock(f *os.File) bool {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
}

// freeBytes is the room on a directory's disk that this user may take.
func freeBytes(dir string) (int64, bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true //nolint:gosec,unconvert // no disk has so much; the types differ by system
}

// isOwn says that what is there is a file of this user's with no other name.
func isOwn(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode().IsRegular() && st.Nlink == 1 && int(st.Uid) == os.Geteuid()
}

// own gives a file to its recorded owner where the process may. It says whether the file is the owner's now.
func (r *run) own(f *os.File, o *scan.Owner) (bool, error) {
	uid, gid := idsOf(o)
	if r.env.Owner {
		if err := f.Chown(uid, gid); err != nil {
			return false, err
		}
		return true, nil
	}
	return uid == os.Geteuid() && gid == os.Getegid(), nil
}

// known remembers numbers of names, for a restore asks about few names often.
var known sync.Map

type ownerName struct {
	group bool
	name  string
	id    uint32
}

// idsOf are the numbers that the recorded names have here, or the recorded numbers where a name is unknown.
func idsOf(o *scan.Owner) (uid, gid int) {
	return numberOf(ownerName{false, o.User, o.UID}), numberOf(ownerName{true, o.Group, o.GID})
}

func numberOf(n ownerName) int {
	if id, ok := known.Load(n); ok {
		return id.(int)
	}
	id := int(n.id)
	if text := lookup(n); text != "" {
		if number, err := strconv.Atoi(text); err == nil {
			id = number
		}
	}
	known.Store(n, id)
	return id
}

func lookup(n ownerName) string {
	if n.name == "" {
		return ""
	}
	if n.group {
		if g, err := user.LookupGroup(n.name); err == nil {
			return g.Gid
		}
		return ""
	}
	if u, err := user.Lookup(n.name); err == nil {
		return u.Uid
	}
	return ""
}

func setXAttrs(f *os.File, attrs map[string][]byte) (errs []error) {
	names := make([]string, 0, len(attrs))
	for name := range attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := unix.Fsetxattr(int(f.Fd()), name, attrs[name], 0); err != nil {
			errs = append(errs, fmt.Errorf("extended attribute %s: %w", name, err))
		}
	}
	return errs
}

// linkAttributes sets owner and date of a link itself. Extended attributes of links are not restored: only the system's own
// kinds exist there.
func (r *run) linkAttributes(dir *os.Root, name string, e *Entry) (errs []error) {
	if e.Meta.Owner != nil && r.env.Owner {
		uid, gid := idsOf(e.Meta.Owner)
		if err := dir.Lchown(name, uid, gid); err != nil {
			errs = append(errs, err)
		}
	}
	f, err := dir.Open(".")
	if err != nil {
		return append(errs, err)
	}
	date := unix.NsecToTimespec(e.MTime)
	err = unix.UtimesNanoAt(int(f.Fd()), name, []unix.Timespec{date, date}, unix.AT_SYMLINK_NOFOLLOW)
	if err = errors.Join(err, f.Close()); err != nil {
		errs = append(errs, fmt.Errorf("date: %w", err))
	}
	return errs
}
