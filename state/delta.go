package state

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// deltaMagic starts a delta; its last character is the version.
const deltaMagic = "megaplan delta 1"

// EncodeDelta returns the object that turns the manifest after into the one before, given the digests of their objects.
func EncodeDelta(after, before Manifest, afterDigest, beforeDigest string) ([]byte, error) {
	after, before = after.sorted(), before.sorted()
	drop, put := difference(after, before)
	var indexes []byte
	last := 0
	for _, i := range drop {
		indexes = binary.AppendUvarint(indexes, uint64(i-last))
		last = i
	}
	w, err := put.columns()
	if err != nil {
		return nil, fmt.Errorf("encode delta: %w", err)
	}
	w.add(indexes)
	w.add([]byte(afterDigest))
	w.add([]byte(beforeDigest))
	out, err := w.bytes(deltaMagic)
	if err != nil {
		return nil, fmt.Errorf("encode delta: %w", err)
	}
	return out, nil
}

// difference returns the indexes of entries only in after, and the entries only in before.
func difference(after, before Manifest) (drop []int, put Manifest) {
	i, k := 0, 0
	for i < len(after) || k < len(before) {
		var c int
		switch {
		case i == len(after):
			c = 1
		case k == len(before):
			c = -1
		default:
			c = after[i].compare(&before[k])
		}
		switch {
		case c < 0:
			drop = append(drop, i)
			i++
		case c > 0:
			put = append(put, before[k])
			k++
		default:
			if after[i] != before[k] {
				drop = append(drop, i)
				put = append(put, before[k])
			}
			i++
			k++
		}
	}
	return drop, put
}

// ApplyDelta turns the manifest after, whose object has this digest, into the one before, and returns that one's digest. It
// returns a *CorruptError for bytes that are no delta, or one for another manifest.
func ApplyDelta(delta []byte, after Manifest, afterDigest string) (before Manifest, beforeDigest string, err error) {
	columns, err := readFrame(delta, deltaMagic, manifestColumns+3)
	if err != nil {
		return nil, "", corruptFrame("manifest history", err)
	}
	if string(columns[manifestColumns+1]) != afterDigest {
		return nil, "", corrupt("manifest history", errors.New("it belongs to another manifest"))
	}
	put, err := manifestOf(columns[:manifestColumns])
	if err == nil {
		before, err = undo(after, put, &column{b: columns[manifestColumns]})
	}
	if err != nil {
		return nil, "", corrupt("manifest history", err)
	}
	return before, string(columns[manifestColumns+2]), nil
}

// undo leaves out the entries of after whose indexes are in drops, and puts others in.
func undo(after, put Manifest, drops *column) (Manifest, error) {
	out := make(Manifest, 0, len(after)+len(put))
	from, at := 0, uint64(0)
	for first := true; len(drops.b) > 0; first = false {
		step := drops.uvarint()
		if at += step; drops.err != nil || at >= uint64(len(after)) || step == 0 && !first || step > uint64(len(after)) {
			return nil, errShort
		}
		out = append(out, after[from:at]...)
		from = int(at) + 1
	}
	out = append(out, after[from:]...)
	return append(out, put...).sorted(), nil
}
