//go:build amd64 && !purego

package crypt

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd asm && go run . -out ../kernel_amd64.s -stubs ../kernel_amd64_stub.go -pkg crypt"

// haveKernel: the assembly uses AES-NI in its three-operand form, which takes unaligned memory.
var haveKernel = cpu.X86.HasAES && cpu.X86.HasAVX

func expandRounds(out *roundKeys, key *Key) {
	if haveKernel {
		expandKey((*[KeySize]byte)(key), (*[11][16]byte)(out))
	}
}

// macKernel advances all eight chains by the same number of blocks.
func macKernel(s *kernelState, blocks int) {
	if s.shared != nil {
		macShared((*[11][16]byte)(s.shared), &s.sum, &s.data, blocks)
		return
	}
	macLanes(&s.keys, &s.sum, &s.data, blocks)
}

var haveFold = cpu.X86.HasAVX2
