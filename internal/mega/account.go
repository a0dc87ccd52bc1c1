package mega

import (
	"context"
	"fmt"
	"time"

	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// AccountInfo is what MEGA says of an account.
type AccountInfo struct {
	Email string    `json:"email"`
	Name  string    `json:"name,omitempty"`
	User  string    `json:"user"`
	Since time.Time `json:"since,omitzero"`
	// Version is how passwords are derived: 1 for old accounts, 2 for newer ones, 0 if MEGA does not say.
	Version int   `json:"version,omitempty"`
	Quota   Quota `json:"quota"`
}

// Account reads what MEGA says of the account.
func (c *Client) Account(ctx context.Context) (AccountInfo, error) {
	user, err := c.api.Check(ctx)
	if err != nil {
		return AccountInfo{}, fmt.Errorf("read the account: %w", err)
	}
	quota, err := c.Quota(ctx)
	if err != nil {
		return AccountInfo{}, err
	}
	return AccountInfo{
		Email: user.Email, Name: user.Name, User: string(user.User), Since: user.Since, Version: user.AccountVer, Quota: quota,
	}, nil
}

// Quota reads how much storage the account has and uses.
func (c *Client) Quota(ctx context.Context) (Quota, error) {
	q, err := c.api.Quota(ctx)
	if err != nil {
		return Quota{}, fmt.Errorf("read the quota: %w", err)
	}
	return Quota{Used: q.Used, Total: q.Total}, nil
}

// SessionInfo is one of the account's sessions.
type SessionInfo = api.SessionInfo

// Sessions lists the account's sessions.
func (c *Client) Sessions(ctx context.Context) ([]SessionInfo, error) {
	sessions, err := c.api.Sessions(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return sessions, nil
}

// Revoke ends sessions by their ids.
func (c *Client) Revoke(ctx context.Context, ids ...string) error {
	for _, id := range ids {
		if err := c.api.RevokeSession(ctx, id); err != nil {
			return fmt.Errorf("revoke session %s: %w", id, err)
		}
	}
	return nil
}

// Logout ends the client's own session at MEGA.
func (c *Client) Logout(ctx context.Context) error {
	if err := c.api.Logout(ctx); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

// UserAttribute reads a value kept with the account, and its version. api.ENOENT means that there is none.
func (c *Client) UserAttribute(ctx context.Context, name string) (value []byte, version string, err error) {
	a, err := c.api.UserAttribute(ctx, name)
	if err != nil {
		return nil, "", fmt.Errorf("read user attribute %s: %w", name, err)
	}
	if value, err = crypt.DecodeBase64(a.Value); err != nil {
		return nil, "", fmt.Errorf("read user attribute %s: %w", name, err)
	}
	return value, a.Version, nil
}

// SwapUserAttribute writes a value if its version is still the one given, empty for one that must not exist yet, and
// returns the new version. api.EEXPIRED means that somebody else was faster.
func (c *Client) SwapUserAttribute(ctx context.Context, name string, value []byte, version string) (string, error) {
	if err := c.writable(); err != nil {
		return "", err
	}
	next, err := c.api.SwapUserAttribute(ctx, name, value, version)
	if err != nil {
		return "", fmt.Errorf("write user attribute %s: %w", name, err)
	}
	return next, nil
}
