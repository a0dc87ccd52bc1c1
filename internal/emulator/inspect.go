package emulator

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Node is a node as the server holds it, for tests that look or meddle.
type Node struct {
	Handle, Parent string
	Type           int    // 0 file, 1 folder, 2 cloud drive, 3 vault, 4 bin
	Attr, Key      string // encrypted, the key without its owner
	Size, Time     int64
	FA             string
	Version        bool // an older version of the file that is its parent
}

var errNoAccount = errors.New("no such account")

// Nodes returns the stored nodes of an account in order of creation, roots
// first. Generated nodes that nobody changed are left out.
func (s *Server) Nodes(email string) ([]Node, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.st.emails[strings.ToLower(email)]
	if u == nil {
		return nil, fmt.Errorf("nodes of %s: %w", email, errNoAccount)
	}
	stored := make([]*node, 0, len(u.tree.nodes))
	for _, n := range u.tree.nodes {
		stored = append(stored, n)
	}
	slices.SortFunc(stored, func(a, b *node) int { return cmp.Compare(a.Seq, b.Seq) })
	out := make([]Node, len(stored))
	for i, n := range stored {
		out[i] = Node{
			Handle: n.Handle.String(), Type: int(n.Kind), Attr: n.Attr, Key: n.Key,
			Size: n.Size, Time: n.Time, FA: n.FA, Version: n.version,
		}
		if n.Parent != 0 {
			out[i].Parent = n.Parent.String()
		}
	}
	return out, nil
}

// Do runs a cs body as the account would from another client, without a
// session, and returns the plain answer. Clients see the packets it makes.
func (s *Server) Do(email, commands string) (string, error) {
	b, err := parseBatch([]byte(commands))
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	u := s.st.emails[strings.ToLower(email)]
	if u == nil {
		s.mu.Unlock()
		return "", fmt.Errorf("run commands of %s: %w", email, errNoAccount)
	}
	c := &call{tx: s.begin(), user: u, now: s.opts.Now()}
	all := c.runBatch(b, "")
	s.mu.Unlock()
	var text bytes.Buffer
	err = all.writeTo(&text)
	return text.String(), err
}

// Put stores a node as it is, whatever its attributes and key hold, with these
// encrypted bytes if it is a file, and tells clients. An empty Handle gets a
// new one; the handle is returned.
func (s *Server) Put(email string, n Node, content []byte) (string, error) {
	if !plainText(n.Attr) || !plainText(n.Key) || !plainText(n.FA) {
		return "", errors.New("put node: attributes and keys must not hold quotes or controls")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.st.emails[strings.ToLower(email)]
	if u == nil {
		return "", fmt.Errorf("put node of %s: %w", email, errNoAccount)
	}
	if u.tree.bare(parseHandle(n.Parent)) == nil {
		return "", fmt.Errorf("put node: no parent %q", n.Parent)
	}
	c := &call{tx: s.begin(), user: u, now: s.opts.Now()}
	stored := &node{
		Handle: parseHandle(n.Handle), Parent: parseHandle(n.Parent), Kind: kind(n.Type),
		Attr: n.Attr, Key: n.Key, Size: n.Size, Time: cmp.Or(n.Time, c.now.Unix()), FA: n.FA,
	}
	if stored.Handle == 0 {
		stored.Handle = newHandle()
	}
	if stored.Kind == kindFile && len(content) > 0 {
		stored.Blob, stored.Size = s.st.lastBlob+1, int64(len(content))
		if _, err := s.store.WriteBlob(stored.Blob, 0, bytes.NewReader(content)); err != nil {
			return "", err
		}
	}
	c.putNode(stored)
	c.packet(u, "t", "", true, `,"t":`+c.nodeLists([]*node{stored}, nil)+`,"ou":"`+u.User+`"`)
	return stored.Handle.String(), c.commit()
}
