package cache_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega/cache"
)

func TestTwins(t *testing.T) {
	dir := t.TempDir()
	d := openDB(t, dir)
	same, other, unknown := cache.Pair{A: 1, B: 1 << 47}, cache.Pair{A: 7, B: 2}, cache.Pair{A: 1, B: 2}
	if got, err := d.Twins().Load(t.Context(), []cache.Pair{same}); err != nil || len(got) != 0 {
		t.Errorf("before anything was found: %v, %v", got, err)
	}
	err := errors.Join(d.Twins().Add(t.Context(), map[cache.Pair]bool{same: false, other: false}),
		d.Twins().Add(t.Context(), map[cache.Pair]bool{same: true}), d.Close())
	if err != nil {
		t.Fatal(err)
	}
	turned := cache.Pair{A: same.B, B: same.A}
	got, err := openDB(t, dir).Twins().Load(t.Context(), []cache.Pair{same, turned, other, unknown})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[cache.Pair]bool{same: true, turned: true, other: false}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTwinsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := cache.OpenDB(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		old, young := cache.Pair{A: 1, B: 2}, cache.Pair{A: 3, B: 4}
		if err := d.Twins().Add(t.Context(), map[cache.Pair]bool{old: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(181 * 24 * time.Hour)
		if err := d.Twins().Add(t.Context(), map[cache.Pair]bool{young: true}); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Twins().Load(t.Context(), []cache.Pair{old, young}); err != nil || len(got) != 1 || !got[young] {
			t.Errorf("%v, %v", got, err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}
