package crypt

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChunkTable(t *testing.T) {
	const k = 1 << 10
	want := []int64{0, 128 * k, 384 * k, 768 * k, 1280 * k, 1920 * k, 2688 * k, 3584 * k, 4608 * k, 5632 * k, 6656 * k}
	for i, start := range want {
		if got := ChunkStart(i); got != start {
			t.Errorf("ChunkStart(%d) = %d, want %d", i, got, start)
		}
		if got := ChunkIndex(start); got != i {
			t.Errorf("ChunkIndex(%d) = %d, want %d", start, got, i)
		}
		if got := ChunkIndex(start + 1); got != i {
			t.Errorf("ChunkIndex(%d) = %d, want %d", start+1, got, i)
		}
		if !IsChunkBoundary(start) || IsChunkBoundary(start+1) || IsChunkBoundary(start-1) {
			t.Errorf("boundary at %d is wrong", start)
		}
		if got := ChunkCount(start); got != i {
			t.Errorf("ChunkCount(%d) = %d, want %d", start, got, i)
		}
		if got := ChunkCount(start + 1); got != i+1 {
			t.Errorf("ChunkCount(%d) = %d, want %d", start+1, got, i+1)
		}
	}
	if got, want := ChunkCount(1<<40), 8+(1<<40-4608*k+MaxChunk-1)/MaxChunk; got != want {
		t.Errorf("ChunkCount(1 TiB) = %d, want %d", got, want)
	}
}

func TestSpansCoverTheFile(t *testing.T) {
	for _, target := range []int64{1, 128 << 10, 1 << 20, 8 << 20, 1 << 40} {
		for _, size := range []int64{0, 1, 131072, 131073, 4608 << 10, 5 << 20, 16<<20 + 1, 100 << 20} {
			var end int64
			chunks := 0
			for s := range Spans(size, target) {
				if s.Start != end || s.First != chunks || s.Chunks < 1 || s.End > size {
					t.Fatalf("size %d, target %d: span %+v after byte %d, chunk %d", size, target, s, end, chunks)
				}
				if s.Len() > target && s.Chunks > 1 {
					t.Errorf("size %d, target %d: span of %d bytes", size, target, s.Len())
				}
				if ChunkStart(s.First) != s.Start || (s.End != size && !IsChunkBoundary(s.End)) {
					t.Errorf("size %d, target %d: span %+v is off the boundaries", size, target, s)
				}
				end, chunks = s.End, chunks+s.Chunks
			}
			if end != size || chunks != ChunkCount(size) {
				t.Errorf("size %d, target %d: covered %d bytes in %d chunks", size, target, end, chunks)
			}
		}
	}
	got := slices.Collect(Spans(20<<20, 8<<20))
	want := []Span{
		{Start: 0, End: 7680 << 10, First: 0, Chunks: 11},
		{Start: 7680 << 10, End: 15872 << 10, First: 11, Chunks: 8},
		{Start: 15872 << 10, End: 20 << 20, First: 19, Chunks: 5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("20 MiB in spans of 8 (-want +got):\n%s", diff)
	}
	for range Spans(20<<20, 1) {
		break // the iterator must bear it
	}
}
