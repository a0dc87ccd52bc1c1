package state

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func sampleBundle() *Bundle {
	return &Bundle{
		Serial: 12, Document: []byte(`{"version":1,"serial":3,"lineage":"<abc>","megaplan_version":"0.1.0","resources":[]}`),
		Objects: map[string]BundledObject{
			Digest([]byte("sealed")): {Time: time.Unix(1_700_000_000, 0).UTC(), Data: []byte("sealed")},
			Digest(nil):              {},
		},
	}
}

// TestBundleSample reads a text written by the first release of the format, and writes the same.
func TestBundleSample(t *testing.T) {
	want, err := os.ReadFile("testdata/bundle-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeBundle(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleBundle(), got, cmp.Comparer(func(a, b []byte) bool { return string(a) == string(b) })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again, err := got.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(again)); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
}

func TestOnlyOurBundlesAreRead(t *testing.T) {
	for text, foreign := range map[string]bool{
		`{"version":4,"terraform_version":"1.9.0","serial":3,"lineage":"x","outputs":{},"resources":[]}`: true,
		`[]`: true, `"text"`: true, `{"version":1,"serial":3,"lineage":"x","resources":[]}`: true,
		``: false, `{`: false, `<html>`: false, `{"megaplan":{"version":1}}`: false, `{"megaplan":{"version":0,"document":{}}}`: false,
	} {
		_, err := DecodeBundle([]byte(text))
		var damaged *CorruptError
		if errors.Is(err, ErrForeign) != foreign || errors.As(err, &damaged) == foreign {
			t.Errorf("%s: %v", text, err)
		}
	}
	var newer *NewerVersionError
	if _, err := DecodeBundle([]byte(`{"terraform_version":"megaplan-9","megaplan":{"version":2,"document":{}}}`)); !errors.As(err, &newer) || newer.Version != 2 {
		t.Errorf("a newer one: %v", err)
	}
}

func FuzzDecodeBundle(f *testing.F) {
	text, err := sampleBundle().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"megaplan":{"version":1,"document":1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := DecodeBundle(data)
		if err != nil {
			return
		}
		text, err := b.Encode()
		if err != nil {
			return // a time that JSON cannot write
		}
		again, err := DecodeBundle(text)
		if err != nil || len(again.Objects) != len(b.Objects) || again.Serial != b.Serial {
			t.Errorf("%s became %s, %v", data, text, err)
		}
	})
}
