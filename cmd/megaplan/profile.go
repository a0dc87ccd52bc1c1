//go:build profile

package main

import (
	"os"
	"runtime/pprof"
)

// init writes a CPU profile of the whole run to the file that MEGAPLAN_PROFILE names. internal/bench builds with this.
func init() {
	path := os.Getenv("MEGAPLAN_PROFILE")
	if path == "" {
		return
	}
	f, err := os.Create(path)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		panic("profile: " + err.Error())
	}
	ended = func() {
		pprof.StopCPUProfile()
		if err := f.Close(); err != nil {
			panic("profile: " + err.Error())
		}
	}
}
