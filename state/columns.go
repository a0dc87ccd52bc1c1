package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"github.com/megaplan/megaplan/internal/tree"
)

// manifestMagic starts a manifest; its last character is the version.
const manifestMagic = "megaplan manifest 1"

// Encode returns the manifest as one compressed object: paths as what they share with the one before and the rest, times as
// differences, handles and checksums as they are.
func (m Manifest) Encode() ([]byte, error) {
	w, err := m.columns()
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	out, err := w.bytes(manifestMagic)
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return out, nil
}

// DecodeManifest reads what Encode writes. It returns a *CorruptError for bytes that are no manifest.
func DecodeManifest(data []byte) (Manifest, error) {
	columns, err := readFrame(data, manifestMagic, manifestColumns)
	if err != nil {
		return nil, corruptFrame("manifest", err)
	}
	m, err := manifestOf(columns)
	if err != nil {
		return nil, corrupt("manifest", err)
	}
	return m, nil
}

// corruptFrame leaves a newer version what it is.
func corruptFrame(object string, err error) error {
	var newer *NewerVersionError
	if errors.As(err, &newer) {
		return fmt.Errorf("read %s: %w", object, err)
	}
	return corrupt(object, err)
}

const (
	manifestColumns = 7
	flagDir         = 1
	flagCRC         = 2
	maxHandle       = 1<<48 - 1
	maxPath         = 1 << 20 // more than any path can be: what a damaged column may ask for ends here
	maxPaths        = 1 << 33
)

func (m Manifest) columns() (*frameWriter, error) {
	m = m.sorted()
	flags := make([]byte, 0, len(m))
	paths, sizes, times := make([]byte, 0, 16*len(m)), make([]byte, 0, 4*len(m)), make([]byte, 0, 4*len(m))
	handles, sums, metas := make([]byte, 0, 6*len(m)), make([]byte, 0, 16*len(m)), make([]byte, 0, 48*len(m))
	last, mtime := "", int64(0)
	for i := range m {
		e := &m[i]
		if e.Handle > maxHandle || e.Size < 0 || len(e.Path) > maxPath {
			return nil, fmt.Errorf("entry %q is out of bounds", e.Path)
		}
		shared := sharedPrefix(last, string(e.Path))
		paths = binary.AppendUvarint(paths, uint64(shared))
		paths = binary.AppendUvarint(paths, uint64(len(e.Path)-shared))
		paths = append(paths, e.Path[shared:]...)
		last = string(e.Path)
		var flag byte
		if e.Dir {
			flag |= flagDir
		}
		if e.CRC != [16]byte{} {
			flag |= flagCRC
			sums = append(sums, e.CRC[:]...)
		}
		flags = append(flags, flag)
		sizes = binary.AppendUvarint(sizes, uint64(e.Size))
		times = binary.AppendVarint(times, e.MTime-mtime)
		mtime = e.MTime
		handles = binary.BigEndian.AppendUint16(handles, uint16(e.Handle>>32))
		handles = binary.BigEndian.AppendUint32(handles, uint32(e.Handle))
		metas = binary.AppendUvarint(metas, uint64(len(e.Meta)))
		metas = append(metas, e.Meta...)
	}
	return &frameWriter{[][]byte{flags, paths, sizes, times, handles, sums, metas}}, nil
}

func sharedPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func manifestOf(columns [][]byte) (Manifest, error) {
	flags := columns[0]
	paths, err := readPaths(columns[1], len(flags))
	if err != nil {
		return nil, err
	}
	sizes, times, handles, sums := &column{b: columns[2]}, &column{b: columns[3]}, &column{b: columns[4]}, &column{b: columns[5]}
	metas := &column{b: columns[6]}
	metaText := view(columns[6])
	m := make(Manifest, len(flags))
	var mtime int64
	for i := range m {
		e := &m[i]
		e.Path, e.Dir = paths[i], flags[i]&flagDir != 0
		e.Size = int64(sizes.uvarint())
		mtime += times.varint()
		e.MTime = mtime
		if h := handles.take(6); h != nil {
			e.Handle = tree.Handle(uint64(binary.BigEndian.Uint16(h))<<32 | uint64(binary.BigEndian.Uint32(h[2:])))
		}
		if flags[i]&flagCRC != 0 {
			copy(e.CRC[:], sums.take(16))
		}
		length := metas.uvarint()
		at := len(metaText) - len(metas.b)
		e.Meta = metaText[at : at+len(metas.take(length))]
		if e.Size < 0 || flags[i] > flagDir|flagCRC || i > 0 && m[i-1].compare(e) > 0 {
			return nil, fmt.Errorf("entry %d makes no sense", i)
		}
	}
	if err := end(sizes, times, handles, sums, metas); err != nil {
		return nil, err
	}
	return m, nil
}

// readPaths undoes the sharing into one block of text that all paths are slices of.
func readPaths(packed []byte, count int) ([]tree.Path, error) {
	total, err := pathBytes(packed, count)
	if err != nil {
		return nil, err
	}
	c := &column{b: packed}
	text := make([]byte, 0, total)
	out := make([]tree.Path, count)
	last := 0 // where the path before starts
	for i := range out {
		shared, rest := c.uvarint(), c.uvarint()
		start := len(text)
		text = append(text, text[last:last+int(shared)]...)
		text = append(text, c.take(rest)...)
		out[i] = tree.Path(view(text[start:]))
		last = start
	}
	return out, nil
}

// pathBytes checks the column and returns how long all paths are together.
func pathBytes(packed []byte, count int) (total uint64, err error) {
	c := &column{b: packed}
	var last uint64
	for range count {
		shared, rest := c.uvarint(), c.uvarint()
		c.take(rest)
		if c.err != nil || shared > last || shared+rest > maxPath {
			return 0, errShort
		}
		last = shared + rest
		if total += last; total > maxPaths {
			return 0, errors.New("its paths are too long")
		}
	}
	return total, end(c)
}

// view is a string of bytes that nobody will change.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
