package transfer

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
)

func TestReadAnswer(t *testing.T) {
	token := bytes.Repeat([]byte{0xff}, tokenSize)
	tests := []struct {
		text  string
		token []byte
		code  int
		bad   bool
	}{
		{text: "0"},
		{text: ""},
		{text: string(token), token: token},
		{text: "-3", code: -3},
		{text: "-14\n", code: -14},
		{text: "7", bad: true},
		{text: "<html>", bad: true},
		{text: strings.Repeat("x", 27), bad: true}, // the token of an address asked for without v:2
	}
	for _, tt := range tests {
		got, err := readAnswer([]byte(tt.text))
		var refused *Error
		switch {
		case tt.code != 0:
			if !errors.As(err, &refused) || refused.Code != tt.code {
				t.Errorf("%q: error = %v, want code %d", tt.text, err, tt.code)
			}
		case (err != nil) != tt.bad || !bytes.Equal(got, tt.token):
			t.Errorf("%q = %q, %v", tt.text, got, err)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte("-8"))
	f.Add([]byte("0"))
	f.Add(bytes.Repeat([]byte{0}, tokenSize))
	f.Fuzz(func(t *testing.T, text []byte) {
		token, err := readAnswer(text)
		if err == nil && token == nil && len(text) > 0 && string(text) != "0" {
			t.Errorf("%q counts as stored", text)
		}
		if token != nil && !bytes.Equal(token, text) {
			t.Errorf("%q gives token %q", text, token)
		}
		var refused *Error
		if errors.As(err, &refused) {
			if n, convErr := strconv.Atoi(strings.TrimSpace(string(text))); convErr != nil || n != refused.Code || n >= 0 {
				t.Errorf("%q gives code %d", text, refused.Code)
			}
		}
	})
}

func TestErrorsSpeakForThemselves(t *testing.T) {
	tests := []struct {
		err                          *Error
		temporary, expired, overload bool
		want                         string
	}{
		{&Error{Op: "upload", Status: 503}, true, false, true, "upload: storage server answered 503 Service Unavailable"},
		{&Error{Op: "upload", Status: 429}, true, false, true, "upload: storage server answered 429 Too Many Requests"},
		{&Error{Op: "upload", Status: 404}, false, true, false, "upload: storage server answered 404 Not Found"},
		{&Error{Op: "upload", Status: 403}, false, true, false, "upload: storage server answered 403 Forbidden"},
		{&Error{Op: "upload", Code: -8}, false, true, false, "upload: storage server answered error -8"},
		{&Error{Op: "upload", Code: -4}, true, false, true, "upload: storage server answered error -4"},
		{&Error{Op: "upload", Code: -7}, false, false, false, "upload: storage server answered error -7"},
		{&Error{Op: "download", Status: 509, Left: 9e10}, true, false, false, "download: transfer quota is used up for 1m30s"},
		{&Error{Op: "download", Err: ErrStalled}, true, false, false, "download: the connection stalled"},
	}
	for _, tt := range tests {
		if tt.err.Temporary() != tt.temporary || tt.err.Expired() != tt.expired || isOverload(tt.err) != tt.overload {
			t.Errorf("%v: temporary %v, expired %v, overload %v", tt.err, tt.err.Temporary(), tt.err.Expired(), isOverload(tt.err))
		}
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("text = %q, want %q", got, tt.want)
		}
	}
}
