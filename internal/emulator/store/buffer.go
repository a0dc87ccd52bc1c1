package store

import "sync"

var buffers = sync.Pool{New: func() any {
	b := make([]byte, 256<<10)
	return &b
}}

func borrowBuffer() *[]byte  { return buffers.Get().(*[]byte) }
func returnBuffer(b *[]byte) { buffers.Put(b) }
