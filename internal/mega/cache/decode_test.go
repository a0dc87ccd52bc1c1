package cache_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/cache"
)

// handle parses a handle that must be right.
func handle(t testing.TB, s string) cache.Handle {
	t.Helper()
	var h cache.Handle
	if err := h.UnmarshalText([]byte(s)); err != nil {
		t.Fatal(err)
	}
	return h
}

func user(t testing.TB, s string) cache.User {
	t.Helper()
	u, err := cache.ParseUser(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// What answers can be but right, beside codes.
var (
	errCut = &api.AnswerError{Cut: true}
	errBad = &api.AnswerError{}
)

// isError compares answer errors by whether they are cut, others as errors.Is does.
func isError(err, want error) bool {
	var got, answer *api.AnswerError
	if errors.As(want, &answer) {
		return errors.As(err, &got) && got.Cut == answer.Cut
	}
	return errors.Is(err, want)
}

func decode(r io.Reader) ([]cache.Node, cache.Fetched, error) {
	var nodes []cache.Node
	got, err := cache.DecodeTree(r, func(n *cache.Node) error {
		nodes = append(nodes, n.Clone())
		return nil
	})
	return nodes, got, err
}

const answer = `[{"f":[{"h":"Rrrrrrrr","p":"","u":"Uuuuuuuuuu0","t":2,"a":"","k":"","ts":1},
 {"h":"AbCdEf-_","p":"Rrrrrrrr","u":"Uuuuuuuuuu0","t":0,"a":"at\u0074r","k":"Uuuuuuuuuu0:KEY","s":12,"ts":"2","fa":"1:0*x/","i":0},
 {"h":"Folder01","p":"Rrrrrrrr","t":1,"a":"f","k":null,"sts":{"x":[1.5e3,true,null]}},
 {"h":"ContactHndl","t":8},7,{"t":1}],
 "f2":[{"h":"OldOld01","p":"AbCdEf-_","t":0,"a":"o","k":"k","s":3}],
 "ok0":[{"h":"x","k":[[],{}]}],"ph":[],"s":[],"mcf":{"c":[{"x":"\ud83d\ude00"}]},
 "u":[{"u":"Vvvvvvvvvv0","c":1,"m":"b@c.d"},{"u":"Uuuuuuuuuu0","c":2,"m":"a@b.c"}],"sn":"AAAAAAAAAAE","st":"000000000001"}]`

func TestDecodeTree(t *testing.T) {
	root := handle(t, "Rrrrrrrr")
	self := user(t, "Uuuuuuuuuu0")
	want := []cache.Node{
		{Handle: root, Owner: self, Type: cache.Root, Size: -1, Time: 1, Attr: []byte{}, Key: []byte{}},
		{
			Handle: handle(t, "AbCdEf-_"), Parent: root, Owner: self, Type: cache.File, Size: 12, Time: 2,
			Attr: []byte("attr"), Key: []byte("Uuuuuuuuuu0:KEY"), FileAttr: []byte("1:0*x/"),
		},
		{Handle: handle(t, "Folder01"), Parent: root, Type: cache.Folder, Size: -1, Attr: []byte("f")},
		{Handle: handle(t, "OldOld01"), Parent: handle(t, "AbCdEf-_"), Type: cache.File, Size: 3, Attr: []byte("o"), Key: []byte("k")},
	}
	readers := map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader,
		"halves": iotest.HalfReader, "data with error": iotest.DataErrReader,
	}
	for name, wrap := range readers {
		nodes, got, err := decode(wrap(strings.NewReader(answer)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, nodes); diff != "" {
			t.Errorf("%s: nodes (-want +got):\n%s", name, diff)
		}
		wantGot := cache.Fetched{SN: "AAAAAAAAAAE", Tag: "000000000001", Self: self, Nodes: 4, Skipped: 3}
		if diff := cmp.Diff(wantGot, got); diff != "" {
			t.Errorf("%s: rest (-want +got):\n%s", name, diff)
		}
	}
}

func TestDecodeTreeAnyOrder(t *testing.T) {
	nodes, got, err := decode(strings.NewReader(` [ {"sn":"AAAAAAAAAAE","u":{},"f2":[],"x":-0.5E+1,"f":[{"ts":5,"t":1,"h":"AbCdEf-_"}]} ] `))
	if err != nil || len(nodes) != 1 || got.SN != "AAAAAAAAAAE" || nodes[0].Time != 5 {
		t.Errorf("got %v, %+v, %v", nodes, got, err)
	}
}

func TestDecodeTreeErrors(t *testing.T) {
	for body, want := range map[string]error{
		"-3": api.Code(-3), "[-6]": api.Code(-6), ` [ {"err":-15} ] `: api.Code(-15), `{"x":1,"err":-16}`: api.Code(-16),
		"": errCut, "[": errCut, `[{"f":[{"h":"AbCd`: errCut, "-": errCut,
		"5": errBad, "{}": errBad, "[]": errBad, "[{}]": errBad, "<html>": errBad,
		`[{"sn":"AAAAAAAAAAA"}]`: errBad, `[{"sn":"AAAAAAAAAAE"},0]`: errBad,
		`[{"sn":"AAAAAAAAAAE"}]]`: errBad, `[{"f":{},"sn":"AAAAAAAAAAE"}]`: errBad,
		`[{"f":[{"h":01}],"sn":"AAAAAAAAAAE"}]`: errBad, `[{"f":[{"h":"1",}],"sn":"AAAAAAAAAAE"}]`: errBad,
		"[{\"f\":[{\"a\":\"\x01\"}],\"sn\":\"AAAAAAAAAAE\"}]": errBad, `[{"q":"\u00g0","sn":"AAAAAAAAAAE"}]`: errBad,
	} {
		if _, _, err := decode(strings.NewReader(body)); !isError(err, want) {
			t.Errorf("%s: error %v, want %v", body, err, want)
		}
	}
}

// A cut anywhere is noticed.
func TestDecodeTreeTruncated(t *testing.T) {
	for i := range len(answer) {
		if _, _, err := decode(strings.NewReader(answer[:i])); !isError(err, errCut) {
			t.Fatalf("cut at %d of %d: %v", i, len(answer), err)
		}
	}
	broken := errors.New("broken line")
	r := io.MultiReader(strings.NewReader(answer[:300]), iotest.ErrReader(broken))
	if _, _, err := decode(r); !errors.Is(err, broken) {
		t.Errorf("reader's error: got %v", err)
	}
}

func TestDecodeTreeStopsWhenAsked(t *testing.T) {
	stop := errors.New("stop")
	n := 0
	_, err := cache.DecodeTree(strings.NewReader(answer), func(*cache.Node) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("after %d nodes: %v", n, err)
	}
}

// A node larger than the buffer is read whole.
func TestDecodeTreeLargeNode(t *testing.T) {
	attr := strings.Repeat("A", 3<<20)
	body := fmt.Sprintf(`[{"f":[{"h":"AbCdEf-_","t":1,"a":"%s"},{"h":"Folder01","t":1,"a":"\/%s"}],"sn":"AAAAAAAAAAE"}]`, attr, attr)
	nodes, _, err := decode(iotest.HalfReader(strings.NewReader(body)))
	if err != nil || len(nodes) != 2 || string(nodes[0].Attr) != attr || string(nodes[1].Attr) != "/"+attr {
		t.Errorf("got %d nodes, %v", len(nodes), err)
	}
}

func TestDecodeEvents(t *testing.T) {
	body := `{"w":"http://h/wsc/x","a":[
 {"a":"t","i":"me","st":"02","t":{"f":[{"h":"AbCdEf-_","p":"Rrrrrrrr","t":0,"s":1,"a":"x","k":"y","i":0},{"h":"bad"}],"f2":[{"h":"OldOld01","p":"AbCdEf-_","t":0,"s":2}],"u":[]},"ou":"Uuuuuuuuuu0"},
 {"a":"u","n":"AbCdEf-_","u":"Uuuuuuuuuu0","at":"new","ts":5},
 {"a":"d","i":"me","st":"03","n":"AbCdEf-_","m":1,"ou":"Uuuuuuuuuu0"},
 {"a":"fa","n":"AbCdEf-_","fa":"1:0*x"},
 {"a":"ua","st":"04","u":"Uuuuuuuuuu0","ua":["^!dv"],"t":[3]}],"ir":1,"sn":"AAAAAAAAAAI"}`
	var got []cache.Packet
	events, err := cache.DecodeEvents(iotest.HalfReader(strings.NewReader(body)), func(p cache.Packet) error {
		got = append(got, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	file := handle(t, "AbCdEf-_")
	want := []cache.Packet{
		{Action: "t", Marker: "me", Tag: "02", Skipped: 1, Nodes: []cache.Node{
			{Handle: file, Parent: handle(t, "Rrrrrrrr"), Size: 1, Attr: []byte("x"), Key: []byte("y")},
			{Handle: handle(t, "OldOld01"), Parent: file, Size: 2},
		}},
		{Action: "u", Handle: file, Attr: []byte("new"), Time: 5},
		{Action: "d", Marker: "me", Tag: "03", Handle: file, Moved: true},
		{Action: "fa", Handle: file, FileAttr: []byte("1:0*x")},
		{Action: "ua", Tag: "04"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(cache.Events{SN: "AAAAAAAAAAI", Wait: "http://h/wsc/x", More: true}, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestDecodeEventsShort(t *testing.T) {
	nothing := func(cache.Packet) error { return nil }
	for body, want := range map[string]error{
		"0": nil, "{}": nil, `{"w":"x"}`: nil, "-6": api.ErrTooOld, "-3": api.Code(-3), "[-3]": api.Code(-3), `{"err":-15}`: api.Code(-15),
		"": errCut, "0x": errBad, `{"sn":"x"}`: errBad, `{"a":[{"a":"d"}]}`: errBad, "[]": errBad,
		`{"a":[5],"sn":"AAAAAAAAAAI"}`: errBad, `{"sn":"AAAAAAAAAAI"`: errCut,
	} {
		if _, err := cache.DecodeEvents(strings.NewReader(body), nothing); !isError(err, want) {
			t.Errorf("%q: error %v, want %v", body, err, want)
		}
	}
}

func TestParseNodes(t *testing.T) {
	nodes, skipped, err := cache.ParseNodes([]byte(` [{"h":"AbCdEf-_","t":1}, {"h":""}] `))
	if err != nil || skipped != 1 || len(nodes) != 1 || nodes[0].Handle != handle(t, "AbCdEf-_") {
		t.Errorf("got %v, %d, %v", nodes, skipped, err)
	}
	if _, _, err := cache.ParseNodes([]byte(`[]x`)); !isError(err, errBad) {
		t.Errorf("error = %v", err)
	}
}

func TestUserText(t *testing.T) {
	for _, s := range []string{"", "AAAAAAAAAAE", "__________8"} {
		if got := user(t, s).String(); got != s {
			t.Errorf("user %q comes back as %q", s, got)
		}
	}
	for _, s := range []string{"A", "AAAAAAAAAA+", "AAAAAAAAAAEE"} {
		if _, err := cache.ParseUser(s); err == nil {
			t.Errorf("user %q was read", s)
		}
	}
}
