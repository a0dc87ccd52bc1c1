package state

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/addr"
)

var update = flag.Bool("update", false, "rewrite golden files")

func sampleDocument() *Document {
	at := time.Date(2026, 3, 1, 2, 30, 0, 0, time.UTC)
	a := addr.New(addr.Backup, "www").Instance("web \"1\"<>")
	return &Document{
		Version: 1, Serial: 7, Lineage: "0b1c", MegaplanVersion: "0.1.0",
		Resources: []Resource{{
			Address: a, Serial: 3, Account: addr.New(addr.Account, "main"), AccountUser: "AbCdEfGhIjk", Path: "/Backups/é", Root: 0x010203040506,
			Host: "laptop", Source: "~/www", OnDelete: "trash", PreventDestroy: true, LastApplied: at, LastSuccess: at.Add(time.Hour),
			Manifest: ManifestRef{strings.Repeat("a", 64), 2, 30}, Run: "r1", History: []HistoryRef{{Time: at, Digest: strings.Repeat("b", 64)}},
		}, {Address: addr.New(addr.Folder, "empty"), Serial: 1, Account: addr.New(addr.Account, "main"), Path: "/x"}},
		Outputs: map[string]Output{"root": {Value: []byte(`{"deep":["<",1]}`)}, "secret": {Value: []byte(`"s"`), Sensitive: true}},
		Leases: []Lease{{
			ID: "l1", Host: "laptop", PID: 12, Operation: "apply", Addresses: []addr.Address{a}, Since: at, Heartbeat: at.Add(time.Minute), Machine: "m",
		}},
	}
}

// sampleOfVersion2 holds snapshots besides.
func sampleOfVersion2() *Document {
	d := sampleDocument()
	d.Version = 2
	began := time.Date(2026, 3, 1, 2, 30, 0, 0, time.UTC)
	d.Resources[0].Snapshots = []Snapshot{
		{Name: "2026-03-02T02-30-00Z", Handle: 0x060504030201, Began: began.AddDate(0, 0, 1), Files: 2, Bytes: 30, Complete: true},
		{Name: "2026-03-01T02-30-00Z", Handle: 0x060504030202, Began: began, Files: 1, Bytes: 10},
	}
	return d
}

// TestDocumentSamples holds what each version wrote: it must be readable for ever.
func TestDocumentSamples(t *testing.T) {
	checkSample(t, "testdata/document-v1.json", sampleDocument())
	checkSample(t, "testdata/document-v2.json", sampleOfVersion2())
}

func checkSample(t *testing.T, path string, sample *Document) {
	t.Helper()
	got, err := sample.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(data), string(got)); diff != "" {
		t.Errorf("encoding (-want +got):\n%s", diff)
	}
	d, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample, d); diff != "" {
		t.Errorf("decoding (-want +got):\n%s", diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	newer := `{"version":3,"megaplan_version":"9.9","unknown":{}}`
	var n *NewerVersionError
	if _, err := Decode([]byte(newer)); !errors.As(err, &n) || n.MegaplanVersion != "9.9" || !strings.Contains(err.Error(), "megaplan 9.9") {
		t.Errorf("newer: %v", err)
	}
	for _, bad := range []string{
		"", "{", "[]", `{"version":0}`, `{"version":1}`, `{"version":1,"lineage":"x","extra":1}`, `{"version":1,"lineage":"x"} {}`,
		`{"version":1,"lineage":"x","resources":[{"address":"backup.a"},{"address":"backup.a"}]}`, `{"version":1,"lineage":"x","resources":[{"address":""}]}`,
		`{"version":1,"lineage":"x","resources":[{"address":"nope.a"}]}`,
	} {
		var damaged *CorruptError
		if _, err := Decode([]byte(bad)); !errors.As(err, &damaged) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	data, err := sampleDocument().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Decode(data)
		if err != nil {
			return
		}
		once, err := d.Encode()
		if err != nil {
			return // a time that JSON cannot hold
		}
		again, err := Decode(once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		twice, err := again.Encode()
		if err != nil || string(twice) != string(once) {
			t.Fatalf("%s becomes %s, %v", once, twice, err)
		}
	})
}
