// Command asm writes the AES kernels of package crypt. It is a module of its own, so that nobody who
// builds megaplan needs the assembler library. Run it with go generate in the parent directory.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	lanes  = 8
	rounds = 10
	block  = 16
)

func main() {
	ConstraintExpr("amd64,!purego")
	macLanes()
	macShared()
	expandKey()
	foldBlocks()
	Generate()
}

// kernel is the frame both MAC kernels share: eight CBC chains that advance one block per turn. The
// round callback mixes the key of one round into all chains.
func kernel(round func(r int, chains []reg.VecVirtual)) {
	sum := Load(Param("sum"), GP64())
	pointers := Load(Param("data"), GP64())
	blocks := Load(Param("blocks"), GP64())
	data := make([]reg.GPVirtual, lanes)
	for i := range data {
		data[i] = GP64()
		MOVQ(Mem{Base: pointers, Disp: 8 * i}, data[i])
	}
	chains := make([]reg.VecVirtual, lanes)
	for i := range chains {
		chains[i] = XMM()
		VMOVDQU(Mem{Base: sum, Disp: block * i}, chains[i])
	}
	offset := GP64()
	XORQ(offset, offset)

	Label("turn")
	for i, c := range chains {
		VPXOR(Mem{Base: data[i], Index: offset, Scale: 1}, c, c)
	}
	for r := range rounds + 1 {
		round(r, chains)
	}
	ADDQ(U8(block), offset)
	DECQ(blocks)
	JNZ(LabelRef("turn"))

	for i, c := range chains {
		VMOVDQU(c, Mem{Base: sum, Disp: block * i})
	}
	RET()
}

func mix(r int, key Op, chain reg.VecVirtual) {
	switch r {
	case 0:
		VPXOR(key, chain, chain)
	case rounds:
		VAESENCLAST(key, chain, chain)
	default:
		VAESENC(key, chain, chain)
	}
}

func macLanes() {
	TEXT("macLanes", NOSPLIT, fmt.Sprintf("func(keys *[%d][%d][%d]byte, sum *[%d][%d]byte, data *[%d]*byte, blocks int)",
		rounds+1, lanes, block, lanes, block, lanes))
	Pragma("noescape")
	Doc("macLanes advances eight CBC-MACs, each under its own key, by the same number of blocks.")
	keys := Load(Param("keys"), GP64())
	kernel(func(r int, chains []reg.VecVirtual) {
		for i, c := range chains {
			mix(r, Mem{Base: keys, Disp: block * (lanes*r + i)}, c)
		}
	})
}

func macShared() {
	TEXT("macShared", NOSPLIT, fmt.Sprintf("func(keys *[%d][%d]byte, sum *[%d][%d]byte, data *[%d]*byte, blocks int)",
		rounds+1, block, lanes, block, lanes))
	Pragma("noescape")
	Doc("macShared advances eight CBC-MACs under one key by the same number of blocks.")
	keys := Load(Param("keys"), GP64())
	kernel(func(r int, chains []reg.VecVirtual) {
		key := XMM()
		VMOVDQU(Mem{Base: keys, Disp: block * r}, key)
		for _, c := range chains {
			mix(r, key, c)
		}
	})
}

func expandKey() {
	TEXT("expandKey", NOSPLIT, fmt.Sprintf("func(key *[%d]byte, out *[%d][%d]byte)", block, rounds+1, block))
	Pragma("noescape")
	Doc("expandKey computes the eleven round keys of AES-128.")
	src := Load(Param("key"), GP64())
	out := Load(Param("out"), GP64())
	key, word, shifted := XMM(), XMM(), XMM()
	VMOVDQU(Mem{Base: src}, key)
	VMOVDQU(key, Mem{Base: out})
	for r, constant := range []uint8{1, 2, 4, 8, 16, 32, 64, 128, 27, 54} {
		VAESKEYGENASSIST(U8(constant), key, word)
		VPSHUFD(U8(0xff), word, word) // the rotated, substituted last word, in all four places
		// Every word of a round key is the exclusive or of all words up to it.
		VPSLLDQ(U8(4), key, shifted)
		VPXOR(shifted, key, key)
		VPSLLDQ(U8(8), key, shifted)
		VPXOR(shifted, key, key)
		VPXOR(word, key, key)
		VMOVDQU(key, Mem{Base: out, Disp: block * (r + 1)})
	}
	RET()
}

// foldWidth is how much of the running checksum is in registers: six of them hold sixteen times its twelve bytes.
const (
	foldRegisters = 6
	register      = 32
	foldWidth     = foldRegisters * register
)

func foldBlocks() {
	TEXT("foldBlocks", NOSPLIT, fmt.Sprintf("func(fold *[%d]byte, data *byte, blocks int)", foldWidth))
	Pragma("noescape")
	Doc(fmt.Sprintf("foldBlocks adds blocks of %d bytes to a running checksum. There is at least one.", foldWidth))
	fold := Load(Param("fold"), GP64())
	data := Load(Param("data"), GP64())
	blocks := Load(Param("blocks"), GP64())
	sums := make([]reg.VecVirtual, foldRegisters)
	for i := range sums {
		sums[i] = YMM()
		VMOVDQU(Mem{Base: fold, Disp: register * i}, sums[i])
	}
	Label("block")
	for i, s := range sums {
		VPXOR(Mem{Base: data, Disp: register * i}, s, s)
	}
	ADDQ(U32(foldWidth), data)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	for i, s := range sums {
		VMOVDQU(s, Mem{Base: fold, Disp: register * i})
	}
	VZEROUPPER()
	RET()
}
