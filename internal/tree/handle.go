package tree

import (
	"encoding/base64"
	"fmt"
)

// Handle identifies a remote node: six opaque bytes, kept as a big-endian number. The zero value means "no node".
type Handle uint64

// String returns the eight base64url characters MEGA writes, or "" for the zero handle.
func (h Handle) String() string {
	if h == 0 {
		return ""
	}
	raw := [6]byte{byte(h >> 40), byte(h >> 32), byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)}
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// ParseHandle reads what String writes; "" is the zero handle.
func ParseHandle(s string) (Handle, error) {
	if s == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(raw) != 6 {
		return 0, fmt.Errorf("handle %q is not eight base64url characters", s)
	}
	var h Handle
	for _, b := range raw {
		h = h<<8 | Handle(b)
	}
	return h, nil
}

// MarshalText and UnmarshalText write handles as MEGA does.
func (h Handle) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (h *Handle) UnmarshalText(text []byte) error {
	parsed, err := ParseHandle(string(text))
	if err != nil {
		return err
	}
	*h = parsed
	return nil
}
