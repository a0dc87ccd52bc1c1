package state

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// A frame is how manifests and deltas are written: a magic word that carries the version, columns, and a checksum of all
// before it. Each column is its raw size, its stored size and its bytes, deflated where that is smaller.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// deflateRatio is the most that deflate can expand: a damaged size must not make us allocate more.
const deflateRatio = 1040

type frameWriter struct{ columns [][]byte }

func (w *frameWriter) add(column []byte) { w.columns = append(w.columns, column) }

// bytes compresses the columns beside each other and puts the frame together.
func (w *frameWriter) bytes(magic string) ([]byte, error) {
	packed := make([][]byte, len(w.columns))
	errs := make(chan error, len(w.columns))
	for i, column := range w.columns {
		go func() {
			var err error
			packed[i], err = deflate(column)
			errs <- err
		}()
	}
	var failed error
	for range w.columns {
		failed = errors.Join(failed, <-errs)
	}
	if failed != nil {
		return nil, failed
	}
	out := []byte(magic)
	for i, column := range w.columns {
		out = binary.AppendUvarint(out, uint64(len(column)))
		out = binary.AppendUvarint(out, uint64(len(packed[i])))
		out = append(out, packed[i]...)
	}
	return binary.BigEndian.AppendUint32(out, crc32.Checksum(out, castagnoli)), nil
}

func deflate(column []byte) ([]byte, error) {
	// Handles and checksums are random: a sample tells, and saves the attempt.
	const sample = 4096
	if len(column) > 4*sample && !shrinks(column[:sample]) {
		return column, nil
	}
	out, err := squeeze(column)
	if err != nil || len(out) < len(column) {
		return out, err
	}
	return column, nil
}

func shrinks(sample []byte) bool {
	out, err := squeeze(sample)
	return err != nil || len(out) < len(sample)*9/10
}

func squeeze(column []byte) ([]byte, error) {
	var buf bytes.Buffer
	f, err := flate.NewWriter(&buf, flate.BestSpeed)
	if err == nil {
		_, err = f.Write(column)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return buf.Bytes(), nil
}

// readFrame checks a frame and returns its columns.
func readFrame(data []byte, magic string, columns int) ([][]byte, error) {
	if len(data) < len(magic)+4 || string(data[:len(magic)-1]) != magic[:len(magic)-1] {
		return nil, errors.New("it is something else")
	}
	if v := data[len(magic)-1]; v > magic[len(magic)-1] {
		return nil, &NewerVersionError{Version: int(v - '0')}
	} else if v < magic[len(magic)-1] {
		return nil, fmt.Errorf("its version is %q", v)
	}
	body, sum := data[:len(data)-4], binary.BigEndian.Uint32(data[len(data)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return nil, errors.New("its checksum is wrong")
	}
	body = body[len(magic):]
	out := make([][]byte, columns)
	done := make(chan error, columns)
	for i := range out {
		packed, size, rest, err := nextColumn(body)
		if err != nil {
			return nil, err
		}
		body = rest
		go func() {
			var err error
			out[i], err = inflate(packed, size)
			done <- err
		}()
	}
	var failed error
	for range out {
		failed = errors.Join(failed, <-done)
	}
	if failed == nil && len(body) > 0 {
		failed = errors.New("more follows its end")
	}
	return out, failed
}

func nextColumn(body []byte) (packed []byte, size int, rest []byte, err error) {
	raw, n := binary.Uvarint(body)
	if n <= 0 {
		return nil, 0, nil, errShort
	}
	stored, k := binary.Uvarint(body[n:])
	if k <= 0 || stored > uint64(len(body)-n-k) || raw > stored*deflateRatio+64 {
		return nil, 0, nil, errShort
	}
	body = body[n+k:]
	return body[:stored], int(raw), body[stored:], nil
}

var errShort = errors.New("it ends early")

func inflate(packed []byte, size int) ([]byte, error) {
	if len(packed) == size {
		return packed, nil
	}
	out := make([]byte, size)
	f := flate.NewReader(bytes.NewReader(packed))
	if _, err := io.ReadFull(f, out); err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	if n, err := f.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return nil, errors.New("decompress: more than was said")
	}
	return out, nil
}

// column reads values from the front of a column. After the first that is missing, all are zero and err is set.
type column struct {
	b   []byte
	err error
}

func (c *column) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *column) varint() int64 {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *column) take(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.fail()
		return nil
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *column) fail() { c.b, c.err = nil, errShort }

// end says what is wrong with columns that were read to their ends, if something is.
func end(columns ...*column) error {
	if slices.ContainsFunc(columns, func(c *column) bool { return c.err != nil || len(c.b) > 0 }) {
		return errShort
	}
	return nil
}
