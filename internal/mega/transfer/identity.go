package transfer

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// Identity tells whether a file is still the one that was looked at: it changes when the content does.
// Times are in nanoseconds. On systems without change times and inodes those are zero.
type Identity struct {
	Size, MTime, CTime int64
	Inode              uint64
}

// source is content to upload: an open file, the beginning of one that grows, or bytes in memory, which never change.
type source struct {
	file   *os.File
	bytes  []byte
	prefix *Identity
}

// identity is what the source is. As long as a file that grows may begin with its prefix it is that.
func (s source) identity() (Identity, error) {
	if s.file == nil {
		return Identity{Size: int64(len(s.bytes))}, nil
	}
	now, err := Identify(s.file)
	if err != nil || s.prefix == nil {
		return now, err
	}
	if now.Inode != s.prefix.Inode || now.Size < s.prefix.Size {
		return Identity{}, ErrSourceChanged
	}
	return *s.prefix, nil
}

func (s source) ReadAt(p []byte, off int64) (int, error) {
	if s.file == nil {
		return bytes.NewReader(s.bytes).ReadAt(p, off)
	}
	return s.file.ReadAt(p, off)
}

// unchanged is [ErrSourceChanged] unless the source still is what it was.
func (s source) unchanged(was Identity) error {
	now, err := s.identity()
	if err != nil {
		return err
	}
	if now != was {
		return ErrSourceChanged
	}
	return nil
}

// read fills p from the source. A source that has become too short has changed.
func (s source) read(p []byte, off int64, was Identity) error {
	n, err := s.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if changed := s.unchanged(was); changed != nil {
		return changed
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
