package crypt

import "iter"

const (
	// ChunkUnit is the granularity of the chunk table: the first eight chunks are 1 to 8 units long.
	ChunkUnit = 128 << 10
	// MaxChunk is the length of every later chunk, and the longest there is.
	MaxChunk = 1 << 20

	rampChunks = 8
	rampEnd    = ChunkUnit * rampChunks * (rampChunks + 1) / 2
)

// ChunkStart is the offset at which chunk i begins.
func ChunkStart(i int) int64 {
	if i <= rampChunks {
		return ChunkUnit * int64(i) * int64(i+1) / 2
	}
	return rampEnd + int64(i-rampChunks)*MaxChunk
}

// ChunkIndex is the chunk that holds the byte at offset.
func ChunkIndex(offset int64) int {
	if offset >= rampEnd {
		return rampChunks + int((offset-rampEnd)/MaxChunk)
	}
	i := 0
	for ChunkStart(i+1) <= offset {
		i++
	}
	return i
}

// ChunkCount is the number of chunks of a file of the given size.
func ChunkCount(size int64) int {
	if size <= 0 {
		return 0
	}
	return ChunkIndex(size-1) + 1
}

// ChunkRange is where chunk i of a file of the given size lies.
func ChunkRange(i int, size int64) (start, end int64) {
	return ChunkStart(i), min(ChunkStart(i+1), size)
}

// IsChunkBoundary reports whether a chunk begins at offset.
func IsChunkBoundary(offset int64) bool {
	return offset >= 0 && ChunkStart(ChunkIndex(offset)) == offset
}

// Span is a run of whole chunks: bytes [Start, End), chunks [First, First+Chunks).
type Span struct {
	Start, End int64
	First      int
	Chunks     int
}

// Len is the number of bytes in the span.
func (s Span) Len() int64 { return s.End - s.Start }

// Spans cuts a file into runs of whole chunks of at most target bytes each, but at least one chunk. An
// empty file has none.
func Spans(size, target int64) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		for first, count := 0, ChunkCount(size); first < count; {
			s := SpanAt(first, size, target)
			if !yield(s) {
				return
			}
			first += s.Chunks
		}
	}
}

// SpanAt is the span that begins at a chunk, by the rule of [Spans].
func SpanAt(first int, size, target int64) Span {
	s := Span{Start: ChunkStart(first), First: first, Chunks: 1}
	_, s.End = ChunkRange(first, size)
	for s.End < size {
		_, end := ChunkRange(first+s.Chunks, size)
		if end-s.Start > target {
			break
		}
		s.End = end
		s.Chunks++
	}
	return s
}
