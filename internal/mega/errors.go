package mega

import (
	"errors"
	"fmt"

	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/transfer"
)

// What callers branch on with errors.Is. Any other refusal is an *api.Error.
var (
	ErrWrongPassword error = api.WrongPassword
	ErrMFANeeded     error = api.MFARequired
	ErrMFAWrong      error = api.MFAWrong
	ErrBlocked       error = api.Blocked
	ErrUnconfirmed   error = api.Unconfirmed
	ErrNoKeys        error = api.NoKeys
	ErrRateLimited   error = api.RateLimited
	ErrUnreachable   error = api.Unreachable
	ErrSessionDead         = api.ErrSessionDead
	ErrTooOld              = api.ErrTooOld
	ErrSourceChanged       = transfer.ErrSourceChanged
	ErrPaused              = transfer.ErrPaused

	// ErrOverQuota says that the account has no room for what was to be stored.
	ErrOverQuota = errors.New("the account's storage is full")
	// ErrGone says that the tree has no such node (any more).
	ErrGone = errors.New("no such node")
	// ErrUndecryptable says that a node's key or attributes cannot be read, so it cannot be changed.
	ErrUndecryptable = errors.New("the node cannot be decrypted")
)

// explain adds the sentinels that the layers below do not know.
func explain(err error) error {
	if errors.Is(err, api.EOVERQUOTA) || errors.Is(err, api.EGOINGOVERQUOTA) {
		return fmt.Errorf("%w: %w", ErrOverQuota, err)
	}
	return err
}
