package state

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/atomicfile"
)

// JournalRecord is what a completed action changes in the state of one address; what Data means is the writer's affair.
//
// All records of a run are replayed over what was last saved, also those that were saved already, so replaying one twice
// must lead to the same state as replaying it once.
type JournalRecord struct {
	Address addr.Address
	Data    []byte
}

// Journal is the local, append-only file of one run (rule 28). A record counts once Append returned: it is on the disk. The
// file is made with the first record. A Journal is safe for concurrent use.
type Journal struct {
	path string
	head journalHead

	mu      sync.Mutex
	flushed sync.Cond // turn or err changed
	file    *os.File
	pending []byte
	queued  uint64 // the turn that will write pending
	turn    uint64 // the last turn that is on the disk
	writing bool
	last    time.Time // when the last turn began
	err     error     // the journal is broken: nothing more is taken
}

// journalHead is the first record of a file.
type journalHead struct {
	Lineage string    `json:"lineage"`
	Run     string    `json:"run"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	// Serials are those of the addresses when the run leased them.
	Serials map[string]uint64 `json:"serials"`
}

const (
	journalMagic  = "megaplan journal 1"
	journalSuffix = ".journal"
	// gather is the least time between the beginnings of two syncs: what comes meanwhile shares the next one.
	gather = 3 * time.Millisecond
	// maxRecord is more than a record needs; a longer one in a file is damage.
	maxRecord = 1 << 20
)

func newJournal(dir string, head journalHead) *Journal {
	j := &Journal{path: filepath.Join(dir, head.Run+journalSuffix), head: head, queued: 1}
	j.flushed.L = &j.mu
	return j
}

// Append makes the record durable. Records that come at the same time share one sync. If ctx ends first, the record may or
// may not be written.
func (j *Journal) Append(ctx context.Context, r JournalRecord) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	record := frameRecord(nil, journalPayload(r))
	if len(record) > maxRecord {
		return fmt.Errorf("journal %s: a record of %d bytes is too long", j.path, len(record))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = append(j.pending, record...)
	mine := j.queued
	for j.turn < mine && j.err == nil {
		if j.writing {
			j.flushed.Wait()
			continue
		}
		j.writeTurn()
	}
	if j.turn < mine {
		return fmt.Errorf("journal %s: %w", j.path, j.err)
	}
	return nil
}

// writeTurn writes and syncs all that is pending. It is entered with mu held and leaves it so, but not in between.
func (j *Journal) writeTurn() {
	j.writing = true
	if wait := gather - time.Since(j.last); wait > 0 {
		j.mu.Unlock()
		time.Sleep(wait) // so short that no context needs to end it
		j.mu.Lock()
	}
	batch, turn := j.pending, j.queued
	j.pending, j.queued, j.last = nil, j.queued+1, time.Now()
	j.mu.Unlock()
	err := j.write(batch)
	j.mu.Lock()
	j.writing = false
	if err != nil {
		j.err = err
	} else {
		j.turn = turn
	}
	j.flushed.Broadcast()
}

func (j *Journal) write(batch []byte) error {
	if j.file == nil {
		if err := j.create(); err != nil {
			return err
		}
	}
	if _, err := j.file.Write(batch); err != nil {
		return err
	}
	return j.file.Sync()
}

func (j *Journal) create() error {
	dir := filepath.Dir(j.path)
	if err := atomicfile.MkdirAll(dir); err != nil {
		return err
	}
	head, err := json.Marshal(j.head)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(j.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(frameRecord([]byte(journalMagic), head)); err != nil {
		return errors.Join(err, f.Close())
	}
	j.file = f
	return atomicfile.SyncDir(dir)
}

// close ends the journal; remove also takes the file away, when all of it is saved.
func (j *Journal) close(remove bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.writing {
		j.flushed.Wait()
	}
	if j.err == nil {
		j.err = fs.ErrClosed
	}
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	if remove {
		err = errors.Join(err, os.Remove(j.path))
	}
	if err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}

// frameRecord appends length, checksum and payload.
func frameRecord(out, payload []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(payload)))
	out = binary.BigEndian.AppendUint32(out, crc32.Checksum(payload, castagnoli))
	return append(out, payload...)
}

func journalPayload(r JournalRecord) []byte {
	address := r.Address.String()
	out := binary.AppendUvarint(nil, uint64(len(address)))
	return append(append(out, address...), r.Data...)
}

// journalFile is one run's journal as it was found.
type journalFile struct {
	path    string
	head    journalHead
	records []JournalRecord
}

// readJournal reads a journal up to the first record that is cut off or damaged, which a crash leaves at the end.
func readJournal(data []byte) (journalFile, error) {
	rest, ok := bytes.CutPrefix(data, []byte(journalMagic))
	if !ok && strings.HasPrefix(journalMagic, string(data)) {
		return journalFile{}, nil // killed while it was made
	}
	if !ok {
		return journalFile{}, errors.New("it is something else")
	}
	head, rest, ok := nextRecord(rest)
	if !ok {
		return journalFile{}, nil // killed before the first record was whole
	}
	var f journalFile
	if err := json.Unmarshal(head, &f.head); err != nil {
		return journalFile{}, err
	}
	for {
		var payload []byte
		if payload, rest, ok = nextRecord(rest); !ok {
			return f, nil
		}
		r, err := parsePayload(payload)
		if err != nil {
			return journalFile{}, err
		}
		f.records = append(f.records, r)
	}
}

func nextRecord(data []byte) (payload, rest []byte, ok bool) {
	if len(data) < 8 {
		return nil, nil, false
	}
	size, sum := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
	if data = data[8:]; size > maxRecord || uint64(size) > uint64(len(data)) || crc32.Checksum(data[:size], castagnoli) != sum {
		return nil, nil, false
	}
	return data[:size], data[size:], true
}

func parsePayload(payload []byte) (JournalRecord, error) {
	c := &column{b: payload}
	text := c.take(c.uvarint())
	if c.err != nil {
		return JournalRecord{}, c.err
	}
	a, err := addr.Parse(string(text))
	return JournalRecord{a, bytes.Clone(c.b)}, err
}

// readJournals reads all journals of a directory, the oldest run first.
func readJournals(dir string) ([]journalFile, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read journals: %w", err)
	}
	var out []journalFile
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), journalSuffix) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // its run has ended
		}
		if err != nil {
			return nil, fmt.Errorf("read journals: %w", err)
		}
		f, err := readJournal(data)
		if err != nil {
			return nil, corrupt("journal "+path, err)
		}
		f.path = path
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b journalFile) int { return a.head.Started.Compare(b.head.Started) })
	return out, nil
}

// live says whether a record of this file adds to the document: the run that wrote it is the last that saved the address,
// or nobody has saved it since the run began.
func (f *journalFile) live(d *Document, a addr.Address) bool {
	if f.head.Lineage != d.Lineage {
		return false
	}
	r, _ := d.Resource(a)
	return r.Run == f.head.Run && r.Run != "" || r.Serial == f.head.Serials[a.String()]
}
