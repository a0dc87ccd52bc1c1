package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The heap grows further between collections than Go lets it by itself: measured on the rows of internal/bench, a fifth more
// memory for up to a quarter less time. A large heap does not: what is a gigabyte and lives would take three.
const (
	gcPercent      = 200
	gcPercentLarge = 75
	gcLarge        = 256 << 20
)

// tuneCollector sets how far the heap grows, now and after each collection. GOGC overrides it.
func tuneCollector() {
	if os.Getenv("GOGC") != "" {
		return
	}
	percent := gcPercent
	debug.SetGCPercent(percent)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var collected func(*[64]byte)
	collected = func(sentinel *[64]byte) {
		metrics.Read(live)
		want := gcPercent
		if live[0].Value.Uint64() > gcLarge {
			want = gcPercentLarge
		}
		if want != percent {
			percent = want
			debug.SetGCPercent(percent)
		}
		runtime.SetFinalizer(sentinel, collected)
	}
	runtime.SetFinalizer(new([64]byte), collected)
}
