package workflow

import (
	"context"
	"crypto/sha256"
	"io"
	"slices"

	"github.com/megaplan/megaplan/planner"
)

// digestPart is how much is read of a file between two looks at the context.
const digestPart = 4 << 20

// digest is the SHA-256 of a file's content, if any question asks for it.
func digest(ctx context.Context, asked []planner.Question, body io.ReaderAt, size int64) (sum [sha256.Size]byte, err error) {
	if !slices.ContainsFunc(asked, func(q planner.Question) bool { return q.Ask == planner.AskDigest }) {
		return sum, nil
	}
	h := sha256.New()
	for at := int64(0); at < size; at += digestPart {
		if err := ctx.Err(); err != nil {
			return sum, err
		}
		if _, err := io.Copy(h, io.NewSectionReader(body, at, min(digestPart, size-at))); err != nil {
			return sum, err
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}
