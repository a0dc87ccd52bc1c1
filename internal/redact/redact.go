// Package redact holds the one type every secret travels in: keys, passwords and session ids that print as
// "[redacted]" wherever something formats, marshals or logs them. Reading the value takes a call to Reveal.
package redact

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Placeholder is what a secret shows instead of itself.
const Placeholder = "[redacted]"

// Secret is a string that does not show itself. The zero value is the empty secret.
//
// The value sits behind a pointer because fmt does not call methods of unexported fields: a struct that holds a
// Secret privately prints an address, never the text. Compare with Equal, not with ==.
type Secret struct {
	value *string
}

// New hides s.
func New(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{value: &s}
}

// NewBytes hides a copy of b.
func NewBytes(b []byte) Secret { return New(string(b)) }

// Reveal returns the secret itself; the name makes every use easy to find.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// RevealBytes returns a copy of the secret's bytes.
func (s Secret) RevealBytes() []byte { return []byte(s.Reveal()) }

// Empty reports whether there is nothing to hide.
func (s Secret) Empty() bool { return s.value == nil }

// Len is the number of bytes hidden.
func (s Secret) Len() int { return len(s.Reveal()) }

// Equal compares in time that depends on the lengths only.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare(s.RevealBytes(), other.RevealBytes()) == 1
}

// String implements fmt.Stringer with the placeholder.
func (s Secret) String() string { return Placeholder }

// Format writes the placeholder for every verb and flag.
func (s Secret) Format(state fmt.State, _ rune) {
	// fmt.State has nowhere to report a failed write.
	_, _ = io.WriteString(state, Placeholder)
}

// MarshalText writes the placeholder, so JSON, XML and every other text encoding show it too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Placeholder), nil }

// LogValue implements slog.LogValuer with the placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Placeholder) }
