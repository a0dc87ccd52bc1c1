package snapshot_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/snapshot"
)

func TestTags(t *testing.T) {
	got, err := snapshot.Tags([]string{"release", "before the move", "release", "città"})
	if want := []string{"before the move", "città", "release"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for _, tag := range []string{"", " a", "a ", "a,b", "a\nb", "\xff", strings.Repeat("x", 101)} {
		if _, err := snapshot.Tags([]string{"fine", tag}); err == nil {
			t.Errorf("%q is taken for a tag", tag)
		}
	}
}
