package scan

import (
	"github.com/megaplan/megaplan/internal/tree"
)

// facts is what the system says about one name.
type facts struct {
	kind         fileKind
	perm         uint32 // permission bits with setuid, setgid and sticky
	uid, gid     uint32
	links        uint32
	size         int64
	mtime, ctime int64
	dev, inode   uint64
}

type fileKind uint8

const (
	isFile fileKind = iota
	isDir
	isLink
	isSocket
	isPipe
	isDevice
)

// special names the kinds that hold no content.
func (k fileKind) special() string {
	switch k {
	case isSocket:
		return "socket"
	case isPipe:
		return "pipe"
	case isDevice:
		return "device"
	}
	return ""
}

// file tells two files apart on one host.
type file struct{ dev, inode uint64 }

func (f *facts) file() file { return file{f.dev, f.inode} }

// record is one name found, on its way to the tree. The goroutine that walks a directory may change the directory's own
// record until the walk is over.
type record struct {
	facts
	name       string // as on MEGA
	local      string // as on disk, where that differs
	node       tree.Kind
	why        tree.Why
	incomplete bool
	gone       bool // vanished meanwhile
	taken      bool // something below it is taken
	below      tree.Why
	reason     string
	xattrs     map[string][]byte
	id         tree.ID
}

func (r *record) unknown(why tree.Why, reason string) {
	r.node, r.why, r.reason = tree.Unknown, why, reason
}

// batch is what one directory holds.
type batch struct {
	parent *record
	path   string // of the directory below the root, as on disk
	names  []record
}
