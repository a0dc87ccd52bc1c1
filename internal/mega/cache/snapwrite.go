package cache

import (
	"bufio"
	"fmt"
	"io"
)

// snapshotWriter writes a snapshot from rows that come in order. Their number must be known, because the records come
// before the texts.
type snapshotWriter struct {
	f          file
	h          header
	rec        *tableWriter
	blob       *bufio.Writer
	handles    *sorter
	sizes      *sorter
	added      uint64
	duplicates []Handle // handles that came more than once
}

func newSnapshotWriter(f file, nodes uint64, scratch func() (file, error)) *snapshotWriter {
	w := &snapshotWriter{f: f, h: header{nodes: nodes}, handles: newPairSorter(scratch), sizes: newPairSorter(scratch)}
	w.rec = newTableWriter(f, w.h.records())
	w.blob = bufio.NewWriterSize(io.NewOffsetWriter(f, w.h.blobAt()), 256<<10)
	return w
}

// add takes the next row: its record, which is changed, and its texts.
func (w *snapshotWriter) add(rec record, texts []byte) error {
	le.PutUint64(rec[40:], w.h.blob)
	number := w.added
	w.added++
	w.h.blob += uint64(len(texts))
	if err := w.rec.add(rec); err != nil {
		return err
	}
	if _, err := w.blob.Write(texts); err != nil {
		return fmt.Errorf("write cached tree: %w", err)
	}
	if err := w.handles.add(pair(uint64(rec.handle()), number)); err != nil {
		return err
	}
	if rec.hasSize() {
		return w.sizes.add(pair(uint64(rec.size()), number))
	}
	return nil
}

func pair(hi, lo uint64) func([]byte) []byte {
	return func(b []byte) []byte { return le.AppendUint64(le.AppendUint64(b, hi), lo) }
}

// finish writes what follows from the rows, and the header last.
func (w *snapshotWriter) finish(id uint64, user User, sn SN) error {
	if w.added != w.h.nodes {
		return fmt.Errorf("write cached tree: %d nodes where %d were announced", w.added, w.h.nodes)
	}
	if len(sn) > maxSN {
		return fmt.Errorf("write cached tree: sequence number %q is too long", string(sn))
	}
	handles := newTableWriter(w.f, w.h.handles())
	var last uint64
	err := w.handles.each(func(row []byte) error {
		if h := keyOf(row).hi; h == last {
			w.duplicates = append(w.duplicates, Handle(h))
		} else {
			last = h
		}
		return handles.add(row)
	})
	if err != nil {
		return err
	}
	sizes := newTableWriter(w.f, w.h.sizes())
	if err := w.sizes.each(func(row []byte) error { w.h.files++; return sizes.add(row) }); err != nil {
		return err
	}
	var fences []byte
	for _, t := range []*tableWriter{w.rec, handles, sizes} {
		if err := t.flush(); err != nil {
			return err
		}
		fences = append(fences, t.fences...)
	}
	if err := w.blob.Flush(); err != nil {
		return fmt.Errorf("write cached tree: %w", err)
	}
	w.h.id, w.h.user, w.h.sn, w.h.fence = id, user, sn, checksum(fences)
	if err := writeAt(w.f, fences, w.h.fences()); err != nil {
		return err
	}
	return writeAt(w.f, w.h.encode(), 0)
}

// close waits for what works behind the writer's back.
func (w *snapshotWriter) close() {
	w.handles.close()
	w.sizes.close()
}

func writeAt(f io.WriterAt, b []byte, off int64) error {
	if _, err := f.WriteAt(b, off); err != nil {
		return fmt.Errorf("write cached tree: %w", err)
	}
	return nil
}

// tableWriter writes entries and remembers the fences of their blocks.
type tableWriter struct {
	w      *bufio.Writer
	block  []byte
	fences []byte
}

func newTableWriter(f io.WriterAt, off int64) *tableWriter {
	return &tableWriter{w: bufio.NewWriterSize(io.NewOffsetWriter(f, off), 256<<10), block: make([]byte, 0, blockSize)}
}

func (t *tableWriter) add(entry []byte) error {
	t.block = append(t.block, entry...)
	if len(t.block) < blockSize {
		return nil
	}
	return t.endBlock()
}

func (t *tableWriter) endBlock() error {
	if len(t.block) == 0 {
		return nil
	}
	t.fences = append(t.fences, t.block[:16]...)
	t.fences = le.AppendUint32(t.fences, checksum(t.block))
	_, err := t.w.Write(t.block)
	t.block = t.block[:0]
	if err != nil {
		return fmt.Errorf("write cached tree: %w", err)
	}
	return nil
}

func (t *tableWriter) flush() error {
	if err := t.endBlock(); err != nil {
		return err
	}
	if err := t.w.Flush(); err != nil {
		return fmt.Errorf("write cached tree: %w", err)
	}
	return nil
}
