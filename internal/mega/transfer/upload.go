package transfer

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/retry"
)

// maxRenewals is how often an upload starts over with a new address, or a download asks for one.
const maxRenewals = 3

// Upload is content to store.
type Upload struct {
	// File is the content, or Bytes where File is nil. The caller keeps File open and closes it.
	File  *os.File
	Bytes []byte
	// Prefix, if set, says that File grows, and what it was once: what it held then is stored, whatever is appended meanwhile.
	Prefix *Identity
	// URL asks for an address that takes size encrypted bytes. The address must come from a request that is
	// answered with a token of 36 bytes (u with v of 2 or later).
	URL func(ctx context.Context, size int64) (string, error)
	// Resume is the key of this upload in the journal; empty: it is not remembered. The caller deletes the
	// entry when the node exists.
	Resume string
	// Pause, once closed, ends a large upload that is remembered with [ErrPaused]; nil never does.
	Pause <-chan struct{}
	// Progress is told how many bytes were sent since the last call. The number is negative when bytes must
	// be sent again, and counts those a former process sent. It is called from any goroutine.
	Progress func(n int64)
}

// Stored is content on a storage server that is no node yet.
type Stored struct {
	Token  []byte
	Key    crypt.FileKey
	Size   int64
	CRC    crypt.CRC
	Source Identity // of the file the content was read from, or the Prefix it began with
	// Grown says that the file was more than its Prefix already.
	Grown bool
}

// Upload encrypts content and stores it. What it returns is one state of the file: size, checksum and MAC
// come from the same open file, which was the same before and after, or began with the same Prefix. Errors to branch on:
// [ErrSourceChanged] after [Options.ChangeRetries], [ErrPaused], [Error], and what Upload.URL returned.
//
// Small files are asked for by many callers at once, several for each connection: an upload waits for its
// address first, and takes a connection and a buffer only when it has one.
func (m *Manager) Upload(ctx context.Context, u Upload) (Stored, error) {
	run := &uploadRun{manager: m, upload: u, source: source{file: u.File, bytes: u.Bytes, prefix: u.Prefix}}
	run.counter.report = u.Progress
	changes, renewals := 0, 0
	for {
		stored, err := run.attempt(ctx)
		if err == nil {
			return stored, nil
		}
		run.takeBack()
		var renew *renewError
		switch {
		case errors.Is(err, ErrSourceChanged) && changes < m.options.ChangeRetries && u.Prefix == nil:
			changes++
			if err := m.pauseForChange(ctx, err); err != nil {
				return Stored{}, err
			}
		case errors.As(err, &renew) && renewals < maxRenewals && ctx.Err() == nil:
			renewals++
			m.options.Log.Debug("upload starts over", "reason", err)
		default:
			return Stored{}, err
		}
		if err := run.forget(ctx); err != nil {
			return Stored{}, err
		}
	}
}

// pauseForChange gives a file that is being written a moment to come to rest.
func (m *Manager) pauseForChange(ctx context.Context, changed error) error {
	first := true
	_, err := retry.Do(ctx, m.options.Retry, m.waiting, func(context.Context) (struct{}, error) {
		if first {
			first = false
			return struct{}{}, pauseError{changed}
		}
		return struct{}{}, nil
	})
	return err
}

// pauseError is a failure that is over after a pause.
type pauseError struct{ error }

func (e pauseError) Unwrap() error { return e.error }

// Temporary is true.
func (e pauseError) Temporary() bool { return true }

// uploadRun is one upload with all its attempts.
type uploadRun struct {
	manager *Manager
	upload  Upload
	source  source
	counter progressCounter
}

func (r *uploadRun) attempt(ctx context.Context) (Stored, error) {
	id, err := r.source.identity()
	if err != nil {
		return Stored{}, err
	}
	if r.upload.Prefix != nil {
		return r.beginning(ctx, id)
	}
	return r.whole(ctx, id)
}

// whole stores all that the source is.
func (r *uploadRun) whole(ctx context.Context, id Identity) (Stored, error) {
	if id.Size <= SmallBody {
		return r.small(ctx, id)
	}
	return r.large(ctx, id)
}

// takeBack undoes the progress of a failed attempt.
func (r *uploadRun) takeBack() { r.counter.reset() }

func (r *uploadRun) forget(ctx context.Context) error {
	if r.upload.Resume == "" {
		return nil
	}
	if err := r.manager.options.Journal.Delete(ctx, r.upload.Resume); err != nil {
		return fmt.Errorf("upload journal: %w", err)
	}
	return nil
}

// small sends the whole content in one post.
func (r *uploadRun) small(ctx context.Context, id Identity) (Stored, error) {
	m := r.manager
	url, err := r.upload.URL(ctx, id.Size)
	if err != nil {
		return Stored{}, err
	}
	slot, err := m.up.enter(ctx)
	if err != nil {
		return Stored{}, err
	}
	stored, err := r.smallBody(ctx, id, url, slot)
	slot.leave(err == nil)
	return stored, err
}

func (r *uploadRun) smallBody(ctx context.Context, id Identity, url string, slot *slot) (Stored, error) {
	m := r.manager
	buf, free := m.smallBuffer()
	defer free()
	buf = buf[:id.Size]
	if err := r.source.read(buf, 0, id); err != nil {
		return Stored{}, err
	}
	if err := r.source.unchanged(id); err != nil {
		return Stored{}, err
	}
	crc, err := crypt.ComputeCRC(source{bytes: buf}, id.Size)
	if err != nil {
		return Stored{}, err
	}
	key, nonce := crypt.NewKey(), crypt.NewNonce()
	piece := crypt.Piece{Cipher: crypt.NewFileCipher(key, nonce), Buf: buf}
	m.seal.run(&piece)
	token, err := m.send(ctx, post{url: url, body: buf, sum: piece.Sum, moved: r.counter.add, overload: slot.overload})
	if err != nil {
		return Stored{}, err
	}
	if token == nil {
		return Stored{}, &renewError{errNoToken}
	}
	return Stored{
		Token:  token,
		Key:    crypt.NewFileKey(key, nonce, crypt.MetaMAC(key, piece.MACs)),
		Size:   id.Size,
		CRC:    crc,
		Source: id,
	}, nil
}

// errNoToken says that a storage server has everything and gave no token for it.
var errNoToken = errors.New("upload: storage server gave no token for a complete file")
