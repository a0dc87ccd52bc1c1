package emulator

const (
	chunkUnit = 128 << 10
	// The first eight chunks grow from one unit to eight; all later ones are
	// 1 MiB.
	growingChunks = 8
	growingEnd    = chunkUnit * growingChunks * (growingChunks + 1) / 2
	fullChunk     = 1 << 20
)

// chunkStart returns the boundary at or before an offset.
func chunkStart(off int64) int64 {
	if off >= growingEnd {
		return off - (off-growingEnd)%fullChunk
	}
	start := int64(0)
	for i := int64(1); off >= start+i*chunkUnit; i++ {
		start += i * chunkUnit
	}
	return start
}

// chunkEnd returns the first boundary behind an offset.
func chunkEnd(off int64) int64 {
	if off >= growingEnd {
		return chunkStart(off) + fullChunk
	}
	end := int64(0)
	for i := int64(1); end <= off; i++ {
		end += i * chunkUnit
	}
	return end
}
