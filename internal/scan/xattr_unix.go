//go:build linux || darwin

package scan

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// hostOnly are attributes that mean something only on the host that wrote them.
var hostOnly = []string{"security.selinux", "security.ima", "security.evm"}

// xattrs reads the extended attributes of a path, not following a link.
func xattrs(path string) (map[string][]byte, error) {
	list, err := grow(func(buf []byte) (int, error) { return unix.Llistxattr(path, buf) })
	if err != nil {
		return nil, xattrError(path, err)
	}
	var out map[string][]byte
	for raw := range bytes.SplitSeq(list, []byte{0}) {
		name := string(raw)
		if name == "" || slices.Contains(hostOnly, name) || !utf8.ValidString(name) {
			continue
		}
		value, err := grow(func(buf []byte) (int, error) { return unix.Lgetxattr(path, name, buf) })
		if errors.Is(err, noAttribute) {
			continue // gone meanwhile
		}
		if err != nil {
			return out, xattrError(path, err)
		}
		if out == nil {
			out = map[string][]byte{}
		}
		out[name] = value
	}
	return out, nil
}

// grow asks for the size first, and again when it has changed.
func grow(read func([]byte) (int, error)) ([]byte, error) {
	for {
		size, err := read(nil)
		if err != nil || size == 0 {
			return nil, err
		}
		buf := make([]byte, size)
		n, err := read(buf)
		if err == nil {
			return buf[:n], nil
		}
		if !errors.Is(err, unix.ERANGE) {
			return nil, err
		}
	}
}

func xattrError(path string, err error) error {
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOENT) {
		return nil
	}
	return &fs.PathError{Op: "read attributes", Path: path, Err: err}
}
