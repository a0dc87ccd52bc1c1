package transfer

import (
	"context"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// Compare fetches a file and says of other keys whether they were made for the same content: one download tells it of any
// number of files of one size, since the MACs of its chunks are computed under each key as they arrive. The file itself is
// proven first; where its own key only carries the known fault of old clients, so does every answer.
func (m *Manager) Compare(ctx context.Context, d Download, keys ...crypt.FileKey) ([]crypt.Verdict, error) {
	run := m.newDownload(d)
	for _, k := range keys {
		run.others = append(run.others, otherKey{k, k.Cipher(), make([]crypt.MAC, crypt.ChunkCount(d.Size))})
	}
	own, err := run.do(ctx)
	if err != nil {
		return nil, err
	}
	verdicts := make([]crypt.Verdict, len(keys))
	for i, o := range run.others {
		verdicts[i] = own
		if own == crypt.Equal && d.Size > 0 {
			verdicts[i] = o.key.Verify(o.macs)
		}
	}
	return verdicts, nil
}

// otherKey is a key that the content is compared with, and the MACs of the chunks that came so far.
type otherKey struct {
	key    crypt.FileKey
	cipher *crypt.FileCipher
	macs   []crypt.MAC
}

// compare computes a plain span's MACs under the other keys.
func (r *downloadRun) compare(span crypt.Span, buf []byte) {
	if len(r.others) == 0 {
		return
	}
	pieces := make([]*crypt.Piece, len(r.others))
	for i, o := range r.others {
		pieces[i] = &crypt.Piece{Cipher: o.cipher, Buf: buf, First: span.First}
	}
	crypt.MACPieces(pieces)
	for i, o := range r.others {
		copy(o.macs[span.First:], pieces[i].MACs) // no other span has these chunks
	}
}
