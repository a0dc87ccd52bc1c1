package crypt

import (
	"encoding/base64"
	"fmt"
)

// EncodeBase64 writes b the way MEGA does: the URL alphabet without padding.
func EncodeBase64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// DecodeBase64 reads MEGA's base64. As official clients do, it also takes the standard alphabet and
// trailing padding.
func DecodeBase64(s string) ([]byte, error) {
	for len(s) > 0 && s[len(s)-1] == '=' {
		s = s[:len(s)-1]
	}
	b, err := base64.RawURLEncoding.DecodeString(toURLAlphabet(s))
	if err != nil {
		return nil, fmt.Errorf("base64: %w", err)
	}
	return b, nil
}

func toURLAlphabet(s string) string {
	var out []byte
	for i := range len(s) {
		c := s[i]
		switch c {
		case '+':
			c = '-'
		case '/':
			c = '_'
		default:
			continue
		}
		if out == nil {
			out = []byte(s)
		}
		out[i] = c
	}
	if out == nil {
		return s
	}
	return string(out)
}
