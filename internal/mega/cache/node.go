package cache

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"github.com/megaplan/megaplan/internal/tree"
)

// Handle identifies a node. It is tree.Handle, the one type for it; zero means "none".
type Handle = tree.Handle

// User identifies an account: eight opaque bytes as a big-endian number. Zero means "none".
type User uint64

// String returns the eleven base64url characters MEGA writes, or "" for none.
func (u User) String() string {
	if u == 0 {
		return ""
	}
	var raw [8]byte
	for i := range raw {
		raw[i] = byte(u >> (56 - 8*i))
	}
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// ParseUser reads what String writes.
func ParseUser(s string) (User, error) {
	if s == "" {
		return 0, nil
	}
	u, ok := parseUser([]byte(s))
	if !ok {
		return 0, fmt.Errorf("user handle %q is not eleven base64url characters", s)
	}
	return u, nil
}

// SN is the server's position in the account's history: opaque text. The empty SN means "nothing known yet".
type SN string

// valid says whether s is eight bytes in base64url and not all zero, which is what MEGA promises.
func (s SN) valid() bool {
	u, ok := parseUser([]byte(s))
	return ok && u != 0
}

// Type is the kind of node, in MEGA's numbers.
type Type uint8

// The types of nodes. Numbers MEGA may add later are kept as they come.
const (
	File   Type = 0
	Folder Type = 1
	Root   Type = 2 // the cloud drive
	Vault  Type = 3
	Bin    Type = 4
	// NoType marks a node whose type was not sent.
	NoType Type = 255
)

func (t Type) String() string {
	switch t {
	case File:
		return "file"
	case Folder:
		return "folder"
	case Root:
		return "root"
	case Vault:
		return "vault"
	case Bin:
		return "bin"
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Node is one node as received. Attr, Key and FileAttr are the texts MEGA sent, still encrypted and still base64; nil
// means they were not sent. An old version of a file is a File whose Parent is the next newer File.
type Node struct {
	Handle   Handle
	Parent   Handle // zero for the three roots
	Owner    User
	Type     Type
	Size     int64 // of a file; -1 if it was not sent
	Time     int64 // the server's, in Unix seconds
	Attr     []byte
	Key      []byte // "owner:key", perhaps several joined by '/'
	FileAttr []byte // thumbnails and previews
}

// Clone returns a copy that shares no memory with n.
func (n Node) Clone() Node {
	n.Attr, n.Key, n.FileAttr = bytes.Clone(n.Attr), bytes.Clone(n.Key), bytes.Clone(n.FileAttr)
	return n
}

// over lays a later sighting of the node over an earlier one: what was not sent again stays.
func (n Node) over(old Node) Node {
	if n.Parent == 0 {
		n.Parent = old.Parent
	}
	if n.Owner == 0 {
		n.Owner = old.Owner
	}
	if n.Type == NoType {
		n.Type = old.Type
	}
	if n.Size < 0 {
		n.Size = old.Size
	}
	if n.Time == 0 {
		n.Time = old.Time
	}
	if n.Attr == nil {
		n.Attr = old.Attr
	}
	if n.Key == nil {
		n.Key = old.Key
	}
	if n.FileAttr == nil {
		n.FileAttr = old.FileAttr
	}
	return n
}

// sextet maps base64url characters to their six bits; 0xff is no such character.
var sextet = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		t[c] = byte(i)
	}
	return t
}()

// parseHandle reads eight characters without allocating. It is false for anything else, six zero bytes included: that
// number means "none".
func parseHandle(s []byte) (Handle, bool) {
	if len(s) != 8 {
		return 0, false
	}
	var v uint64
	var bad byte
	for _, c := range s {
		b := sextet[c]
		bad |= b
		v = v<<6 | uint64(b&63)
	}
	if bad >= 64 || v == 0 {
		return 0, false
	}
	return Handle(v), true
}

func parseUser(s []byte) (User, bool) {
	if len(s) != 11 {
		return 0, false
	}
	var v uint64
	var bad byte
	for _, c := range s[:10] {
		b := sextet[c]
		bad |= b
		v = v<<6 | uint64(b&63)
	}
	last := sextet[s[10]]
	return User(v<<4 | uint64(last&63)>>2), (bad | last) < 64
}
