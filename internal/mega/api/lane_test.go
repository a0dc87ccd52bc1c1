package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/retry"
)

// holdLane lets work pile up until release is called.
func holdLane(l *Lane) (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = true
	return func() { go l.run() }
}

// fakeMega answers "p" with the nodes it was asked for and everything else with 0.
type fakeMega struct {
	mu      sync.Mutex
	handles Handle
	// refuse looks at one command; a code other than 0 refuses it.
	refuse func(command map[string]any) Code
}

func (m *fakeMega) answer(_ int, r fakeRequest) (fakeAnswer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var elements []any
	for _, command := range r.commands() {
		code := Code(0)
		if m.refuse != nil {
			code = m.refuse(command)
		}
		switch {
		case code != 0:
			elements = append(elements, int(code))
		case command["a"] == "p":
			elements = append(elements, map[string]any{"f": m.create(command)})
		case command["a"] == "u":
			elements = append(elements, map[string]any{"p": fmt.Sprintf("http://storage.test/%v", command["s"])})
		default:
			elements = append(elements, 0)
		}
	}
	body, err := json.Marshal(elements)
	if err != nil {
		return fakeAnswer{}, err
	}
	return text(string(body))
}

// create answers in reverse order: the client must not rely on positions.
func (m *fakeMega) create(command map[string]any) []any {
	var nodes []any
	for _, n := range command["n"].([]any) {
		node := n.(map[string]any)
		m.handles++
		nodes = append(nodes, map[string]any{
			"h": m.handles, "p": command["t"], "u": "AAAAAAAAAAE", "t": node["t"], "a": node["a"],
			"k": fmt.Sprintf("AAAAAAAAAAE:%s", node["k"]), "ts": 1,
		})
	}
	slices.Reverse(nodes)
	return nodes
}

func fileNode(i int) NewNode {
	return NewNode{Type: File, Content: UploadedContent([]byte(fmt.Sprintf("token-%030d", i))), Attr: fmt.Sprintf("attr%d", i), Key: fmt.Sprintf("key%d", i)}
}

// putAll puts one node for each target at once and checks that each came back as itself.
func putAll(t *testing.T, c *Client, targets []Handle) {
	t.Helper()
	var wait sync.WaitGroup
	for i, target := range targets {
		wait.Go(func() {
			want := fileNode(i)
			got, err := c.Put(t.Context(), Put{Target: target, Nodes: []NewNode{want}})
			if err != nil {
				t.Errorf("put %d: %v", i, err)
				return
			}
			if len(got) != 1 || got[0].Attr != want.Attr || got[0].Key != "AAAAAAAAAAE:"+want.Key || got[0].Parent != target {
				t.Errorf("put %d came back as %+v", i, got)
			}
		})
	}
	wait.Wait()
}

// shape lists the commands of each request: name, target and number of nodes.
func shape(requests []fakeRequest) [][]string {
	var all [][]string
	for _, r := range requests {
		var commands []string
		for _, c := range r.commands() {
			s := fmt.Sprint(c["a"])
			if nodes, ok := c["n"].([]any); ok {
				s += fmt.Sprintf(" %v %d", c["t"], len(nodes))
			}
			commands = append(commands, s)
		}
		all = append(all, commands)
	}
	return all
}

func TestLaneJoinsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{latency: 20 * time.Millisecond, answer: (&fakeMega{}).answer}
		c := newFakeClient(t, f, nil)
		var wait sync.WaitGroup
		wait.Go(func() {
			if err := c.Move(t.Context(), 1, 2); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		targets := make([]Handle, 30)
		for i := range targets {
			targets[i] = Handle(1 + i%3)
		}
		wait.Go(func() { putAll(t, c, targets) })
		for i := range 5 {
			wait.Go(func() {
				url, err := c.UploadURL(t.Context(), int64(i), false)
				if err != nil || url != fmt.Sprintf("http://storage.test/%d", i) {
					t.Errorf("upload URL of %d bytes: %q, %v", i, url, err)
				}
			})
		}
		wait.Wait()
		got := shape(f.seen())
		for i := range got {
			slices.Sort(got[i])
		}
		want := [][]string{
			{"m"},
			{"p AAAAAAAB 10", "p AAAAAAAC 10", "p AAAAAAAD 10", "u", "u", "u", "u", "u"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

func TestLaneHasOneRequestInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		inFlight, most := 0, 0
		l := newLane(func(_ context.Context, commands [][]byte) ([]json.RawMessage, error) {
			mu.Lock()
			inFlight++
			most = max(most, inFlight)
			mu.Unlock()
			time.Sleep(10 * time.Millisecond)
			mu.Lock()
			inFlight--
			mu.Unlock()
			return make([]json.RawMessage, len(commands)), nil
		})
		var wait sync.WaitGroup
		for i := range 200 {
			wait.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				if o := l.submit(t.Context(), &unit{commands: [][]byte{[]byte("{}")}}); o.err != nil {
					t.Error(o.err)
				}
			})
		}
		wait.Wait()
		if most != 1 {
			t.Errorf("%d requests in flight at once", most)
		}
	})
}

func TestLaneLimits(t *testing.T) {
	big := strings.Repeat("x", 600_000)
	tests := map[string]struct {
		submit func(*testing.T, *Client, int)
		n      int
		want   int // requests
	}{
		"commands": {func(t *testing.T, c *Client, i int) {
			if err := c.Delete(t.Context(), Handle(i+1)); err != nil {
				t.Error(err)
			}
		}, 600, 3},
		"nodes": {func(t *testing.T, c *Client, i int) {
			if _, err := c.Put(t.Context(), Put{Target: 1, Nodes: []NewNode{fileNode(i)}}); err != nil {
				t.Error(err)
			}
		}, 2100, 3},
		"bytes": {func(t *testing.T, c *Client, i int) {
			if err := c.SetAttributes(t.Context(), Handle(i+1), big); err != nil {
				t.Error(err)
			}
		}, 3, 3},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: (&fakeMega{}).answer}
				c := newFakeClient(t, f, nil)
				release := holdLane(c.changes)
				var wait sync.WaitGroup
				for i := range test.n {
					wait.Go(func() { test.submit(t, c, i) })
				}
				synctest.Wait()
				release()
				wait.Wait()
				requests := f.seen()
				if len(requests) != test.want {
					t.Errorf("%d requests, want %d", len(requests), test.want)
				}
				for _, r := range requests {
					commands := r.commands()
					nodes := 0
					for _, command := range commands {
						if n, ok := command["n"].([]any); ok {
							nodes += len(n)
						}
					}
					if len(commands) > maxCommands || nodes > maxNodes || len(r.body) > maxBody {
						t.Errorf("a request has %d commands, %d nodes, %d bytes", len(commands), nodes, len(r.body))
					}
				}
			})
		})
	}
}

func TestLaneGathersWhileSmallBodiesAreInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: (&fakeMega{}).answer}
		c := newFakeClient(t, f, nil)
		put := func(i int, body *Body) {
			if _, err := c.Put(t.Context(), Put{Target: 1, Nodes: []NewNode{fileNode(i)}, Body: body}); err != nil {
				t.Error(err)
			}
		}
		last := c.BeginBody()

		started := time.Now()
		put(0, c.BeginBody())
		if elapsed := time.Since(started); elapsed != gatherTime {
			t.Errorf("one node with a body in flight waited %s, want %s", elapsed, gatherTime)
		}

		started = time.Now()
		var wait sync.WaitGroup
		for i := range readyNodes {
			body := c.BeginBody()
			wait.Go(func() { put(i, body) })
		}
		wait.Wait()
		if elapsed := time.Since(started); elapsed != 0 || len(f.seen()) != 2 {
			t.Errorf("%d ready nodes waited %s in %d requests", readyNodes, elapsed, len(f.seen())-1)
		}

		started = time.Now()
		wait.Go(func() { put(100, nil) })
		time.Sleep(gatherTime / 2)
		if err := c.Move(t.Context(), 1, 2); err != nil {
			t.Error(err)
		}
		wait.Wait()
		if elapsed := time.Since(started); elapsed != gatherTime/2 {
			t.Errorf("an urgent command took the waiting node along after %s, want %s", elapsed, gatherTime/2)
		}

		started = time.Now()
		wait.Go(func() { put(101, nil) })
		time.Sleep(gatherTime / 3)
		last.End()
		last.End()
		wait.Wait()
		if elapsed := time.Since(started); elapsed != gatherTime/3 {
			t.Errorf("with nothing in flight any more the node waited %s, want %s", elapsed, gatherTime/3)
		}

		started = time.Now()
		put(102, c.BeginBody())
		if elapsed := time.Since(started); elapsed != 0 {
			t.Errorf("the last body's own node waited %s", elapsed)
		}
		if c.changes.bodies != 0 {
			t.Errorf("%d bodies left over", c.changes.bodies)
		}
	})
}

func TestWithdrawnWork(t *testing.T) {
	t.Run("queued work is not sent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{answer: (&fakeMega{}).answer}
			c := newFakeClient(t, f, nil)
			release := holdLane(c.changes)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- c.Delete(ctx, 1) }()
			synctest.Wait()
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("err = %v", err)
			}
			release()
			synctest.Wait()
			if n := len(f.seen()); n != 0 {
				t.Errorf("%d requests for withdrawn work", n)
			}
		})
	})
	t.Run("a request nobody waits for ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{latency: time.Minute, answer: (&fakeMega{}).answer}
			c := newFakeClient(t, f, nil)
			release := holdLane(c.changes)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 2)
			go func() { done <- c.Delete(ctx, 1) }()
			go func() { done <- c.Delete(t.Context(), 2) }()
			synctest.Wait()
			release()
			time.Sleep(time.Second)
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("the one that gave up: %v", err)
			}
			if err := <-done; err != nil {
				t.Errorf("the one that stayed: %v", err)
			}

			ctx, cancel = context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			started := time.Now()
			if err := c.Delete(ctx, 3); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("err = %v", err)
			}
			synctest.Wait()
			c.changes.mu.Lock()
			running := c.changes.running
			c.changes.mu.Unlock()
			if running || time.Since(started) != time.Second {
				t.Errorf("the lane still runs %s after its last caller left", time.Since(started))
			}
		})
	})
}

func TestSequenceKeepsItsOrderAndRepeatsWhatWasRefusedForTheMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		m := &fakeMega{refuse: func(command map[string]any) Code {
			if n++; n == 1 && command["a"] == "a" {
				return EAGAIN
			}
			return 0
		}}
		f := &fake{answer: m.answer}
		c := newFakeClient(t, f, nil)
		if err := c.SetAttributesAndMove(t.Context(), 1, "attributes", 2); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]string{{"a", "m"}, {"a"}}, names(f.seen())); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		m.refuse = func(command map[string]any) Code {
			if command["a"] == "m" {
				return ECIRCULAR
			}
			return 0
		}
		err := c.SetAttributesAndMove(t.Context(), 1, "attributes", 2)
		var e *Error
		if !errors.As(err, &e) || e.Code != ECIRCULAR || e.Command != "m" || retry.Temporary(err) {
			t.Errorf("err = %v", err)
		}
	})
}

func names(requests []fakeRequest) [][]string {
	var all [][]string
	for _, r := range requests {
		var commands []string
		for _, c := range r.commands() {
			commands = append(commands, fmt.Sprint(c["a"]))
		}
		all = append(all, commands)
	}
	return all
}
