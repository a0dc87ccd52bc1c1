package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// Open returns a store in a directory, which it makes if needed and holds
// alone until Close.
//
// Records reach the kernel before Append returns, so they survive kill -9.
// They are fsynced at Compact and Close only: a power cut may lose the last
// seconds, as a whole suffix of records. Blob bytes follow the same rule.
func Open(path string) (Store, error) {
	if err := os.MkdirAll(filepath.Join(path, "blobs"), 0o700); err != nil {
		return nil, fmt.Errorf("make store: %w", err)
	}
	lock, err := lockFile(filepath.Join(path, "lock"))
	if err != nil {
		return nil, fmt.Errorf("lock store %s: %w", path, err)
	}
	return &dir{path: path, lock: lock}, nil
}

type dir struct {
	path  string
	lock  io.Closer
	log   *os.File
	end   int64 // length of the whole records
	grown int64
	frame []byte
}

func (d *dir) logPath() string { return filepath.Join(d.path, "meta.log") }

func (d *dir) Replay(fn func(record []byte) error) error {
	f, end, err := openLog(d.logPath(), fn)
	if err != nil {
		return err
	}
	d.log, d.end, d.grown = f, end, end
	return nil
}

func (d *dir) Append(record []byte) error {
	d.frame = appendFrame(d.frame[:0], record)
	n, err := d.log.Write(d.frame)
	if err != nil {
		// A half-written record would hide every later one.
		_, cut := settle(d.log, d.end)
		return errors.Join(fmt.Errorf("append to log: %w", err), cut)
	}
	d.end += int64(n)
	d.grown += int64(n)
	if cap(d.frame) > 1<<20 {
		d.frame = nil
	}
	return nil
}

func (d *dir) Grown() int64 { return d.grown }

func (d *dir) Compact(dump func(emit func(record []byte) error) error) error {
	fresh := d.logPath() + ".tmp"
	end, err := writeSnapshot(fresh, dump)
	if err != nil {
		return fmt.Errorf("compact log: %w", err)
	}
	// The old log is closed first: not every system renames over an open file.
	if err := d.log.Close(); err != nil {
		return fmt.Errorf("compact log: %w", err)
	}
	if err = os.Rename(fresh, d.logPath()); err != nil {
		end = d.end // go on with the old log
	} else {
		d.grown = 0
	}
	f, openErr := os.OpenFile(d.logPath(), os.O_RDWR, 0o600)
	if openErr == nil {
		_, openErr = settle(f, end)
		d.log, d.end = f, end
	}
	if err := errors.Join(err, openErr, syncDir(d.path)); err != nil {
		return fmt.Errorf("compact log: %w", err)
	}
	return nil
}

// writeSnapshot writes a whole, synced log and returns its length, or leaves
// nothing behind.
func writeSnapshot(path string, dump func(emit func(record []byte) error) error) (int64, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	end, err := writeRecords(w, dump)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, errors.Join(err, os.Remove(path))
	}
	return end, nil
}

func writeRecords(w io.Writer, dump func(emit func(record []byte) error) error) (int64, error) {
	end := int64(len(logMagic))
	if _, err := io.WriteString(w, logMagic); err != nil {
		return 0, err
	}
	var frame []byte
	err := dump(func(record []byte) error {
		frame = appendFrame(frame[:0], record)
		n, err := w.Write(frame)
		end += int64(n)
		return err
	})
	return end, err
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, os.ErrInvalid) || errors.Is(err, os.ErrPermission) {
		err = nil // not every system can sync a directory
	}
	return errors.Join(err, f.Close())
}

// blobPath spreads blobs over 256 directories.
func (d *dir) blobPath(id uint64) string {
	return filepath.Join(d.path, "blobs", fmt.Sprintf("%02x", id&0xff), strconv.FormatUint(id, 10))
}

func (d *dir) openBlob(id uint64) (*os.File, error) {
	path := d.blobPath(id)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if !errors.Is(err, os.ErrNotExist) {
		return f, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}

func (d *dir) WriteBlob(id uint64, off int64, r io.Reader) (int64, error) {
	f, err := d.openBlob(id)
	if err != nil {
		return 0, fmt.Errorf("write blob %d: %w", id, err)
	}
	buf := borrowBuffer()
	defer returnBuffer(buf)
	n, err := io.CopyBuffer(io.NewOffsetWriter(f, off), r, *buf)
	if err := errors.Join(err, f.Close()); err != nil {
		return n, fmt.Errorf("write blob %d: %w", id, err)
	}
	return n, nil
}

func (d *dir) ReadBlob(id uint64, off, n int64) (io.ReadCloser, error) {
	f, err := os.Open(d.blobPath(id))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read blob %d: %w", id, ErrNoBlob)
	}
	if err != nil {
		return nil, fmt.Errorf("read blob %d: %w", id, err)
	}
	info, err := f.Stat()
	if err == nil && (off < 0 || n < 0 || off+n > info.Size()) {
		err = ErrNoBlob
	}
	if err == nil {
		_, err = f.Seek(off, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read blob %d: %w", id, err), f.Close())
	}
	return &fileRange{LimitedReader: io.LimitedReader{R: f, N: n}, file: f}, nil
}

// fileRange is a part of a file. Its embedded LimitedReader over an *os.File
// is what the kernel's sendfile path in net looks for.
type fileRange struct {
	io.LimitedReader
	file *os.File
}

func (r *fileRange) Close() error { return r.file.Close() }

// WriteTo lets the destination pull from the file itself.
func (r *fileRange) WriteTo(w io.Writer) (int64, error) {
	if rf, ok := w.(io.ReaderFrom); ok {
		return rf.ReadFrom(&r.LimitedReader)
	}
	buf := borrowBuffer()
	defer returnBuffer(buf)
	return io.CopyBuffer(w, &r.LimitedReader, *buf)
}

func (d *dir) DeleteBlob(id uint64) error {
	err := os.Remove(d.blobPath(id))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("delete blob %d: %w", id, err)
	}
	return nil
}

func (d *dir) Blobs() ([]uint64, error) {
	names, err := filepath.Glob(filepath.Join(d.path, "blobs", "*", "*"))
	if err != nil {
		return nil, err
	}
	var ids []uint64
	for _, name := range names {
		if id, err := strconv.ParseUint(filepath.Base(name), 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (d *dir) Close() error {
	var err error
	if d.log != nil {
		err = errors.Join(d.log.Sync(), d.log.Close())
	}
	return errors.Join(err, d.lock.Close())
}
