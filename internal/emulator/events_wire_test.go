package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
)

func TestOldEvents(t *testing.T) {
	c := signIn(t, emulator.Options{}).plain()
	c.wantEvents("/sc?sn=S0", `{"w":"URL/wsc/W","sn":"S0"}`)
	c.want(put("R", folder, ""), `[{"f":[`+folderNode("N1", "R", "")+`]}]`)
	c.wantEvents("/sc?sn=S0", `{"a":[{"a":"t","st":"T1","t":{"f":[`+folderNode("N1", "R", `,"i":0`)+`]},"ou":"U"}],"sn":"S1"}`)
	c.wantEvents("/sc?sn=S1", `{"w":"URL/wsc/W","sn":"S1"}`)
	c.wantEvents("/sc?c=50&sn=S1", `{"fsn":"AAAAAAAAAAA","lsn":"AAAAAAAAAAA","ltd":0,"c":[],"u":[]}`)
}

// TestDumbWait gets the wait address without parameters, as go-mega does.
func TestDumbWait(t *testing.T) {
	c := signIn(t, emulator.Options{})
	var out struct{ W string }
	c.decode(c.events("/sc?sn=S0"), &out)
	got := make(chan int)
	go func() {
		res, err := http.Get(out.W)
		if err != nil {
			got <- 0
			return
		}
		res.Body.Close()
		got <- res.StatusCode
	}()
	waitFor(t, func() bool { return c.s.Stats().WaitRequests == 1 })
	select {
	case status := <-got:
		t.Fatalf("wait ended with %d before anything happened", status)
	case <-time.After(20 * time.Millisecond):
	}
	c.want(put("R", folder, ""), `[["T1",{"e":[],"fh":[]}]]`)
	if status := <-got; status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	// What happened between sc and the wait counts too.
	late, err := http.Get(out.W)
	must(t, "late wait", err)
	must(t, "close", late.Body.Close())
	if status, _ := c.post("/wsc/nonsense", ""); status != http.StatusNotFound {
		t.Errorf("unknown address: %d", status)
	}
}

func TestHeldPoll(t *testing.T) {
	c := signIn(t, emulator.Options{PollTimeout: 20 * time.Millisecond})
	if got := c.events("/wsc/x?sn=S0"); got != "0" {
		t.Errorf("quiet poll: %s", got)
	}
	c = signIn(t, emulator.Options{})
	answer := make(chan string)
	go func() { answer <- c.events("/wsc/x?sn=S0") }()
	waitFor(t, func() bool { return c.s.Stats().WaitRequests == 1 })
	c.cs(c.value(put("R", folder, "")))
	if got := <-answer; !strings.Contains(got, `"a":[{"a":"t"`) {
		t.Errorf("poll: %s", got)
	}
}

func TestEventWindow(t *testing.T) {
	c := signIn(t, emulator.Options{EventLimit: 4, EventBatch: 3})
	for range 5 {
		c.cs(c.value(put("R", folder, "")))
	}
	got := c.name(c.events("/wsc?sn=S1"))
	if strings.Count(got, `"a":"t"`) != 3 || !strings.HasSuffix(got, `],"ir":1,"sn":"S4"}`) {
		t.Errorf("first batch: %s", got)
	}
	got = c.name(c.events("/wsc?sn=S4"))
	if strings.Count(got, `"a":"t"`) != 1 || !strings.HasSuffix(got, `],"sn":"S5"}`) {
		t.Errorf("second batch: %s", got)
	}
	for path, want := range map[string]string{
		"/wsc?sn=S0": "-6", "/wsc?sn=S6": "-6", "/wsc?sn=AAAAAAAAAAA": "-6", "/sc?sn=": "-2",
	} {
		if got := c.events(path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestFaults(t *testing.T) {
	c := signIn(t, emulator.Options{})
	body := c.value(put("R", folder, ""))
	nodes := int64(0)
	for _, tt := range []struct {
		fault   emulator.FaultSpec
		status  int
		answer  string // "" means not compared
		applied int64
	}{
		{emulator.FaultSpec{Kind: "eagain"}, 200, "-3", 0},
		{emulator.FaultSpec{Kind: "-4"}, 200, "-4", 0},
		{emulator.FaultSpec{Kind: "[-3]"}, 200, "[-3]", 0},
		{emulator.FaultSpec{Kind: "500"}, 500, "", 0},
		{emulator.FaultSpec{Kind: "500", After: true}, 500, "", 1},
		{emulator.FaultSpec{Kind: "-3", After: true}, 200, "-3", 1},
		{emulator.FaultSpec{Kind: "reset"}, 0, "", 0},
		{emulator.FaultSpec{Kind: "lost"}, 0, "", 1},
		{emulator.FaultSpec{Kind: "truncate"}, 0, "", 1},
	} {
		tt.fault.Place = "cs"
		must(t, "queue", c.s.Fault(tt.fault))
		id := c.nextID()
		status, text := c.post(c.csPath(id), body)
		nodes += tt.applied
		if status != tt.status || tt.answer != "" && text != tt.answer || c.s.Stats().Nodes != nodes {
			t.Errorf("%+v: %d %s, nodes %d, want %d", tt.fault, status, text, c.s.Stats().Nodes, nodes)
		}
		// The same request once more takes effect exactly once.
		if status, text = c.post(c.csPath(id), body); status != 200 || !strings.HasPrefix(text, `[["`) {
			t.Errorf("%+v: repeated: %d %s", tt.fault, status, text)
		}
		nodes += 1 - tt.applied
		if got := c.s.Stats().Nodes; got != nodes {
			t.Errorf("%+v: nodes %d, want %d", tt.fault, got, nodes)
		}
	}
	if got := c.s.Stats().Faults; got != 9 {
		t.Errorf("faults: %d", got)
	}
}

func TestFaultOrder(t *testing.T) {
	c := signIn(t, emulator.Options{})
	status, text := c.post("/emulator/faults", `[{"place":"cs","kind":"500","nth":2,"times":2,"command":"ug"},{"place":"cs","kind":"-4"}]`)
	if status != 200 {
		t.Fatalf("queue: %d %s", status, text)
	}
	var got []string
	for _, body := range []string{`[{"a":"uq"}]`, `[{"a":"ug"}]`, `[{"a":"uq"}]`, `[{"a":"ug"}]`, `[{"a":"uq"},{"a":"ug"}]`, `[{"a":"ug"}]`} {
		status, text := c.post(c.csPath(c.nextID()), body)
		got = append(got, map[bool]string{true: text, false: http.StatusText(status)}[len(text) == 2])
	}
	want := "-4,OK,OK,Internal Server Error,Internal Server Error,OK"
	if strings.Join(got, ",") != want {
		t.Errorf("got %q", got)
	}
	for _, bad := range []string{`{"place":"x","kind":"500"}`, `{"place":"cs","kind":"x"}`, `{"place":"cs","kind":"-3","nth":-1}`, `x`} {
		if status, _ := c.post("/emulator/faults", bad); status != http.StatusBadRequest {
			t.Errorf("%s: status %d", bad, status)
		}
	}
}

func TestStorageFaults(t *testing.T) {
	c := signIn(t, emulator.Options{})
	for _, tt := range []struct {
		fault  emulator.FaultSpec
		status int
		body   string
	}{
		{emulator.FaultSpec{Kind: "503"}, 503, ""},
		{emulator.FaultSpec{Kind: "-3"}, 200, "-3"},
		{emulator.FaultSpec{Kind: "reset"}, 0, ""},
		{emulator.FaultSpec{Kind: "lost"}, 0, ""},
	} {
		tt.fault.Place = "storage"
		must(t, "queue", c.s.Fault(tt.fault))
		url := c.uploadURL(3, 3)
		status, text := c.post(url+"/0", "abc")
		if status != tt.status || tt.body != "" && text != tt.body {
			t.Errorf("%+v: %d %q", tt.fault, status, text)
		}
		if status, text = c.post(url+"/0", "abc"); status != 200 || len(text) != 36 {
			t.Errorf("%+v: repeated: %d %q", tt.fault, status, text)
		}
	}
	must(t, "queue", c.s.Fault(emulator.FaultSpec{Place: "storage", Kind: "509"}))
	res, err := http.Post(c.base+c.uploadURL(3, 3)+"/0", "", strings.NewReader("abc"))
	must(t, "post", err)
	res.Body.Close()
	if res.StatusCode != 509 || res.Header.Get("X-MEGA-Time-Left") == "" {
		t.Errorf("over quota: %d %v", res.StatusCode, res.Header)
	}
}

// TestRandomFaults sees equal seeds strike equally, and roughly as often as
// asked.
func TestRandomFaults(t *testing.T) {
	pattern := func(spec string) string {
		c := connect(t, emulatortest.Start(t, emulator.Options{Faults: spec}))
		var out strings.Builder
		for range 300 {
			out.WriteString(c.cs(`[{"a":"gmf"}]`)[:2])
		}
		return out.String()
	}
	first := pattern("seed=7, cs:eagain:0.2, storage:500:1")
	if first != pattern("seed=7,cs:eagain:0.2,storage:500:1") {
		t.Error("equal seeds differ")
	}
	if first == pattern("seed=8,cs:eagain:0.2") {
		t.Error("different seeds agree")
	}
	if n := strings.Count(first, "-3"); n < 30 || n > 90 {
		t.Errorf("%d of 300 failed, want about 60", n)
	}
	for _, bad := range []string{"cs", "cs:eagain", "cs:eagain:2", "cs:eagain:NaN", "xx:eagain:0.1", "cs:what:0.1", "seed=x"} {
		if s, err := emulator.New(emulator.Options{Faults: bad}); err == nil {
			s.Close()
			t.Errorf("%q was accepted", bad)
		}
	}
}
