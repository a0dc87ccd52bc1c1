package http

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/megaplan/megaplan/state"
)

// lockInfo is what Terraform tells a server about a lock, and what the server shows.
type lockInfo struct {
	ID        string    `json:"ID"`
	Operation string    `json:"Operation"`
	Info      string    `json:"Info"`
	Who       string    `json:"Who"`
	Version   string    `json:"Version"`
	Created   time.Time `json:"Created"`
	Path      string    `json:"Path"`
}

// lockText is the lock as the server is told of it. Info holds all that we want to know of it again.
func (b *Backend) lockText(info state.LockInfo) ([]byte, error) {
	ours, err := json.Marshal(info)
	if err != nil {
		return nil, err
	}
	return json.Marshal(lockInfo{
		ID: info.ID, Operation: info.Operation, Info: string(ours), Who: fmt.Sprintf("process %d@%s", info.PID, info.Host),
		Version: b.version, Created: info.Since, Path: b.String(),
	})
}

// holder reads who has the lock from the answer to a lock that was refused. GitLab keeps only the id, user and time of the holder
// and returns the rest as it was just sent: Info that speaks of another id is not the holder's. What is not as Terraform writes it
// is nobody's word, but what was read before it counts: the id is what a person needs.
func holder(body []byte) state.LockInfo {
	var told lockInfo
	_ = json.Unmarshal(body, &told) // as above
	var ours state.LockInfo
	if json.Unmarshal([]byte(told.Info), &ours) == nil && ours.ID == told.ID {
		return ours
	}
	_, host, _ := strings.Cut(told.Who, "@")
	if host == "" {
		host = told.Who
	}
	return state.LockInfo{ID: told.ID, Host: strings.Join(strings.Fields(host), " "), Since: told.Created}
}

// Lock implements state.Backend. A lock that may have been taken is given back when the answer stays away.
func (b *Backend) Lock(ctx context.Context, info state.LockInfo) error {
	if b.locking == nil {
		b.unlocked.Do(func() {
			b.warn(fmt.Sprintf("The state in %s has no lock: two runs at the same time can undo each other's saves. Set lock_address of the backend.", b))
		})
		return nil
	}
	text, err := b.lockText(info)
	if err != nil {
		return err
	}
	unsure := false
	err = b.client.repeat(ctx, func(ctx context.Context) error {
		got, err := b.lockOnce(ctx, info.ID, text)
		unsure = unsure || err != nil && !got
		return err
	})
	var held *state.HeldError
	if err != nil && unsure && !errors.As(err, &held) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), firstContact)
		defer cancel()
		return errors.Join(err, b.giveBack(ctx, text))
	}
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held, b.under = info.ID, nil
	return nil
}

// lockOnce makes one attempt; answered says that the server has decided.
func (b *Backend) lockOnce(ctx context.Context, id string, text []byte) (answered bool, err error) {
	a, err := b.client.send(ctx, b.lock, b.locking, text)
	if err != nil {
		return false, err
	}
	switch a.status {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent:
		return true, nil
	case http.StatusConflict, http.StatusLocked:
		who := holder(a.body)
		if who.ID == id {
			return true, nil // an attempt whose answer was lost
		}
		return true, &state.HeldError{Holder: who}
	}
	return a.status < 500, b.client.refused("lock", b.lock, b.locking, a)
}

// giveBack unlocks what may be locked; that it is not is as well.
func (b *Backend) giveBack(ctx context.Context, text []byte) error {
	a, err := b.client.send(ctx, b.unlock, b.unlocking, text)
	if err != nil || a.status >= 500 {
		return fmt.Errorf("it may be locked now: `megaplan force-unlock` with the id that the next run names")
	}
	return nil
}

// Unlock implements state.Backend.
func (b *Backend) Unlock(ctx context.Context, id string) error {
	if b.locking == nil {
		return nil
	}
	b.mu.Lock()
	ours := b.held == id && id != ""
	if ours {
		b.held, b.under = "", nil
	}
	b.mu.Unlock()
	if !ours {
		return state.ErrNotLocked
	}
	return b.release(ctx, state.LockInfo{ID: id})
}

// release tells the server that the lock of this id is gone.
func (b *Backend) release(ctx context.Context, info state.LockInfo) error {
	text, err := b.lockText(info)
	if err != nil {
		return err
	}
	unsure := false
	return b.client.repeat(ctx, func(ctx context.Context) error {
		a, err := b.client.send(ctx, b.unlock, b.unlocking, text)
		if err != nil {
			unsure = true
			return err
		}
		switch a.status {
		case http.StatusOK, http.StatusNoContent:
			return nil
		case http.StatusConflict, http.StatusLocked, http.StatusNotFound:
			if unsure {
				return nil // an attempt whose answer was lost
			}
			return state.ErrNotLocked
		}
		unsure = unsure || a.status >= 500
		return b.client.refused("unlock", b.unlock, b.unlocking, a)
	})
}

// ForceUnlock implements state.Backend. Not every server looks at the id before it unlocks, so the lock is tried first: the
// refusal names who has it.
func (b *Backend) ForceUnlock(ctx context.Context, id string) error {
	if b.locking == nil || id == "" {
		return state.ErrNotLocked
	}
	probe := state.LockInfo{ID: uuid.NewString(), Operation: "force-unlock", Since: time.Now().UTC()}
	err := b.Lock(ctx, probe)
	var held *state.HeldError
	switch {
	case err == nil:
		if err := b.Unlock(ctx, probe.ID); err != nil {
			return err
		}
		return state.ErrNotLocked
	case !errors.As(err, &held):
		return err
	case held.Holder.ID != id && held.Holder.ID != "":
		return state.ErrNotLocked
	}
	return b.release(ctx, state.LockInfo{ID: id})
}

// lockedAddress is where to write, as servers want to hear under which lock, and what is there if it was read under it.
func (b *Backend) lockedAddress() (*url.URL, *kept, error) {
	if b.locking == nil {
		return b.address, nil, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held == "" {
		return nil, nil, state.ErrNotLocked
	}
	to := *b.address
	query := to.Query()
	query.Set("ID", b.held)
	to.RawQuery = query.Encode()
	return &to, b.under, nil
}
