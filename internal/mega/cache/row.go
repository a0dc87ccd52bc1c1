package cache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// ErrDamaged means that what lies on disk is not what was written. The remedy is one Build from a fresh answer.
var ErrDamaged = errors.New("the cached tree is damaged")

func damaged(what string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(what, args...))
}

// castagnoli is the checksum of everything here; processors compute it at memory speed.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// A row is a node on disk: a record of fixed size that starts with its sort key (parent, handle), then its texts. In a
// snapshot the records lie together and the texts in a blob, at the offset the record names; elsewhere they follow it.
//
//	 0 parent   8 handle   16 owner   24 size   32 time   40 offset of the texts
//	48 length of attr + 1   52 length of key + 1   56 length of file attr + 1 (24 bits), type (8 bits)   60 checksum of the texts
//
// A length of 0 stands for a text that was not sent.
const rowSize = 64

// maxText bounds one text; longer ones do not occur (attributes are at most 64 KiB) and are cut off as not sent.
const maxText = 1<<24 - 2

var le = binary.LittleEndian

// appendRow adds n's record and texts to b.
func appendRow(b []byte, n *Node) []byte {
	at := len(b)
	b = append(b, make([]byte, rowSize)...)
	attr, key, fa := sized(n.Attr), sized(n.Key), sized(n.FileAttr)
	b = append(append(append(b, attr...), key...), fa...)
	rec := b[at : at+rowSize]
	le.PutUint64(rec[0:], uint64(n.Parent))
	le.PutUint64(rec[8:], uint64(n.Handle))
	le.PutUint64(rec[16:], uint64(n.Owner))
	le.PutUint64(rec[24:], uint64(n.Size))
	le.PutUint64(rec[32:], uint64(n.Time))
	le.PutUint32(rec[48:], lengthOf(attr))
	le.PutUint32(rec[52:], lengthOf(key))
	le.PutUint32(rec[56:], lengthOf(fa)|uint32(n.Type)<<24)
	le.PutUint32(rec[60:], checksum(b[at+rowSize:]))
	return b
}

func sized(text []byte) []byte {
	if len(text) > maxText {
		return nil
	}
	return text
}

func lengthOf(text []byte) uint32 {
	if text == nil {
		return 0
	}
	return uint32(len(text)) + 1
}

// record reads the fixed part of a row.
type record []byte

func (r record) parent() Handle { return Handle(le.Uint64(r[0:])) }
func (r record) handle() Handle { return Handle(le.Uint64(r[8:])) }
func (r record) size() int64    { return int64(le.Uint64(r[24:])) }
func (r record) offset() int64  { return int64(le.Uint64(r[40:])) }
func (r record) kind() Type     { return Type(r[59]) }
func (r record) lengths() [3]uint32 {
	return [3]uint32{le.Uint32(r[48:]), le.Uint32(r[52:]), le.Uint32(r[56:]) & (1<<24 - 1)}
}

// texts is how many bytes of text belong to the record.
func (r record) texts() int64 {
	sum := int64(0)
	for _, l := range r.lengths() {
		sum += max(int64(l)-1, 0)
	}
	return sum
}

// hasSize says whether the node belongs into the index by size.
func (r record) hasSize() bool { return r.kind() == File && r.size() >= 0 }

// node returns the node, whose texts alias text.
func (r record) node(text []byte) (Node, error) {
	if int64(len(text)) != r.texts() || checksum(text) != le.Uint32(r[60:]) {
		return Node{}, damaged("texts of %s", r.handle())
	}
	n := Node{
		Parent: r.parent(), Handle: r.handle(), Owner: User(le.Uint64(r[16:])), Type: r.kind(), Size: r.size(), Time: int64(le.Uint64(r[32:])),
	}
	at := uint32(0)
	for i, to := range []*[]byte{&n.Attr, &n.Key, &n.FileAttr} {
		if l := r.lengths()[i]; l > 0 {
			*to = text[at : at+l-1 : at+l-1]
			at += l - 1
		}
	}
	return n, nil
}
