package emulator

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAnswersAreBounded(t *testing.T) {
	c := newAnswerCache()
	add := func(key string, bytes int, at int64) {
		c.add(&answer{Key: key, Body: strings.Repeat("x", bytes), Time: at})
	}
	has := func(want string) {
		t.Helper()
		var got []string
		for _, key := range []string{"a", "b", "c", "d"} {
			if _, ok := c.get(key); ok {
				got = append(got, key)
			}
		}
		if strings.Join(got, "") != want {
			t.Errorf("kept %q, want %q", got, want)
		}
	}
	add("a", 10, 0)
	add("b", 10, int64(maxAnswerAge/time.Second))
	has("ab")
	add("c", 10, int64(maxAnswerAge/time.Second)+1)
	has("bc")
	add("d", maxAnswerBytes-10, int64(maxAnswerAge/time.Second)+1)
	has("cd")
	add("a", maxAnswerBytes+1, int64(maxAnswerAge/time.Second)+1)
	has("")
	add("b", 1, int64(maxAnswerAge/time.Second)+1)
	has("b")
}

func TestEventsAreBounded(t *testing.T) {
	e := newEvents(100, 10)
	for i := range 1000 {
		e.add(&eventChange{Text: fmt.Sprint(i)})
		if len(e.list) > 20 {
			t.Fatalf("%d packets are kept", len(e.list))
		}
	}
	if e.seq != 1100 {
		t.Errorf("position %d", e.seq)
	}
	if list, ok := e.since(1090); !ok || len(list) != 10 || list[0] != "990" || list[9] != "999" {
		t.Errorf("last ten: %q, %v", list, ok)
	}
	for _, seq := range []uint64{1089, 1101, 0} {
		if _, ok := e.since(seq); ok {
			t.Errorf("position %d is known", seq)
		}
	}
	big := strings.Repeat("x", maxEventBytes/3)
	for range 5 {
		e.add(&eventChange{Text: big})
	}
	if e.bytes > maxEventBytes {
		t.Errorf("%d bytes are kept", e.bytes)
	}
}

// TestTagsGrow compares tags as MEGA's client does.
func TestTagsGrow(t *testing.T) {
	last := ""
	for _, seq := range []uint64{1, 9, 10, 35, 36, 37, 1 << 20, 1<<48 + 5, 1 << 60} {
		next := tag(seq)
		if len(next) < len(last) || len(next) == len(last) && next <= last {
			t.Errorf("tag of %d is %q after %q", seq, next, last)
		}
		last = next
	}
}

// TestUploadsAreForgotten drops addresses that expired, with their bytes.
func TestUploadsAreForgotten(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s, err := New(Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.AddAccount(Account{Email: churned, Password: "x", V1: true}); err != nil {
		t.Fatal(err)
	}
	upload := func() {
		t.Helper()
		if text, err := s.Do(churned, `[{"a":"u","s":3}]`); err != nil || !strings.HasPrefix(text, `[{"p"`) {
			t.Fatalf("u: %s, %v", text, err)
		}
	}
	for range housekeepCommits / 2 {
		upload()
	}
	now = now.Add(100 * time.Hour)
	for range housekeepCommits {
		upload()
	}
	if n := len(s.st.uploads); n > housekeepCommits {
		t.Errorf("%d uploads are kept", n)
	}
	if len(s.st.blobs) != len(s.st.uploads) {
		t.Errorf("%d blobs for %d uploads", len(s.st.blobs), len(s.st.uploads))
	}
}

// TestGenerateMore raises the number of generated nodes of a changed account.
func TestGenerateMore(t *testing.T) {
	dir := t.TempDir()
	open := func(count int) *churn {
		t.Helper()
		s, err := New(Options{Dir: dir, GenerateNodes: count})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return newChurn(t, s, 1)
	}
	c := open(150)
	// Folders are 1, 101, 201, 301. What is to come into a folder that was
	// deleted does not come.
	for _, step := range []struct {
		count  int
		delete int
		want   int64
	}{
		{150, 101, 101},
		{200, 150, 101}, // which is not there
		{250, 302, 101 + 49},
		{260, 201, 101},
		{400, 302, 101 + 99 - 1},
	} {
		if err := c.s.Close(); err != nil {
			t.Fatal(err)
		}
		c = open(step.count)
		if _, err := c.s.Do(churned, `[{"a":"d","n":"`+generatedHandle(step.delete).String()+`"}]`); err != nil {
			t.Fatal(err)
		}
		c.check(t)
		if got := c.s.Stats().Nodes; got != step.want {
			t.Errorf("%+v: %d nodes", step, got)
		}
	}
}
