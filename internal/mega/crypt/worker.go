package crypt

import "crypto/aes"

// cacheLines is a cache line and the neighbour the prefetcher drags along.
const cacheLines = 128

// worker holds what the kernel works on. It is padded on both sides: states of two goroutines on the
// same lines made both more than three times slower.
type worker struct {
	_ [cacheLines]byte
	kernelState
	lane   [laneCount]int // which lane sits here, or -1
	left   [laneCount]int // whole blocks it still has
	active int
	_      [cacheLines]byte
}

// kernelState is what the assembly reads and writes.
type kernelState struct {
	sum    [laneCount][aes.BlockSize]byte
	data   [laneCount]*byte
	shared *roundKeys                         // the key of all lanes, or nil where they differ
	keys   [11][laneCount][aes.BlockSize]byte // round keys by round and lane, where they differ
}

func (w *worker) run(lanes []Lane) {
	next := 0
	w.shared = sharedKey(lanes)
	for i := range laneCount {
		w.lane[i] = -1
		next = w.fill(i, lanes, next)
	}
	for w.active > 0 {
		blocks := w.shortest()
		w.idle()
		macKernel(&w.kernelState, blocks)
		for i := range laneCount {
			if w.lane[i] < 0 {
				continue
			}
			if w.left[i] -= blocks; w.left[i] == 0 {
				lanes[w.lane[i]].Sum = w.sum[i]
				w.lane[i] = -1
				w.active--
				next = w.fill(i, lanes, next)
			} else {
				l := &lanes[w.lane[i]]
				w.data[i] = &l.Data[(len(l.Data)/aes.BlockSize-w.left[i])*aes.BlockSize]
			}
		}
	}
}

// fill puts the next lane that has a whole block into slot i and returns where to go on.
func (w *worker) fill(i int, lanes []Lane, next int) int {
	for ; next < len(lanes); next++ {
		l := &lanes[next]
		if len(l.Data) < aes.BlockSize {
			continue
		}
		w.lane[i], w.left[i] = next, len(l.Data)/aes.BlockSize
		w.sum[i], w.data[i] = l.Sum, &l.Data[0]
		if w.shared == nil {
			for r := range w.keys {
				w.keys[r][i] = l.Key.round[r]
			}
		}
		w.active++
		return next + 1
	}
	return next
}

// sharedKey is the key of all lanes, or nil where they differ.
func sharedKey(lanes []Lane) *roundKeys {
	if len(lanes) == 0 {
		return nil
	}
	key := lanes[0].Key
	for i := range lanes {
		if lanes[i].Key != key {
			return nil
		}
	}
	return &key.round
}

func (w *worker) shortest() int {
	blocks := 0
	for i := range laneCount {
		if w.lane[i] >= 0 && (blocks == 0 || w.left[i] < blocks) {
			blocks = w.left[i]
		}
	}
	return blocks
}

// idle points the empty slots at readable memory; what they compute is thrown away.
func (w *worker) idle() {
	if w.active == laneCount {
		return
	}
	var readable *byte
	for i := range laneCount {
		if w.lane[i] >= 0 {
			readable = w.data[i]
		}
	}
	for i := range laneCount {
		if w.lane[i] < 0 {
			w.data[i] = readable
		}
	}
}
