package redact_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/redact"
)

const hidden = "hunter2-very-secret"

type holder struct {
	Public  redact.Secret
	private redact.Secret
	list    []redact.Secret
	keyed   map[string]redact.Secret
}

type document struct {
	Key   redact.Secret            `json:"key" xml:"key"`
	Named map[string]redact.Secret `json:"named" xml:"-"`
}

func TestSecretNeverPrints(t *testing.T) {
	s := redact.New(hidden)
	h := holder{Public: s, private: s, list: []redact.Secret{s}, keyed: map[string]redact.Secret{"k": s}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%20s", "%T", "%c", "%t"} {
		for _, value := range []any{s, &s, h, &h, []any{s}, map[string]any{"s": h}} {
			got := fmt.Sprintf(verb, value)
			if leaks(got) {
				t.Errorf("Sprintf(%q, %T) = %q: shows the secret", verb, value, got)
			}
		}
	}
	for _, verb := range []string{"%v", "%s", "%q", "%#v", "%x"} {
		if got := fmt.Sprintf(verb, s); got != redact.Placeholder {
			t.Errorf("Sprintf(%q) = %q, want %q", verb, got, redact.Placeholder)
		}
	}
	if got := fmt.Errorf("sign in with %v: %w", s, errors.New("no")).Error(); leaks(got) {
		t.Errorf("error text %q shows the secret", got)
	}
}

func TestSecretNeverMarshals(t *testing.T) {
	s := redact.New(hidden)
	doc := document{s, map[string]redact.Secret{"a": s}}
	got, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"key":"[redacted]","named":{"a":"[redacted]"}}`; string(got) != want {
		t.Errorf("json = %s, want %s", got, want)
	}
	got, err = xml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if leaks(string(got)) {
		t.Errorf("xml = %s: shows the secret", got)
	}
}

func TestSecretNeverLogs(t *testing.T) {
	s := redact.New(hidden)
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			slog.New(handler(&out)).Info("session", "sid", s, "all", holder{Public: s, private: s}, "list", []redact.Secret{s})
			if leaks(out.String()) || !strings.Contains(out.String(), redact.Placeholder) {
				t.Errorf("log line %q", out.String())
			}
		})
	}
}

func TestSecretValue(t *testing.T) {
	s := redact.New(hidden)
	if got := s.Reveal(); got != hidden {
		t.Errorf("Reveal = %q, want %q", got, hidden)
	}
	if got := string(s.RevealBytes()); got != hidden {
		t.Errorf("RevealBytes = %q, want %q", got, hidden)
	}
	if s.Len() != len(hidden) || s.Empty() {
		t.Errorf("Len = %d, Empty = %v", s.Len(), s.Empty())
	}
	if !s.Equal(redact.NewBytes([]byte(hidden))) || s.Equal(redact.New(hidden+"x")) || s.Equal(redact.Secret{}) {
		t.Error("Equal does not compare the values")
	}
	var zero redact.Secret
	if !zero.Empty() || zero.Reveal() != "" || zero.String() != redact.Placeholder || !zero.Equal(redact.New("")) {
		t.Error("the zero Secret is not the empty secret")
	}
	b := s.RevealBytes()
	b[0] = 'X'
	if s.Reveal() != hidden {
		t.Error("RevealBytes hands out the secret's own memory")
	}
}

// leaks looks for the secret as text and as the hexadecimal digits a verb may turn it into.
func leaks(text string) bool {
	return strings.Contains(text, hidden) ||
		strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", hidden)) ||
		strings.Contains(text, strings.Trim(fmt.Sprintf("%d", []byte(hidden)), "[]"))
}
