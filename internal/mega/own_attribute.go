package mega

import (
	"context"
	"fmt"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// attributePurpose names what the key is for that seals values kept with the account.
const attributePurpose = "value of a user attribute, version 1"

// Attribute reads a value that SwapAttribute wrote, and its version. api.ENOENT means that there is none.
func (f *OwnFolder) Attribute(ctx context.Context, name string) (value []byte, version string, err error) {
	box, version, err := f.client.UserAttribute(ctx, name)
	if err != nil {
		return nil, "", err
	}
	value, err = crypt.NewBox(f.client.session.Master, attributePurpose).Open(nil, nil, box, []byte(name))
	if err != nil {
		return nil, version, fmt.Errorf("read user attribute %s: %w", name, err)
	}
	return value, version, nil
}

// SwapAttribute writes a value with the account, sealed under a key derived from the master key, if its version is still the one
// given; empty is for one that must not exist yet. It returns the new version. api.EEXPIRED means that somebody else was faster,
// or that this write took effect and its answer was lost.
func (f *OwnFolder) SwapAttribute(ctx context.Context, name string, value []byte, version string) (string, error) {
	box := crypt.NewBox(f.client.session.Master, attributePurpose).Seal(nil, nil, value, []byte(name))
	return f.client.SwapUserAttribute(ctx, name, box, version)
}
