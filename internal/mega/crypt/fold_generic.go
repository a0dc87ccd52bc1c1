//go:build !amd64 || purego

package crypt

// haveFold is false where the running checksum has no kernel: the standard library's exclusive or serves.
const haveFold = false

func foldBlocks(*[foldSize]byte, *byte, int) { panic("crypt: no kernel in this build") }
