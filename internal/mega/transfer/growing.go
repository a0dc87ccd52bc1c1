package transfer

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// beginning stores the beginning of a file that grows. The file's size and times say nothing about that, so its checksum of a few
// spots must be the same before and after: a file that was cut off and written anew, or over, is another one. It is not read
// again: what the caller saw is gone.
func (r *uploadRun) beginning(ctx context.Context, id Identity) (Stored, error) {
	before, exact, err := r.source.look(id)
	if err != nil {
		return Stored{}, err
	}
	stored, err := r.whole(ctx, id)
	if err != nil {
		return Stored{}, err
	}
	after, still, err := r.source.look(id)
	if err != nil {
		return Stored{}, err
	}
	if stored.CRC != before || stored.CRC != after {
		return Stored{}, ErrSourceChanged
	}
	stored.Grown = !exact || !still
	return stored, nil
}

// look returns the checksum of a file's prefix, and whether the file is no more than that.
func (s source) look(id Identity) (sum crypt.CRC, exact bool, err error) {
	sum, err = crypt.ComputeCRC(s, id.Size)
	if changed := s.unchanged(id); changed != nil {
		return sum, false, changed // what a file that became too short made of the checksum is of no interest
	}
	if err != nil {
		return sum, false, err
	}
	now, err := Identify(s.file)
	return sum, now == id, err
}

// begins says whether the chunks that a former process sent still are the file's: its identity does not tell.
func (l *largeUpload) begins(ctx context.Context) (bool, error) {
	err := l.compare(ctx)
	if errors.Is(err, errOther) {
		return false, nil
	}
	return err == nil, err
}

// errOther says that what was sent is not what the file holds.
var errOther = errors.New("other bytes than were sent")

// compare reads the chunks that were sent.
func (l *largeUpload) compare(ctx context.Context) error {
	cipher := l.key.Cipher()
	group, ctx := errgroup.WithContext(ctx)
	for _, span := range l.chunks.spans(true, l.manager.options.Span) {
		buf, free, err := l.manager.spanBuffer(ctx, span)
		if err != nil {
			return groupError(group, ctx)
		}
		group.Go(func() error {
			defer free()
			if err := l.source.read(buf, span.Start, l.id); err != nil {
				return err
			}
			piece := crypt.Piece{Cipher: cipher, Buf: buf, First: span.First}
			crypt.MACPieces([]*crypt.Piece{&piece})
			if !slices.Equal(piece.MACs, l.chunks.macs[span.First:span.First+span.Chunks]) {
				return errOther
			}
			return nil
		})
	}
	return group.Wait()
}
