package planner

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/megaplan/megaplan/internal/tree"
)

// SubtreeSum adds up the nodes below a folder into a Subtree, in any order.
type SubtreeSum struct{ sum Subtree }

// NewSubtreeSum returns the sum of nothing.
func NewSubtreeSum() *SubtreeSum { return &SubtreeSum{} }

// Add counts one node. A file's handle stands for its content, which never changes (rule 16).
func (s *SubtreeSum) Add(h, parent tree.Handle, name string) {
	buf := make([]byte, 16, 16+len(name))
	binary.BigEndian.PutUint64(buf, uint64(h))
	binary.BigEndian.PutUint64(buf[8:], uint64(parent))
	digest := sha256.Sum256(append(buf, name...))
	for i, b := range digest {
		s.sum.Digest[i] ^= b
	}
	s.sum.Nodes++
}

// AddBelow counts what a sum of some other nodes counted.
func (s *SubtreeSum) AddBelow(below Subtree) {
	for i, b := range below.Digest {
		s.sum.Digest[i] ^= b
	}
	s.sum.Nodes += below.Nodes
}

// Subtree returns what was added so far.
func (s *SubtreeSum) Subtree() Subtree { return s.sum }

// Result is what a completed action left behind at MEGA.
type Result struct {
	// Handle is the node made or changed.
	Handle tree.Handle
	// Fingerprint is what an upload wrote.
	Fingerprint Fingerprint
	// Source is the file as it was when an upload read it; zero for a link, for one that had grown since the plan saw what was
	// uploaded of it, and for every other kind.
	Source Local
	// Mark is what publish_snapshot wrote; files that could not be read while it was built are not in it.
	Mark string
}
