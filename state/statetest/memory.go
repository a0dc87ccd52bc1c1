package statetest

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/megaplan/megaplan/state"
)

// Memory is a state.Backend that keeps everything in memory. The zero value is empty and ready.
type Memory struct {
	mu       sync.Mutex
	data     []byte
	revision int
	earlier  [][]byte
	lock     state.LockInfo
	objects  map[string]object
}

type object struct {
	data []byte
	time time.Time
}

var _ state.Backend = (*Memory)(nil)

// String implements state.Backend.
func (m *Memory) String() string { return "memory" }

// Read implements state.Backend.
func (m *Memory) Read(ctx context.Context) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.data), m.revisionLocked(), ctx.Err()
}

func (m *Memory) revisionLocked() string {
	if m.revision == 0 {
		return ""
	}
	return strconv.Itoa(m.revision)
}

// Write implements state.Backend.
func (m *Memory) Write(ctx context.Context, data []byte, revision string, keep bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case m.lock.ID == "":
		return state.ErrNotLocked
	case m.revisionLocked() != revision:
		return state.ErrConflict
	}
	if keep && m.revision > 0 {
		m.earlier = slices.Insert(m.earlier, 0, m.data)
		m.earlier = m.earlier[:min(5, len(m.earlier))]
	}
	m.data = bytes.Clone(data)
	m.revision++
	return nil
}

// Earlier implements state.Backend.
func (m *Memory) Earlier(ctx context.Context) ([][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.earlier), ctx.Err()
}

// Lock implements state.Backend.
func (m *Memory) Lock(ctx context.Context, info state.LockInfo) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if m.lock.ID != "" {
		return &state.HeldError{Holder: m.lock}
	}
	m.lock = info
	return nil
}

// Unlock implements state.Backend.
func (m *Memory) Unlock(ctx context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lock.ID != id || id == "" {
		return state.ErrNotLocked
	}
	m.lock = state.LockInfo{}
	return ctx.Err()
}

// ForceUnlock implements state.Backend.
func (m *Memory) ForceUnlock(ctx context.Context, id string) error { return m.Unlock(ctx, id) }

// Put implements state.Backend.
func (m *Memory) Put(ctx context.Context, digest string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects == nil {
		m.objects = map[string]object{}
	}
	m.objects[digest] = object{bytes.Clone(data), time.Now()}
	return ctx.Err()
}

// Get implements state.Backend.
func (m *Memory) Get(ctx context.Context, digest string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[digest]
	if !ok {
		return nil, state.ErrNoObject
	}
	return bytes.Clone(o.data), ctx.Err()
}

// List implements state.Backend.
func (m *Memory) List(ctx context.Context) ([]state.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []state.Object
	for digest, o := range m.objects {
		out = append(out, state.Object{Digest: digest, Time: o.time})
	}
	return out, ctx.Err()
}

// Delete implements state.Backend.
func (m *Memory) Delete(ctx context.Context, digests ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range digests {
		delete(m.objects, d)
	}
	return ctx.Err()
}
