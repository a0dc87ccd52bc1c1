package emulatortest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
)

// TestAnotherClient changes an account behind the back of the test's client.
func TestAnotherClient(t *testing.T) {
	s := emulatortest.Start(t, emulator.Options{})
	email := emulatortest.DefaultAccount.Email
	nodes, err := s.Nodes(email)
	if err != nil || len(nodes) != 3 || nodes[0].Type != 2 {
		t.Fatalf("roots: %+v, %v", nodes, err)
	}
	root, bin := nodes[0].Handle, nodes[2].Handle

	// A node that no key opens.
	want := emulator.Node{Handle: "AAAAAAAB", Parent: root, Attr: "garbage", Key: "garbage", Size: 3, Time: 5}
	if h, err := s.Put(email, want, []byte("abc")); err != nil || h != want.Handle {
		t.Fatalf("put: %s, %v", h, err)
	}
	for command, answer := range map[string]string{
		`[{"a":"m","n":"AAAAAAAB","t":"` + bin + `"}]`: "[0]",
		`[{"a":"uga","ua":"x"}]`:                       "[-9]",
		`[{"a":"sml"}]`:                                "[-15]",
	} {
		if got, err := s.Do(email, command); err != nil || got != answer {
			t.Errorf("%s: %s, %v", command, got, err)
		}
	}
	want.Parent = bin
	nodes, err = s.Nodes(email)
	if err != nil || len(nodes) != 4 {
		t.Fatalf("nodes: %+v, %v", nodes, err)
	}
	if diff := cmp.Diff(want, nodes[3]); diff != "" {
		t.Error(diff)
	}
	if got := s.Stats(); got.Nodes != 1 || got.Bytes != 3 || got.APIRequests != 0 {
		t.Errorf("stats: %+v", got)
	}
}

func TestHookMistakes(t *testing.T) {
	s := emulatortest.Start(t, emulator.Options{})
	email := emulatortest.DefaultAccount.Email
	_, unknown := s.Do("nobody@example.com", `[{"a":"ug"}]`)
	_, noBatch := s.Do(email, `{}`)
	_, noParent := s.Put(email, emulator.Node{Parent: "AAAAAAAA"}, nil)
	_, quote := s.Put(email, emulator.Node{Attr: `"`}, nil)
	_, noNodes := s.Nodes("nobody@example.com")
	for want, err := range map[string]error{
		"run commands of nobody@example.com: no such account": unknown,
		"cs body":   noBatch,
		"no parent": noParent,
		"quotes":    quote,
		"nodes of nobody@example.com: no such acc": noNodes,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
