package emulator_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
)

// trusting returns a client that trusts the server's CA, and nothing else.
func trusting(t *testing.T, s *emulatortest.Instance) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CAPEM()) {
		t.Fatal("no CA")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// TestBothOnOnePort signs in over TLS and over plain http, and asks for
// storage addresses of both kinds.
func TestBothOnOnePort(t *testing.T) {
	s := emulatortest.Start(t, emulator.Options{}, oldAccount)
	m := newGoMega(t, s.TLSURL, trusting(t, s).Transport)
	m.SetHTTPS(true)
	must(t, "login over TLS", m.Login(oldAccount.Email, oldAccount.Password))
	uploaded := goMegaUpload(t, m, 300_000, m.FS.GetRoot())
	reader := newGoMega(t, s.TLSURL, trusting(t, s).Transport)
	reader.SetHTTPS(true)
	must(t, "resume", reader.LoginWithKeys(m.GetSessionID(), m.GetMasterKey()))
	goMegaDownload(t, reader, 300_000, uploaded)

	c := connect(t, s)
	c.loginOld()
	for body, want := range map[string]string{
		`[{"a":"u","s":1}]`:         `[{"p":"` + s.URL + `/ul/`,
		`[{"a":"u","s":1,"ssl":0}]`: `[{"p":"` + s.URL + `/ul/`,
		`[{"a":"u","s":1,"ssl":2}]`: `[{"p":"` + s.TLSURL + `/ul/`,
	} {
		if got := c.cs(body); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// TestServeEnds stops a server with a held poll, a silent connection and one
// that stopped in the middle of a request.
func TestServeEnds(t *testing.T) {
	server, err := emulator.New(emulator.Options{NewKey: emulatortest.SharedKey, PollErrorDelay: -1})
	must(t, "new", err)
	must(t, "account", server.AddAccount(oldAccount))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, "listen", err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l) }()
	c := connect(t, &emulatortest.Instance{Server: server, URL: "http://" + l.Addr().String()})
	c.loginOld()
	c.learn()
	polled := make(chan string, 1)
	go func() { polled <- c.events("/wsc/x?sn=S0") }()
	for _, text := range []string{"", "\x16", "POST /cs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"} {
		conn, err := net.Dial("tcp", l.Addr().String())
		must(t, "dial", err)
		defer conn.Close()
		_, err = io.WriteString(conn, text)
		must(t, "write", err)
	}
	waitFor(t, func() bool { return server.Stats().WaitRequests == 1 })
	start := time.Now()
	cancel()
	select {
	case err := <-served:
		must(t, "serve", err)
	case <-time.After(5 * time.Second):
		t.Fatal("still serving")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
	<-polled
	must(t, "close", server.Close())
	must(t, "close again", server.Close())
}

func TestLatency(t *testing.T) {
	const latency = 30 * time.Millisecond
	c := signIn(t, emulator.Options{Latency: latency, PollTimeout: time.Millisecond})
	slow := func(what string, want bool, f func()) {
		t.Helper()
		start := time.Now()
		f()
		if took := time.Since(start); took >= latency != want {
			t.Errorf("%s took %v", what, took)
		}
	}
	slow("cs", true, func() { c.cs(`[{"a":"gmf"},{"a":"gmf"}]`) })
	slow("sc", true, func() { c.events("/sc?sn=S0") })
	slow("wsc", true, func() { c.events("/wsc?sn=S0") })
	url := c.uploadURL(3, 3)
	slow("upload", true, func() { c.post(url+"/0", "abc") })
	slow("unknown download", true, func() { c.post("/dl/x/0-1", "") })
	slow("stats", false, func() { c.s.Stats() })
}

func TestConnectLatency(t *testing.T) {
	const latency = 400 * time.Millisecond
	s := emulatortest.Start(t, emulator.Options{ConnectLatency: latency})
	client := trusting(t, s)
	for i, want := range []bool{true, false, false} {
		start := time.Now()
		res, err := client.Get(s.URL + "/emulator/stats")
		must(t, "get", err)
		_, err = io.Copy(io.Discard, res.Body)
		must(t, "read", err)
		res.Body.Close()
		if took := time.Since(start); took >= latency != want {
			t.Errorf("request %d took %v", i, took)
		}
	}
}

// TestBandwidth sends more than the burst of a slow line each way.
func TestBandwidth(t *testing.T) {
	c := signIn(t, emulator.Options{Bandwidth: 1 << 20})
	const size = 300 * kib // 16 to 52 KiB of it at once
	start := time.Now()
	url := c.uploadURL(size, 2)
	_, token := c.post(url, string(content(size)))
	if took := time.Since(start); took < 200*time.Millisecond {
		t.Errorf("upload took %v", took)
	}
	c.want(put("R", file(b64([]byte(token)), ""), ""), `[["T1",{"e":[],"fh":["N1:id"]}]]`)
	start = time.Now()
	c.download("N1", "")
	if took := time.Since(start); took < 200*time.Millisecond {
		t.Errorf("download took %v", took)
	}
	if got := c.s.Stats(); got.UploadBytes != size || got.DownloadBytes != size {
		t.Errorf("stats: %+v", got)
	}
}

// TestHashcash signs in with a client that can do the work.
func TestHashcash(t *testing.T) {
	s := emulatortest.Start(t, emulator.Options{HashcashEasiness: 255}, oldAccount)
	m := newGoMega(t, s.URL, http.DefaultTransport)
	must(t, "login", m.Login(oldAccount.Email, oldAccount.Password))
	if got := s.Stats().Logins; got != 1 {
		t.Errorf("logins: %d", got)
	}
	c := connect(t, s)
	var asked []int
	for i := range 60 {
		if status, _ := c.post(c.csPath(i), `[{"a":"gmf"}]`); status == http.StatusPaymentRequired {
			asked = append(asked, i)
		}
	}
	if len(asked) != 1 {
		t.Errorf("asked at requests %v of 60", asked)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/cs", strings.NewReader(`[{"a":"us"}]`))
	must(t, "request", err)
	req.Header.Set("X-Hashcash", "1:"+strings.Repeat("A", 64)+":AAAAAA")
	res, err := http.DefaultClient.Do(req)
	must(t, "request", err)
	res.Body.Close()
	challenge := strings.Split(res.Header.Get("X-Hashcash"), ":")
	if res.StatusCode != http.StatusPaymentRequired || res.ContentLength != 0 ||
		len(challenge) != 4 || challenge[0] != "1" || challenge[1] != "255" || len(challenge[3]) != 64 {
		t.Errorf("invented token: %d, %v", res.StatusCode, res.Header)
	}
}
