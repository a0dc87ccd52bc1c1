package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestPutThatFailsAsAWholeIsSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := fileNode(11).Content
		m := &fakeMega{refuse: func(command map[string]any) Code {
			body, _ := json.Marshal(command)
			if strings.Contains(string(body), bad) {
				return ENOENT
			}
			return 0
		}}
		f := &fake{answer: m.answer}
		c := newFakeClient(t, f, nil)
		release := holdLane(c.changes)
		errs := make([]error, 16)
		var wait sync.WaitGroup
		for i := range errs {
			wait.Go(func() {
				var nodes []Node
				nodes, errs[i] = c.Put(t.Context(), Put{Target: 1, Nodes: []NewNode{fileNode(i)}})
				if errs[i] == nil && nodes[0].Attr != fileNode(i).Attr {
					t.Errorf("put %d came back as %+v", i, nodes)
				}
			})
		}
		synctest.Wait()
		release()
		wait.Wait()
		for i, err := range errs {
			if i == 11 != errors.Is(err, ENOENT) || i != 11 && err != nil {
				t.Errorf("put %d: %v", i, err)
			}
		}
		if n := len(f.seen()); n != 5 {
			t.Errorf("%d requests to find one bad node among 16, want 5", n)
		}
		if m.handles != 15 {
			t.Errorf("%d nodes were made, want 15", m.handles)
		}
	})
}

func TestPutIsNotSplitWhenAllAreRefused(t *testing.T) {
	for _, code := range []Code{EOVERQUOTA, ESID, EBLOCKED, EGOINGOVERQUOTA, EPAYWALL} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{answer: (&fakeMega{refuse: func(map[string]any) Code { return code }}).answer}
			c := newFakeClient(t, f, nil)
			release := holdLane(c.changes)
			var wait sync.WaitGroup
			for i := range 8 {
				wait.Go(func() {
					if _, err := c.Put(t.Context(), Put{Target: 1, Nodes: []NewNode{fileNode(i)}}); !errors.Is(err, code) {
						t.Errorf("%v: err = %v", code, err)
					}
				})
			}
			synctest.Wait()
			release()
			wait.Wait()
			if n := len(f.seen()); n != 1 {
				t.Errorf("%v: %d requests, want 1", code, n)
			}
		})
	}
}

func TestLostAnswerIsAskedAgainAndNotDoneTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &fakeMega{}
		kept := map[string]fakeAnswer{}
		f := &fake{}
		f.answer = func(n int, r fakeRequest) (fakeAnswer, error) {
			a, known := kept[r.id+r.body]
			if !known {
				a, _ = m.answer(n, r)
				kept[r.id+r.body] = a
				return fakeAnswer{}, errReset
			}
			return a, nil
		}
		c := newFakeClient(t, f, nil)
		putAll(t, c, []Handle{1, 1, 2, 3})
		if m.handles != 4 {
			t.Errorf("%d nodes were made for 4 asked for", m.handles)
		}
	})
}

func TestPutTree(t *testing.T) {
	f := &fake{answer: (&fakeMega{}).answer}
	c := newFakeClient(t, f, nil)
	nodes := []NewNode{
		{Type: Folder, ID: 7, Attr: "a1", Key: "k1"},
		{Type: Folder, ID: 8, Parent: 7, Attr: "a2", Key: "k2"},
		{Type: File, Content: CopiedContent(0x123456789abc), Parent: 8, Attr: "a3", Key: "k3", Over: 5},
	}
	got, err := c.Put(t.Context(), Put{Target: 1, Nodes: nodes, DropVersions: true})
	if err != nil || len(got) != 3 || got[0].Attr != "a1" || got[2].Attr != "a3" {
		t.Fatalf("%+v, %v", got, err)
	}
	want := `[{"a":"p","t":"AAAAAAAB","vb":0,"n":[` +
		`{"h":"AAAAAAAH","t":1,"a":"a1","k":"k1"},` +
		`{"h":"AAAAAAAI","t":1,"a":"a2","k":"k2","p":"AAAAAAAH"},` +
		`{"h":"EjRWeJq8","t":0,"a":"a3","k":"k3","p":"AAAAAAAI","ov":"AAAAAAAF"}]}]`
	if diff := cmp.Diff(want, f.seen()[0].body); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestTreesKeepToTheirOwnCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: (&fakeMega{}).answer}
		c := newFakeClient(t, f, nil)
		release := holdLane(c.changes)
		var wait sync.WaitGroup
		for i := range 3 {
			wait.Go(func() {
				a, b := fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)
				_, err := c.Put(t.Context(), Put{Target: 1, Nodes: []NewNode{
					{Type: Folder, ID: 7, Attr: a, Key: a}, {Type: Folder, Parent: 7, Attr: b, Key: b},
				}})
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		release()
		wait.Wait()
		want := [][]string{{"p AAAAAAAB 2", "p AAAAAAAB 2", "p AAAAAAAB 2"}}
		if diff := cmp.Diff(want, shape(f.seen())); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

func TestCopiesOfOneFileAreToldApart(t *testing.T) {
	f := &fake{answer: (&fakeMega{}).answer}
	c := newFakeClient(t, f, nil)
	var nodes []NewNode
	for i := range 4 {
		nodes = append(nodes, NewNode{Type: File, Content: CopiedContent(9), Attr: fmt.Sprint("name", i), Key: "the same"})
	}
	got, err := c.Put(t.Context(), Put{Target: 1, Nodes: nodes})
	if err != nil {
		t.Fatal(err)
	}
	handles := map[Handle]bool{}
	for i, n := range got {
		handles[n.Handle] = true
		if n.Attr != nodes[i].Attr {
			t.Errorf("node %d came back as %q", i, n.Attr)
		}
	}
	if len(handles) != 4 {
		t.Errorf("%d different nodes, want 4", len(handles))
	}
}

func TestPutMissingFromTheAnswer(t *testing.T) {
	f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) {
		return text(`[{"f":[{"h":"AAAAAAAB","t":0,"k":"x:other","a":"b"}]}]`)
	}}
	_, err := newFakeClient(t, f, nil).Put(t.Context(), Put{Target: 1, Nodes: []NewNode{fileNode(1)}})
	if !isAnswer(err) {
		t.Errorf("err = %v, want an *AnswerError", err)
	}
}

func TestPutRefusesSizesThatCannotTravel(t *testing.T) {
	c := newFakeClient(t, &fake{}, nil)
	body := c.BeginBody()
	if _, err := c.Put(t.Context(), Put{Target: 1, Body: body}); err == nil {
		t.Error("a put without nodes was accepted")
	}
	if _, err := c.Put(t.Context(), Put{Target: 1, Nodes: make([]NewNode, maxNodes+1)}); err == nil {
		t.Error("a put of too many nodes was accepted")
	}
	if c.changes.bodies != 0 {
		t.Error("a refused put keeps its body")
	}
}
