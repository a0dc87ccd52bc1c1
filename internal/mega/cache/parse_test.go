package cache

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega/api"
)

var nodeSeeds = []string{
	`{}`, `{"h":"AbCdEf-_","p":"Rrrrrrrr","u":"Uuuuuuuuuu0","t":0,"a":"at","k":"U:K","s":12,"ts":2,"fa":"x"}`,
	`{ "h" : "AbCdEf-_" , "s" : -1 }`, `{"h":"a\u0062","h":5,"h":"AbCdEf-_"}`, `{"s":1.0,"ts":1e3,"t":"3"}`,
	`{"s":01}`, `{"s":999999999999999999,"ts":9999999999999999999}`, `{"s":-}`, `{"h":"é"}`, `{"\u0068":"AbCdEf-_"}`,
	`{"a":[1,{"h":"x"}],"k":null,"p":true}`, `{"p":"bad","p":5}`, `{"a":"x",}`, `[`, `{"a"}`, "{\"a\":\"\x7f\x80\"}", `{"t":254,"t":"x"}`, `{"s":-0}`,
}

// FuzzNode holds the fast path to what encoding/json makes of the same bytes.
func FuzzNode(f *testing.F) {
	for _, s := range nodeSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 || b[0] != '{' {
			return
		}
		var fast rawNode
		used, res := fastNode(b, &fast)
		if res != parsed {
			return
		}
		if !json.Valid(b[:used]) {
			t.Fatalf("the fast path took invalid JSON %q", b[:used])
		}
		var slow rawNode
		slowNode(b[:used], &slow)
		if diff := cmp.Diff(slow, fast, cmp.AllowUnexported(rawNode{})); diff != "" {
			t.Errorf("%q (-encoding/json +fast):\n%s", b[:used], diff)
		}
		for i := range used {
			if _, res := fastNode(b[:i], &fast); i > 0 && res == parsed {
				t.Errorf("%q is taken for whole", b[:i])
			}
		}
	})
}

// reference reads an `f` answer with encoding/json alone.
func reference(body []byte) (nodes []Node, got Fetched, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if !json.Valid(body) || !delim(dec, '[') || !delim(dec, '{') {
		return nil, got, false
	}
	for dec.More() {
		key, err := dec.Token()
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil {
			return nil, got, false
		}
		switch key {
		case "f", "f2":
			var list []json.RawMessage
			if value[0] != '[' || json.Unmarshal(value, &list) != nil {
				return nil, got, false
			}
			for _, raw := range list {
				var n rawNode
				if slowNode(raw, &n); n.usable() {
					nodes = append(nodes, n.Node)
					got.Nodes++
				} else {
					got.Skipped++
				}
			}
		case "sn":
			got.SN = SN(stringOr(value))
		case "st":
			got.Tag = stringOr(value)
		case "err":
			return nil, got, false
		case "u":
			var users []map[string]json.RawMessage
			var any []json.RawMessage
			_ = json.Unmarshal(value, &any)
			for _, one := range any {
				var u map[string]json.RawMessage
				if json.Unmarshal(one, &u) == nil {
					users = append(users, u)
				}
			}
			for _, u := range users {
				if n, ok := plainInt(u["c"]); ok && n == 2 {
					got.Self, _ = parseUser([]byte(stringOr(u["u"])))
				}
			}
		}
	}
	return nodes, got, delim(dec, '}') && delim(dec, ']') && got.SN.valid()
}

func delim(dec *json.Decoder, want json.Delim) bool {
	got, err := dec.Token()
	return err == nil && got == want
}

func stringOr(value json.RawMessage) string {
	var s string
	_ = json.Unmarshal(value, &s)
	return s
}

// FuzzDecodeTree compares the streaming decoder, fed in odd pieces, with encoding/json: same verdict, same nodes.
func FuzzDecodeTree(f *testing.F) {
	for _, s := range nodeSeeds {
		f.Add([]byte(`[{"f":[` + s + `,{"h":"AbCdEf-_"}],"u":[{"u":"Uuuuuuuuuu0","c":2}],"sn":"AAAAAAAAAAE"}]`))
		f.Add([]byte(`[{"x":[` + s + `],"sn":"AAAAAAAAAAE","f2":[` + s + `]}] `))
	}
	f.Add([]byte(`-3`))
	f.Add([]byte(`[{"err":-3}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		want, wantGot, ok := reference(body)
		for name, r := range map[string]io.Reader{"whole": bytes.NewReader(body), "pieces": iotest.HalfReader(iotest.OneByteReader(bytes.NewReader(body)))} {
			var nodes []Node
			got, err := DecodeTree(r, func(n *Node) error { nodes = append(nodes, n.Clone()); return nil })
			if ok != (err == nil) {
				t.Fatalf("%s: %q: error %v, encoding/json says %v", name, body, err, ok)
			}
			if !ok {
				continue
			}
			if diff := cmp.Diff(want, nodes); diff != "" {
				t.Errorf("%s: %q: nodes (-want +got):\n%s", name, body, diff)
			}
			if diff := cmp.Diff(wantGot, got); diff != "" {
				t.Errorf("%s: %q (-want +got):\n%s", name, body, diff)
			}
		}
	})
}

// FuzzDecodeEvents: no input panics, and what is not JSON is refused.
func FuzzDecodeEvents(f *testing.F) {
	for _, s := range nodeSeeds {
		f.Add([]byte(`{"a":[{"a":"t","t":{"f":[` + s + `]}},` + s + `],"sn":"AAAAAAAAAAE"}`))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, err := DecodeEvents(bytes.NewReader(body), func(Packet) error { return nil })
		var code *api.Error
		var answer *api.AnswerError
		if err == nil && !json.Valid(body) {
			t.Errorf("%q was taken", body)
		}
		if err != nil && !errors.As(err, &answer) && !errors.As(err, &code) && !errors.Is(err, api.ErrTooOld) {
			t.Errorf("%q: untyped error %v", body, err)
		}
	})
}

// genTree writes an `f` answer of n generated nodes: folders of about 100 files, in MEGA's shape.
type genTree struct {
	n, i int
	rest []byte
}

const b64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// genHandle scatters i over the handle space, as real handles are; 1 <= i.
func genHandle(i int) Handle { return Handle(uint64(i) * 0x9e3779b97f4b & (1<<48 - 1)) }

func genText(i, n int) string {
	x := uint64(i)*0x9e3779b97f4a7c15 + 1
	out := make([]byte, n)
	for j := range out {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		out[j] = b64[x>>58]
	}
	return string(out)
}

func genNode(i int) string {
	const owner = "Uuuuuuuuuu0"
	switch {
	case i < 3:
		return fmt.Sprintf(`{"h":"%s","p":"","u":"%s","t":%d,"a":"","k":"","ts":1700000000}`, genHandle(i+1), owner, i+2)
	case i%100 == 3:
		return fmt.Sprintf(`{"h":"%s","p":"%s","u":"%s","t":1,"a":"%s","k":"%s:%s","ts":%d}`,
			genHandle(i+1), genHandle(1+(i-3)/10000*100), owner, genText(i, 43), owner, genText(i+1, 22), 1700000000+i)
	}
	return fmt.Sprintf(`{"h":"%s","p":"%s","u":"%s","t":0,"a":"%s","k":"%s:%s","s":%d,"ts":%d}`,
		genHandle(i+1), genHandle(i-(i-3)%100+1), owner, genText(i, 107), owner, genText(i+1, 43), i*37%1000000, 1700000000+i)
}

func (g *genTree) Read(p []byte) (int, error) {
	for len(g.rest) == 0 {
		switch {
		case g.i > g.n:
			return 0, io.EOF
		case g.i == g.n:
			g.rest = append(g.rest[:0], `],"u":[{"u":"Uuuuuuuuuu0","c":2,"m":"a@b.c"}],"sn":"AAAAAAAAAAE"}]`...)
		case g.i == 0:
			g.rest = append(g.rest[:0], `[{"f":[`+genNode(0)...)
		default:
			g.rest = append(append(g.rest[:0], ','), genNode(g.i)...)
		}
		if g.n == 0 {
			g.rest = append([]byte(`[{"f":[`), g.rest...)
		}
		g.i++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

func generated(tb testing.TB, n int) []byte {
	tb.Helper()
	body, err := io.ReadAll(&genTree{n: n})
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

func TestFastPathTakesWhatMEGASends(t *testing.T) {
	body := generated(t, 1000)
	fast := 0
	for obj := range strings.SplitAfterSeq(string(body[len(`[{"f":[`):]), "}") {
		var n rawNode
		obj = strings.TrimPrefix(obj, ",")
		if used, res := fastNode([]byte(obj), &n); res == parsed && used == len(obj) && n.usable() {
			fast++
		}
		if fast == 1000 {
			return
		}
	}
	t.Errorf("only %d of 1000 nodes took the fast path", fast)
}

func TestDecodeDoesNotAllocatePerNode(t *testing.T) {
	body := generated(t, 5000)
	allocs := testing.AllocsPerRun(3, func() {
		if _, err := DecodeTree(bytes.NewReader(body), func(*Node) error { return nil }); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 60 {
		t.Errorf("%v allocations for 5000 nodes", allocs)
	}
}

func BenchmarkDecodeTree(b *testing.B) {
	body := generated(b, 100000)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeTree(bytes.NewReader(body), func(*Node) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
