package restore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/tree"
)

// A large file is fetched under a name made of its handle, which stands for the same content for ever, so that a later run
// finds what an earlier one had no time to complete. Beside it lie notes: the chunks that were written, with their MACs. They
// are believed only as far as the bytes on the disk bear them out.

// partName is the temporary name of a large file. Digits, since some disks ignore case.
func partName(h tree.Handle) string { return fmt.Sprintf("%spart-%012x", tempPrefix, uint64(h)) }

// notesName is the name of the notes about a file.
func notesName(part string) string { return part + ".notes" }

// hasPart says that an entry is so large that an unfinished download is kept.
func (e *Entry) hasPart() bool { return (e.Kind == File || e.Kind == Hardlink) && e.Size >= largeFile }

// temporary is a file that is being written, under a name of its own.
type temporary struct {
	*os.File
	dir   *os.Root
	name  string
	notes *notes // nil: nothing is known of it afterwards
	part  transfer.Part
	named bool // it has its own name by now
}

// openPart opens the file that a former run may have begun, for this process alone. It reports false where another one has
// it, or where what is there is none of ours.
func openPart(dir *os.Root, e *Entry, mode fs.FileMode) (*temporary, bool) {
	name := partName(e.Handle)
	f, err := dir.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		f, err = openOwn(dir, name)
	}
	if err != nil {
		return nil, false
	}
	if !lock(f) || !isStill(dir, name, f) {
		_ = f.Close() // nothing was written
		return nil, false
	}
	t := &temporary{File: f, dir: dir, name: name}
	if t.notes, t.part.Have, err = openNotes(dir, e); err != nil {
		_ = f.Close() // nothing was written
		return nil, false
	}
	t.part.Wrote = t.notes.add
	return t, true
}

// openOwn opens a file of a former run: a file of this user's with no other name, so that writing it changes nothing else.
func openOwn(dir *os.Root, name string) (*os.File, error) {
	before, err := dir.Lstat(name)
	if err == nil && !isOwn(before) {
		err = errLink
	}
	if err != nil {
		return nil, err
	}
	f, err := dir.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	opened, err := f.Stat()
	if err == nil && (!os.SameFile(before, opened) || !isOwn(opened)) {
		err = errLink
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// isStill says that a name still is the file's: another run may have taken it away before the file was locked.
func isStill(dir *os.Root, name string, f *os.File) bool {
	there, err := dir.Lstat(name)
	if err != nil {
		return false
	}
	opened, err := f.Stat()
	return err == nil && os.SameFile(there, opened)
}

// close ends the writing. Unless keep is set, what is noted of the file goes, and so does the file if it has no other name.
func (t *temporary) close(keep bool) error {
	err := t.File.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	if t.notes != nil {
		kept, closeErr := t.notes.close()
		err = errors.Join(err, closeErr)
		if keep && kept {
			return err
		}
		err = errors.Join(err, drop(t.dir, notesName(t.name)))
	}
	if !t.named {
		err = errors.Join(err, drop(t.dir, t.name))
	}
	return err
}

// worthKeeping says that an unfinished file may be completed by a later run: the content did not come, but nothing is wrong
// with what did. On a full disk the room is of more use.
func worthKeeping(err error) bool {
	return err != nil && !errors.Is(err, transfer.ErrCorrupt) && !errors.As(err, new(*fs.PathError))
}

// notes are what is known of a file: a header, then for each chunk its number in four bytes and its MAC in sixteen.
type notes struct {
	mu    sync.Mutex
	file  *os.File
	at    int64 // where the next one goes
	empty bool
	err   error
}

const noteSize = 4 + len(crypt.MAC{})

func notesHeader(e *Entry) []byte {
	return fmt.Appendf(nil, "megaplan restore 1 %s %d\n", e.Handle, e.Size)
}

// openNotes reads the notes about an entry's file and opens them for more. Notes about something else are emptied.
func openNotes(dir *os.Root, e *Entry) (*notes, []transfer.Done, error) {
	name := notesName(partName(e.Handle))
	f, err := dir.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		f, err = openOwn(dir, name)
	}
	if err != nil {
		return nil, nil, err
	}
	n := &notes{file: f}
	have, err := n.read(e)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	lock(f) // so that no other run sweeps it
	return n, have, nil
}

func (n *notes) read(e *Entry) ([]transfer.Done, error) {
	head, chunks := notesHeader(e), crypt.ChunkCount(e.Size)
	// A chunk that had to be fetched again is noted again.
	text, err := io.ReadAll(io.LimitReader(n.file, int64(len(head))+4*int64(chunks*noteSize)))
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(text, head)
	if !ok {
		rest = nil
		if _, err := n.file.WriteAt(head, 0); err != nil {
			return nil, err
		}
	}
	have := parseNotes(rest, chunks)
	n.at, n.empty = int64(len(head)+len(rest)/noteSize*noteSize), len(have) == 0
	return have, n.file.Truncate(n.at) // a note that was cut off would shift those after it
}

// parseNotes reads whole notes about chunks that the file has.
func parseNotes(text []byte, chunks int) []transfer.Done {
	var have []transfer.Done
	for ; len(text) >= noteSize; text = text[noteSize:] {
		chunk := binary.BigEndian.Uint32(text)
		if int64(chunk) < int64(chunks) {
			have = append(have, transfer.Done{First: int(chunk), MACs: []crypt.MAC{crypt.MAC(text[4:noteSize])}})
		}
	}
	return have
}

// add notes chunks that are in the file. A note that cannot be written costs the later run a chunk.
func (n *notes) add(d transfer.Done) {
	text := make([]byte, 0, len(d.MACs)*noteSize)
	for i, mac := range d.MACs {
		text = binary.BigEndian.AppendUint32(text, uint32(d.First+i)) //nolint:gosec // the largest files have fewer chunks
		text = append(text, mac[:]...)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return
	}
	if _, n.err = n.file.WriteAt(text, n.at); n.err == nil {
		n.at += int64(len(text))
		n.empty = false
	}
}

// close says whether there is something noted.
func (n *notes) close() (kept bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.empty, n.file.Close()
}
