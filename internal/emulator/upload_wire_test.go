package emulator_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/emulator"
)

const kib = 1 << 10

// xor12 is the checksum of the upload protocol, byte by byte.
func xor12(p string) string {
	sum := make([]byte, 12)
	for i := range len(p) {
		sum[i%12] ^= p[i]
	}
	return b64(sum)
}

func TestUploadAnswers(t *testing.T) {
	c := signIn(t, emulator.Options{})
	data := string(content(300 * kib))
	for _, tt := range []struct {
		name       string
		v          int
		query      func(piece string) string
		partial    string
		tokenBytes int
	}{
		{"no checksum, old token", 0, func(string) string { return "" }, "", 27},
		{"no checksum", 2, func(string) string { return "" }, "", 36},
		{"c", 2, func(p string) string { return "?c=" + xor12(p) }, "", 36},
		{"d", 3, func(p string) string { return "?d=" + xor12(p) }, "0", 36},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := *c
			c.t = t
			url := c.uploadURL(len(data), tt.v)
			send := func(from, to int) string {
				piece := data[from:to]
				status, answer := c.post(fmt.Sprintf("%s/%d%s", url, from, tt.query(piece)), piece)
				if status != http.StatusOK {
					t.Fatalf("status %d", status)
				}
				return answer
			}
			// Out of order, and one of them twice.
			if got := send(128*kib, 300*kib); got != tt.partial {
				t.Errorf("last piece: %q", got)
			}
			if got := send(128*kib, 300*kib); got != tt.partial {
				t.Errorf("last piece again: %q", got)
			}
			token := send(0, 128*kib)
			if len(token) != tt.tokenBytes {
				t.Errorf("token of %d bytes: %q", len(token), token)
			}
			if again := send(0, 128*kib); again != token {
				t.Errorf("token again: %q", again)
			}
			if tt.tokenBytes == 36 {
				token = b64([]byte(token))
			}
			answer := c.plain().cs(c.value(put("R", file(token, ""), "")))
			c.name(answer)
			h := answer[strings.Index(answer, `"h":"`)+5:][:8]
			if got := c.download(h, ""); got != data {
				t.Error("content differs")
			}
			if status, _ := c.post(url+"/0", data[:128*kib]); status != http.StatusNotFound {
				t.Errorf("address after p: status %d", status)
			}
		})
	}
}

// TestUploadWhole posts everything without an offset, in one request over
// several chunks, and without a known length.
func TestUploadWhole(t *testing.T) {
	c := signIn(t, emulator.Options{})
	for _, size := range []int{0, 1, 128 * kib, 128*kib + 1, 3000 * kib} {
		data := content(size)
		url := c.uploadURL(size, 2)
		res, err := http.Post(c.base+url, "", io.MultiReader(bytes.NewReader(data)))
		must(t, "post", err)
		token, err := io.ReadAll(res.Body)
		must(t, "read", err)
		must(t, "close", res.Body.Close())
		if len(token) != 36 {
			t.Errorf("size %d: answer %q", size, token)
		}
	}
	url := c.uploadURL(200*kib, 2)
	if _, got := c.post(url, string(content(128*kib))); got != "-7" {
		t.Errorf("part without an offset: %q", got)
	}
}

func TestUploadRefused(t *testing.T) {
	c := signIn(t, emulator.Options{})
	const size = 700 * kib
	data := string(content(size))
	url := c.uploadURL(size, 3)
	for _, tt := range []struct {
		path, body, want string
	}{
		{"/1", data[1 : 128*kib], "-7"},
		{"/0", data[:127*kib], "-7"},
		{"/0", data[:129*kib], "-7"},
		{"/131072", data[128*kib : 500*kib], "-7"},
		{"/0", data + "x", "-7"},
		{"/716800", "", "-7"},
		{"/999999999", "x", "-7"},
		{"/-131072", data[:128*kib], "-7"},
		{"/0", "", "-7"},
		{"/0?d=AAAAAAAAAAAAAAAA", data[:128*kib], "-14"},
		{"/0?c=short", data[:128*kib], "-14"},
		{"/393216?d=" + xor12(data[384*kib:]), data[384*kib:], "0"},
		{"/0?d=" + xor12(data[:384*kib]), data[:384*kib], ""}, // several chunks; the token
	} {
		status, got := c.post(url+tt.path, tt.body)
		if status != http.StatusOK || tt.want != "" && got != tt.want || tt.want == "" && len(got) != 36 {
			t.Errorf("%s with %d bytes: %d %q, want %q", tt.path, len(tt.body), status, got, tt.want)
		}
	}
	for _, off := range []string{"/-131072", "/999999999", "/9223372036854775807"} {
		res, err := http.Post(c.base+c.uploadURL(3, 3)+off, "", io.MultiReader(strings.NewReader("abc"))) // of unknown length
		must(t, "post", err)
		got, err := io.ReadAll(res.Body)
		must(t, "read", err)
		must(t, "close", res.Body.Close())
		if string(got) != "-7" {
			t.Errorf("%s: %q", off, got)
		}
	}
	if status, _ := c.post("/ul/unknown/0", "x"); status != http.StatusNotFound {
		t.Errorf("unknown address: %d", status)
	}
	if status, _ := c.post(url+"/x", "x"); status != http.StatusBadRequest {
		t.Errorf("offset that is no number: %d", status)
	}
}

func TestUploadGap(t *testing.T) {
	c := signIn(t, emulator.Options{})
	const mib = 1 << 20
	url := c.uploadURL(400*mib, 3)
	piece := strings.Repeat("x", mib)
	for off, want := range map[int]string{4608*kib + 300*mib: "-4", 4608*kib + 200*mib: ""} {
		if _, got := c.post(fmt.Sprintf("%s/%d", url, off), piece); got != want {
			t.Errorf("at %d: %q, want %q", off, got, want)
		}
	}
}

func TestUploadExpires(t *testing.T) {
	now := time.Unix(epoch, 0)
	c := signIn(t, emulator.Options{Now: func() time.Time { return now }, URLLifetime: time.Hour})
	url := c.uploadURL(3, 3)
	now = now.Add(2 * time.Hour)
	if status, _ := c.post(url+"/0", "abc"); status != http.StatusNotFound {
		t.Errorf("status %d", status)
	}
}

func TestDownload(t *testing.T) {
	now := time.Unix(epoch, 0)
	c := signIn(t, emulator.Options{Now: func() time.Time { return now }})
	c.want(put("R", file(c.upload("0123456789"), ""), ""), `[["T1",{"e":[],"fh":["N1:id"]}]]`)
	var out []struct {
		S   int
		AT  string
		G   string
		MSD int
	}
	c.decode(c.cs(c.value(`[{"a":"g","g":1,"n":"N1","v":2,"ssl":0}]`)), &out)
	if out[0].S != 10 || out[0].AT != attr {
		t.Errorf("g: %+v", out)
	}
	for _, tt := range []struct {
		method, path, header string
		status               int
		want                 string
	}{
		{"GET", "/0-9", "", 200, "0123456789"},
		{"POST", "/2-4", "", 200, "234"},
		{"GET", "/8-20", "", 200, "89"},
		{"GET", "/8-", "", 200, "89"},
		{"GET", "", "", 200, "0123456789"},
		{"GET", "", "bytes=3-5", 206, "345"},
		{"GET", "", "bytes=-2", 206, "89"},
		{"GET", "/10-11", "", 416, ""},
		{"GET", "/4-2", "", 416, ""},
		{"GET", "/x", "", 416, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, out[0].G+tt.path, nil)
		must(t, "request", err)
		if tt.header != "" {
			req.Header.Set("Range", tt.header)
		}
		res, err := http.DefaultClient.Do(req)
		must(t, "request", err)
		body, err := io.ReadAll(res.Body)
		must(t, "read", err)
		res.Body.Close()
		if res.StatusCode != tt.status || tt.want != "" && (string(body) != tt.want || res.ContentLength != int64(len(tt.want))) {
			t.Errorf("%+v: %d %q, length %d", tt, res.StatusCode, body, res.ContentLength)
		}
	}
	c.want(put("R", file(c.upload(""), ""), ""), `[["T2",{"e":[],"fh":["N2:id"]}]]`)
	if got := c.download("N2", "/0-0"); got != "" {
		t.Errorf("empty file: %q", got)
	}
	now = now.Add(72 * time.Hour)
	if status, _ := c.post(strings.TrimPrefix(out[0].G, c.base)+"/0-9", ""); status != http.StatusNotFound {
		t.Errorf("expired address: %d", status)
	}
	c.want(`[{"a":"g","g":1,"n":"R"},{"a":"g","g":1,"n":"AAAAAAAA"}]`, `[-2,-9]`)
}
