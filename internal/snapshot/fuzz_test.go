package snapshot_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// Names and marks come from other clients: whatever is read is written back as it was, and no text breaks a reader.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"2026-03-01T02-30-00Z", "2026-03-01T02-30-00Z-2", "2026-02-30T02-30-00Z", ".megaplan-2026-03-01T02-30-00Z", "latest", "2026-03",
		`{"v":1,"t":1772332200,"h":"laptop","c":true,"f":3,"b":9,"g":["a","b"],"p":true}`, `{"v":1,"t":-1,"f":-1,"b":-1,"g":[""]}`, `{"v":2}`, "\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if began, n, ok := snapshot.ParseName(text); ok && snapshot.Name(began, n) != text {
			t.Errorf("the name %q is written %q", text, snapshot.Name(began, n))
		}
		if m, ok := snapshot.ParseMark(text); ok {
			again, ok := snapshot.ParseMark(m.Text())
			if diff := cmp.Diff(m, again); !ok || diff != "" {
				t.Errorf("the mark %s is read as another: %s", text, diff)
			}
		}
		list := snapshot.Of([]tree.Node{
			{Name: text, Snapshot: snapshot.Mark{Complete: true}.Text()},
			{Name: "2026-03-01T02-30-00Z", Snapshot: text},
			{Name: "2026-03-02T02-30-00Z", Snapshot: snapshot.Mark{}.Text()},
		})
		if s, err := snapshot.Pick(list, text); err == nil && s.Name != text && text != snapshot.Latest && (text == "" || s.Name[:len(text)] != text) {
			t.Errorf("%q stands for %s", text, s.Name)
		}
	})
}
