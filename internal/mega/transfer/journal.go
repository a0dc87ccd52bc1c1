package transfer

import (
	"context"
	"slices"
	"time"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// journalLife is how long an upload address is tried again: official clients keep theirs 48 hours.
const journalLife = 47 * time.Hour

// Journal remembers large uploads that are under way, under a key the caller chooses (see [Upload.Resume]).
// Losing an entry, or one of its spans, costs time and nothing else. An implementation must encrypt the
// entry's key.
type Journal interface {
	// Load returns what Begin and Add stored under the key, and false if there is nothing.
	Load(ctx context.Context, key string) (Entry, bool, error)
	// Begin stores a new entry in the place of any other.
	Begin(ctx context.Context, key string, e Entry) error
	// Add adds a stored span to the entry.
	Add(ctx context.Context, key string, d Done) error
	// Delete forgets the entry; it need not exist.
	Delete(ctx context.Context, key string) error
}

// Entry is an upload under way.
type Entry struct {
	Source  Identity
	URL     string
	Key     crypt.FileKey // with a meta-MAC of zeros
	Started time.Time
	Done    []Done
}

// Done is a run of chunks the storage server has confirmed.
type Done struct {
	First int // chunk
	MACs  []crypt.MAC
}

// noJournal remembers nothing.
type noJournal struct{}

func (noJournal) Load(context.Context, string) (Entry, bool, error) { return Entry{}, false, nil }
func (noJournal) Begin(context.Context, string, Entry) error        { return nil }
func (noJournal) Add(context.Context, string, Done) error           { return nil }
func (noJournal) Delete(context.Context, string) error              { return nil }

// progressMap says which chunks of a file are stored, with their MACs.
type progressMap struct {
	size int64
	have []bool
	macs []crypt.MAC
}

func newProgressMap(size int64) *progressMap {
	n := crypt.ChunkCount(size)
	return &progressMap{size: size, have: make([]bool, n), macs: make([]crypt.MAC, n)}
}

// add takes over a run of chunks and reports whether it lies inside the file.
func (p *progressMap) add(d Done) bool {
	if d.First < 0 || d.First > len(p.have) || len(d.MACs) > len(p.have)-d.First {
		return false
	}
	copy(p.macs[d.First:], d.MACs)
	for i := range d.MACs {
		p.have[d.First+i] = true
	}
	return true
}

// missing lists the spans that are not stored yet.
func (p *progressMap) missing(target int64) []crypt.Span { return p.spans(false, target) }

// spans lists what is stored, or what is not, in spans of at most target bytes.
func (p *progressMap) spans(stored bool, target int64) []crypt.Span {
	var spans []crypt.Span
	for i := 0; i < len(p.have); {
		if p.have[i] != stored {
			i++
			continue
		}
		s := crypt.SpanAt(i, p.size, target)
		if n := slices.Index(p.have[i:i+s.Chunks], !stored); n > 0 {
			s.Chunks = n
			_, s.End = crypt.ChunkRange(i+n-1, p.size)
		}
		spans = append(spans, s)
		i += s.Chunks
	}
	return spans
}

// stored is the number of bytes in the chunks that are stored.
func (p *progressMap) stored() int64 {
	var n int64
	for i, have := range p.have {
		if have {
			start, end := crypt.ChunkRange(i, p.size)
			n += end - start
		}
	}
	return n
}
