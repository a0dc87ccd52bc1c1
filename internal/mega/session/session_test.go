package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/redact"
)

const testSID = "c2Vzc2lvbi1pZC10aGF0LW11c3QtbmV2ZXItc2hvdy1hbnl3aGVyZS1hdC1hbGw"

func sampleSession() Session {
	return Session{
		Endpoint: "https://g.api.mega.co.nz", Email: "me@example.com", User: "AAAAAAAAAAE",
		SID: redact.New(testSID), Master: crypt.Key([]byte("sixteen byte key")),
	}
}

func TestSessionRoundTrip(t *testing.T) {
	want := sampleSession()
	got, err := Parse(redact.New(want.Export().Reveal() + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Endpoint != want.Endpoint || got.Email != want.Email || got.User != want.User || !got.SID.Equal(want.SID) || got.Master != want.Master {
		t.Errorf("read back as %+v", got)
	}
	if strings.ContainsAny(want.Export().Reveal(), " \n\"'") {
		t.Error("the exported session needs quoting")
	}
}

func TestSessionNeverPrints(t *testing.T) {
	s := sampleSession()
	document, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, said := range []string{fmt.Sprint(s), fmt.Sprintf("%+v %#v", s, &s), string(document), fmt.Sprint(s.Export())} {
		for _, secret := range []string{testSID[:16], "sixteen byte", fmt.Sprintf("%x", "sixteen"), "115 105 120"} {
			if strings.Contains(said, secret) {
				t.Errorf("%q shows a secret", said)
			}
		}
	}
}

func TestParseSessionRefuses(t *testing.T) {
	good := sampleSession().Export().Reveal()
	wrap := func(document string) string { return exportPrefix + crypt.EncodeBase64([]byte(document)) }
	for name, text := range map[string]string{
		"empty":     "",
		"password":  "hunter2-secret",
		"version":   strings.Replace(good, "session-1", "session-2", 1),
		"cut":       good[:len(good)-5],
		"damaged":   good[:30] + "!" + good[31:],
		"no sid":    wrap(`{"endpoint":"https://x","master":"AAAAAAAAAAAAAAAAAAAAAA"}`),
		"short key": wrap(`{"endpoint":"https://x","sid":"x","master":"AAAA"}`),
		"no json":   wrap(`hello`),
	} {
		_, err := Parse(redact.New(text))
		if !errors.Is(err, ErrNotSession) {
			t.Errorf("%s: err = %v", name, err)
		} else if len(text) > 8 && strings.Contains(err.Error(), text[len(text)-8:]) {
			t.Errorf("%s: error %q quotes the text", name, err)
		}
	}
}
