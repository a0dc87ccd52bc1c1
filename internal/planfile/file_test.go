package planfile

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

var update = flag.Bool("update", false, "rewrite the sample")

var (
	main1 = addr.New(addr.Account, "main")
	docs  = addr.New(addr.Backup, "docs")
	www   = addr.New(addr.Backup, "www").Instance("web \"1\"")
)

// sample is a plan with every kind of thing in it, names that are not UTF-8 included.
func sample() Saved {
	created := time.Date(2026, 11, 22, 13, 0, 0, 0, time.UTC)
	return Saved{
		Created: created, MegaplanVersion: "0.1.0", Host: "laptop.home", ConfigDigest: "c0ffee", Lineage: "1b4e28ba",
		Serials:  map[addr.Address]uint64{docs: 3, www: 0},
		Accounts: []AccountPoint{{Account: main1, User: "jVtlCPbR2aE", Sequence: "0KRlSAjWbMA"}},
		Plan: &planner.Plan{
			Targets: []planner.Target{
				{
					Address: docs, Status: planner.Active, Account: main1, Source: "/home/me/docs\xff", Written: "~/docs", Path: "B/docs",
					Root: planner.Ref{Handle: 9}, Prior: docs, Serial: 3, Files: 4, Bytes: 99, Equal: 1, LastSuccess: created,
					Adopt: []state.Entry{
						{Path: "a", Dir: true, Handle: 20, Meta: `{"m":493}`},
						{Path: "a/b\xfe", Handle: 21, Size: 7, MTime: 1700000000, CRC: [16]byte{1, 15: 9}},
					},
					Drop:      []tree.Handle{31, 1 << 47},
					Kept:      []planner.Kept{{Path: "x\xff", Reason: "exclude, docs.mega.hcl:14", Files: 3, Dir: true}},
					Lifecycle: config.Lifecycle{PreventDestroy: true, IgnoreDrift: []string{"*.lnk"}},
				},
				{Address: www, Status: planner.NotHere, Account: main1, Host: "web1", Path: "B/www"},
			},
			Actions: []planner.Action{
				{ID: 1, Address: docs, Kind: planner.CreateFolder, Path: "B/docs/n", Reason: "new here", Parent: planner.Ref{Handle: 9}, Name: "n"},
				{
					ID: 2, Address: docs, Kind: planner.Upload, Path: "B/docs/n/f\xff", Reason: "new here", Bytes: 12, Files: 1,
					Needs: []planner.ActionID{1}, Parent: planner.Ref{Action: 1}, Name: "f\xff", Meta: `{"m":420}`,
					Local: planner.Local{Path: "n/f\xff", Size: 12, MTime: 1700000000123456789, CTime: -5, Dev: 66, Inode: 1 << 60},
				},
				{
					ID: 3, Address: docs, Kind: planner.Update, Path: "B/docs/u", Reason: "changed", Bytes: 5, Files: 1, Parent: planner.Ref{Handle: 9},
					Name: "other name", Local: planner.Local{Path: "sub/U", Symlink: true, Size: 5}, Replace: true, KeepVersion: true,
					Fingerprint: planner.Fingerprint{CRC: [16]byte{7}, MTime: 12}, Remote: planner.Remote{Handle: 40, Parent: 9, Name: "u", Size: 4},
				},
				{
					ID: 4, Address: docs, Kind: planner.Trash, Path: "B/docs/old", From: "B/old", Reason: "gone from the source", Bytes: 1 << 40, Files: 3,
					Needs: []planner.ActionID{1, 3}, After: planner.AfterContent, Remote: planner.Remote{Handle: 41, Parent: 9, Name: "old", Dir: true},
					Subtree: &planner.Subtree{Nodes: 3, Digest: [32]byte{1, 31: 2}},
				},
			},
			Drift:    []planner.Difference{{Address: docs, Change: planner.DriftRemoved, Path: "gone\xff", Detail: "gone", When: created}},
			Checks:   []planner.CheckResult{{Address: addr.New(addr.Check, "fresh"), OK: true, Detail: "fine"}},
			Warnings: diag.List{{Severity: diag.Warning, Summary: "names differ only in case"}},
			Quotas:   []planner.AccountQuota{{Account: main1, Quota: planner.Quota{Used: 5, Total: 50}}},
			Partial:  true,
		},
	}
}

func encoded(t testing.TB, s Saved) []byte {
	t.Helper()
	data, err := Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWriteReadRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.plan")
	want := sample()
	if err := Write(path, want); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-wrote +read):\n%s", diff)
	}
}

// TestNoFieldIsForgotten fills every field of an action and an entry, those added later too, and expects them back.
func TestNoFieldIsForgotten(t *testing.T) {
	want := sample()
	fill(reflect.ValueOf(&want.Plan.Actions[3]).Elem(), 1)
	want.Plan.Actions[3].ID, want.Plan.Actions[3].Address, want.Plan.Actions[3].Needs = 4, www, []planner.ActionID{2}
	want.Plan.Actions[3].Parent.Action, want.Plan.Actions[3].Folder.Action = 1, 2
	want.Plan.Actions[3].Like, want.Plan.Actions[3].After = 3, planner.AfterNew
	fill(reflect.ValueOf(&want.Plan.Targets[0].Adopt[0]).Elem(), 1)
	got, err := Decode(encoded(t, want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-wrote +read):\n%s", diff)
	}
}

// TestWhoKnowsNoAfterNewWaitsForAll: what an older megaplan reads must not let a deletion go before the content.
func TestWhoKnowsNoAfterNewWaitsForAll(t *testing.T) {
	for _, after := range []planner.After{planner.AfterNeeds, planner.AfterNew, planner.AfterContent} {
		var out bytes.Buffer
		e := newEncoder(&out)
		e.action(&planner.Action{Address: docs, Kind: planner.Trash, Path: "B/docs/old", After: after})
		if err := e.w.Flush(); err != nil {
			t.Fatal(err)
		}
		d := newDecoder(&out)
		d.address()
		d.word()
		d.front()
		if waits := d.uint()&1 != 0; d.err != nil || waits != (after != planner.AfterNeeds) {
			t.Errorf("after %s: the first flag is %v, %v", after, waits, d.err)
		}
	}
}

// fill gives every field of a value another one than zero.
func fill(v reflect.Value, seed int64) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), seed+int64(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), seed)
	case reflect.Array, reflect.Slice:
		if v.Kind() == reflect.Slice {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			fill(v.Index(i), seed)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", seed))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(seed)
	case reflect.Uint64, reflect.Uint32, reflect.Uint8:
		v.SetUint(uint64(seed))
	default:
		panic("fill: " + v.Kind().String())
	}
}

func TestEqualPlansGiveEqualBytes(t *testing.T) {
	if a, b := encoded(t, sample()), encoded(t, sample()); string(a) != string(b) {
		t.Error("two encodings of one plan differ")
	}
}

// TestSampleOfVersion1 reads a file that was written once: the format must stay readable.
func TestSampleOfVersion1(t *testing.T) {
	path := filepath.Join("testdata", "v1.plan")
	if *update {
		if err := Write(path, sample()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), got); diff != "" {
		t.Errorf("(-want +read):\n%s", diff)
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	data := encoded(t, sample())
	for i := range data {
		bad := append([]byte(nil), data...)
		bad[i] ^= 0x10
		if _, err := Decode(bad); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNewer) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := Decode(data[:i]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
	}
	if _, err := Decode(append(data, 0)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a byte too much: %v", err)
	}
}

func TestRefusalsNameTheRemedy(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		content string
		is      error
		says    string
	}{
		"newer":   {"megaplan-plan 2\nwhatever follows", ErrNewer, "format 2, this one reads up to 1"},
		"foreign": {"{\"version\":4}", ErrCorrupt, "megaplan plan -out="},
		"empty":   {"", ErrCorrupt, "it does not begin as one"},
		"version": {"megaplan-plan x\n", ErrCorrupt, "names no version"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestRule26_APlanIsBoundToItsHost(t *testing.T) {
	s := sample()
	if err := s.CheckHost("LAPTOP.office.example"); err != nil {
		t.Errorf("the same host under another domain: %v", err)
	}
	if err := s.CheckHost("web1"); !errors.Is(err, ErrOtherHost) || !strings.Contains(err.Error(), "MEGAPLAN_HOST") {
		t.Errorf("another host: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encoded(f, sample()))
	f.Add([]byte("megaplan-plan 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Decode(data)
		if err == nil {
			if _, err := Encode(s); err != nil {
				t.Errorf("what was read cannot be written: %v", err)
			}
		}
	})
}

// FuzzBody gets past the checksum, to the parser.
func FuzzBody(f *testing.F) {
	var body strings.Builder
	e := newEncoder(&body)
	if err := e.saved(sample()); err != nil {
		f.Fatal(err)
	}
	if err := e.w.Flush(); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(body.String()))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := newDecoder(strings.NewReader(string(data)))
		s := d.saved()
		if d.err == nil && s.Plan == nil {
			t.Error("no error and no plan")
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	_, data := many(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
	perAction(b)
}

func BenchmarkEncode(b *testing.B) {
	s, data := many(b)
	b.ReportAllocs()
	for b.Loop() {
		encoded(b, s)
	}
	perAction(b)
	b.ReportMetric(float64(len(data))/manyActions, "file-bytes/action")
}

const manyActions = 100_000

// many is a plan of that many uploads, and its file.
func many(b *testing.B) (Saved, []byte) {
	b.Helper()
	s := sample()
	s.Plan.Actions = nil
	for i := range manyActions {
		path := tree.Path(fmt.Sprintf("B/docs/dir %04d/some file %06d.jpg", i/100, i))
		s.Plan.Actions = append(s.Plan.Actions, planner.Action{
			ID: planner.ActionID(i + 1), Address: docs, Kind: planner.Upload, Path: path, Reason: "new here", Bytes: int64(i), Files: 1,
			Parent: planner.Ref{Handle: 9}, Name: path.Base(), Meta: `{"m":420}`,
			Local: planner.Local{Path: string(path[7:]), Size: int64(i), MTime: 1.7e18 + int64(i), CTime: 1.7e18, Dev: 1, Inode: uint64(i)},
		})
	}
	return s, encoded(b, s)
}

func perAction(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/manyActions, "ns/action")
}
