package restore

import (
	"io/fs"
	"os"
	"time"

	"github.com/megaplan/megaplan/internal/scan"
)

// bits that are no permissions, as POSIX numbers them.
const (
	setuid = 0o4000
	setgid = 0o2000
	sticky = 0o1000
)

// modeOf turns recorded bits into Go's.
func modeOf(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	for _, b := range specialBits {
		if bits&b.bits != 0 {
			mode |= b.mode
		}
	}
	return mode
}

// bitsOf is the reverse of modeOf.
func bitsOf(mode fs.FileMode) uint32 {
	bits := uint32(mode.Perm())
	for _, b := range specialBits {
		if mode&b.mode != 0 {
			bits |= b.bits
		}
	}
	return bits
}

var specialBits = []struct {
	bits uint32
	mode fs.FileMode
}{{setuid, fs.ModeSetuid}, {setgid, fs.ModeSetgid}, {sticky, fs.ModeSticky}}

// attributes sets owner, mode and extended attributes of an open file or directory, in this order: a new owner takes bits
// away. extra bits are added to the mode. What could not be set is returned.
func (r *run) attributes(f *os.File, m *scan.Meta, extra uint32) (errs []error) {
	foreign := false
	if m.Owner != nil {
		owned, err := r.own(f, m.Owner)
		foreign = !owned
		if err != nil {
			errs = append(errs, err)
		}
	}
	if m.HasMode {
		bits := m.Mode | extra
		if foreign {
			bits &^= setuid | setgid // they were meant for another owner
		}
		if err := f.Chmod(modeOf(bits)); err != nil {
			errs = append(errs, err)
		}
	}
	return append(errs, setXAttrs(f, m.XAttrs)...)
}

// setTime dates a name that is no link.
func setTime(dir *os.Root, name string, ns int64) error {
	return dir.Chtimes(name, time.Time{}, time.Unix(0, ns))
}
