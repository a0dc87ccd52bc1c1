package crypt

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
)

// CheckParallel is [Check] by several workers, for one file so large that it is worth it.
func CheckParallel(ctx context.Context, workers int, r io.ReaderAt, size int64, keys ...FileKey) ([]Verdict, error) {
	ciphers := make([]*FileCipher, len(keys))
	macs := make([][]MAC, len(keys))
	for i, k := range keys {
		ciphers[i] = k.Cipher()
		macs[i] = make([]MAC, ChunkCount(size))
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			buf := checkBuffers.Get().(*checkBuffer)
			defer checkBuffers.Put(buf)
			m := checker{r: r, size: size, ciphers: ciphers, macs: macs, buf: buf}
			for {
				first := int(next.Add(laneCount)) - laneCount
				if first >= ChunkCount(size) {
					return
				}
				if err := m.group(ctx, first); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	group.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(keys))
	for i, k := range keys {
		verdicts[i] = k.Verify(macs[i])
	}
	return verdicts, nil
}
