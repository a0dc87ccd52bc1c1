package cache

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// million is the account DESIGN §14 names.
const million = 1_000_000

var millionDir string

// millionNodes builds the large cache once for all benchmarks.
func millionNodes(b *testing.B) string {
	b.Helper()
	if millionDir == "" {
		dir, err := os.MkdirTemp("", "cache-bench-")
		if err != nil {
			b.Fatal(err)
		}
		millionDir = dir
		c, err := Open(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Build(b.Context(), &genTree{n: million}); err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
	return millionDir
}

// peakMemory is the most the process ever held, in MB, where the system tells.
func peakMemory() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

// answerFile is a million nodes as the server would send them, so that making them up does not count.
func answerFile(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "f.json")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := f.ReadFrom(&genTree{n: million}); err != nil {
		b.Fatal(err)
	}
	return path
}

func BenchmarkBuildMillion(b *testing.B) {
	path := answerFile(b)
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		c, err := Open(b.TempDir(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		got, err := c.Build(b.Context(), f)
		if err != nil || got.Nodes != million || c.Len() != million {
			b.Fatal(got, err)
		}
		f.Close()
		c.Close()
	}
	b.ReportMetric(peakMemory(), "peak-MB")
}

func BenchmarkOpenMillion(b *testing.B) {
	dir := millionNodes(b)
	for b.Loop() {
		c, err := Open(dir, Options{})
		if err != nil || c.Len() != million {
			b.Fatal(err)
		}
		c.Close()
	}
}

func openMillion(b *testing.B) *Cache {
	b.Helper()
	c, err := Open(millionNodes(b), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

func BenchmarkGetMillion(b *testing.B) {
	c := openMillion(b)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i = (i + 7919) % million
		if _, ok, err := c.Get(genHandle(i + 1)); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkChildrenMillion(b *testing.B) {
	c := openMillion(b)
	nodes, i := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		i = (i + 79) % (million / 100)
		for _, err := range c.Children(genHandle(i*100 + 4)) {
			if err != nil {
				b.Fatal(err)
			}
			nodes++
		}
	}
	b.ReportMetric(float64(nodes)/float64(b.N), "nodes/op")
}

func BenchmarkAllMillion(b *testing.B) {
	c := openMillion(b)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range c.All() {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != million {
			b.Fatal(n)
		}
	}
}

// BenchmarkJournal100k opens a cache of a million nodes after a hundred thousand packets.
func BenchmarkJournal100k(b *testing.B) {
	dir := b.TempDir()
	if err := os.CopyFS(dir, os.DirFS(millionNodes(b))); err != nil {
		b.Fatal(err)
	}
	c, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	packets := make([]Packet, 100_000)
	for i := range packets {
		var n rawNode
		raw := strings.Replace(genNode(i*9+10), `"a":"`, `"a":"new`, 1)
		if _, res := fastNode([]byte(raw), &n); res != parsed {
			b.Fatal(raw)
		}
		packets[i] = Packet{Action: "t", Nodes: []Node{n.Node}}
	}
	start := time.Now()
	if err := c.Apply(b.Context(), c.SN(), packets, "AAAAAAAAAAI"); err != nil {
		b.Fatal(err)
	}
	b.Logf("applying them took %v", time.Since(start).Round(time.Millisecond))
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			o, err := Open(dir, Options{})
			if err != nil || o.SN() != "AAAAAAAAAAI" {
				b.Fatal(err)
			}
		}
	})
	b.Run("fold", func(b *testing.B) {
		for b.Loop() {
			if err := c.fold(); err != nil {
				b.Fatal(err)
			}
		}
	})
	runtime.KeepAlive(c)
}

// BenchmarkPutMillion remembers one own change at a time, each locked, checked against other processes and written.
func BenchmarkPutMillion(b *testing.B) {
	dir := b.TempDir()
	if err := os.CopyFS(dir, os.DirFS(millionNodes(b))); err != nil {
		b.Fatal(err)
	}
	c, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	n := Node{Parent: genHandle(1), Size: 5, Attr: []byte(genText(1, 107)), Key: []byte(genText(2, 55))}
	for b.Loop() {
		n.Handle += 2
		if err := c.Put(b.Context(), n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeEvents(b *testing.B) {
	var body bytes.Buffer
	body.WriteString(`{"a":[`)
	for i := range 10000 {
		if i > 0 {
			body.WriteByte(',')
		}
		body.WriteString(`{"a":"t","st":"000000000002","t":{"f":[` + genNode(i) + `]},"ou":"Uuuuuuuuuu0"}`)
	}
	body.WriteString(`],"sn":"AAAAAAAAAAI"}`)
	b.SetBytes(int64(body.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeEvents(bytes.NewReader(body.Bytes()), func(Packet) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
