//go:build (!amd64 && !arm64) || purego

package crypt

// haveKernel is false where there is no assembly: the portable code serves.
const haveKernel = false

func expandRounds(*roundKeys, *Key) {}

func macKernel(*kernelState, int) { panic("crypt: no kernel in this build") }
