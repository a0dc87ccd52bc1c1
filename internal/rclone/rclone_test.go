package rclone

import (
	"errors"
	"strings"
	"testing"
)

const sample = "\ufeff# a comment\r\n" + `
[mega]
type = mega
user = me@example.com
pass = abc-_=
hard_delete = true

; another
[photos]
type = alias
remote = mega:/Pictures/
[deep]
type=alias
remote = photos:2025
[circle]
type = alias
remote = circle:x
[local]
type = alias
remote = /srv
[secret]
type = crypt
remote = mega:secret
[both]
type = union
upstreams = mega:a s3:b:ro
[parts]
type = combine
upstreams = one=mega:a two=secret:
[hash]
type = hasher
remote = s3:x
[s3]
type = s3
`

func parsed(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestResolve(t *testing.T) {
	c := parsed(t, sample)
	for text, want := range map[string]string{
		"mega:": "mega:/", "mega:/": "mega:/", "mega:a/b/": "mega:/a/b", "photos:": "mega:/Pictures", "deep:jan": "mega:/Pictures/2025/jan", "deep:": "mega:/Pictures/2025",
	} {
		p, err := c.Resolve(text)
		if got := p.Remote.Name + ":" + p.Path; err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"mega": "NAME:PATH", "none:": "there is no remote none", "circle:": "itself", "local:": "which is no remote",
		"secret:x": "encrypts", "both:": "mega:a, s3:b", "parts:": "mega:a, secret:", "hash:": "s3:x", "s3:": "MEGA only",
	} {
		if _, err := c.Resolve(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestOptions(t *testing.T) {
	c := parsed(t, sample)
	r, ok := c.Remote("mega")
	if !ok || r.Type != "mega" || r.Option("pass") != "abc-_=" || r.Option("hard_delete") != "true" || r.Option("none") != "" {
		t.Errorf("%+v", r)
	}
	for name, want := range map[string]bool{"mega": true, "deep": true, "secret": true, "both": true, "parts": true, "hash": false, "s3": false, "circle": false, "local": false} {
		if r, _ := c.Remote(name); c.OnMEGA(r) != want {
			t.Errorf("%s is on MEGA: %v", name, !want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	if _, err := Parse([]byte("# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nabc\n")); !errors.Is(err, ErrEncrypted) {
		t.Errorf("%v", err)
	}
	for _, text := range []string{"[mega\n", "[]\n", "a = b\n", "[a]\nnonsense\n"} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample), "deep:x")
	f.Fuzz(func(t *testing.T, text []byte, place string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		for _, r := range c.Remotes() {
			c.OnMEGA(r)
			_, _ = c.Resolve(r.Name + ":" + place)
		}
	})
}
