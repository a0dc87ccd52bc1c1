package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/internal/retry"
)

func TestRequestIsRepeatedWithItsIDAndBody(t *testing.T) {
	broken := map[string]func() (fakeAnswer, error){
		"500":        func() (fakeAnswer, error) { return fakeAnswer{status: 500}, nil },
		"502":        func() (fakeAnswer, error) { return fakeAnswer{status: 502}, nil },
		"503":        func() (fakeAnswer, error) { return fakeAnswer{status: 503, body: "busy"}, nil },
		"509":        func() (fakeAnswer, error) { return fakeAnswer{status: 509}, nil },
		"429":        func() (fakeAnswer, error) { return fakeAnswer{status: 429}, nil },
		"reset":      func() (fakeAnswer, error) { return fakeAnswer{}, errReset },
		"EAGAIN":     func() (fakeAnswer, error) { return text("-3") },
		"ERATELIMIT": func() (fakeAnswer, error) { return text("-4\n") },
		"ETOOMANY":   func() (fakeAnswer, error) { return text(`{"err":-6}`) },
		"empty":      func() (fakeAnswer, error) { return text("") },
		"cut array":  func() (fakeAnswer, error) { return text(`[{"mstrg":`) },
		"broken answer": func() (fakeAnswer, error) {
			return fakeAnswer{reader: io.MultiReader(strings.NewReader("["), brokenReader{})}, nil
		},
	}
	for name, breakdown := range broken {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: func(n int, _ fakeRequest) (fakeAnswer, error) {
					if n < 3 {
						return breakdown()
					}
					return text(`[{"mstrg":10,"cstrg":"3"}]`)
				}}
				waits := 0
				c := newFakeClient(t, f, func(o *Options) { o.OnWait = func(retry.Wait) { waits++ } })
				got, err := c.Quota(t.Context())
				if err != nil || got.Total != 10 || got.Used != 3 {
					t.Fatalf("quota %+v, %v", got, err)
				}
				requests := f.seen()
				if len(requests) != 4 || waits != 3 {
					t.Fatalf("%d requests and %d reported waits, want 4 and 3", len(requests), waits)
				}
				for _, r := range requests[1:] {
					first := requests[0]
					if r.id != first.id || r.body != first.body || r.sid != testSID || r.path != "cs" {
						t.Errorf("repeated as %+v, first was %+v", r, first)
					}
				}
			})
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestRefusalIsNotRepeated(t *testing.T) {
	tests := map[string]struct {
		answer fakeAnswer
		check  func(error) bool
		text   string
	}{
		"number":       {fakeAnswer{body: "-9"}, isCode(ENOENT), "-9"},
		"in array":     {fakeAnswer{body: "[-9]"}, isCode(ENOENT), "ENOENT"},
		"object":       {fakeAnswer{body: `{"err":-15}`}, func(err error) bool { return errors.Is(err, ErrSessionDead) }, "session"},
		"element":      {fakeAnswer{body: `[{"err":-17,"u":"x"}]`}, isCode(EOVERQUOTA), "over quota"},
		"unknown code": {fakeAnswer{body: `-999`}, isCode(-999), "-999"},
		"404":          {fakeAnswer{status: 404}, isStatus(404), "404"},
		"redirect":     {fakeAnswer{status: 302, header: map[string]string{"Location": "https://other.test/"}}, isStatus(302), "302"},
		"web page":     {fakeAnswer{body: "<html>log in to the hotel</html>"}, isAnswer, "JSON"},
		"too few":      {fakeAnswer{body: "[]"}, isAnswer, "0 results"},
		"too many":     {fakeAnswer{body: `[0,0]`}, isAnswer, "2 results"},
		"wrong type":   {fakeAnswer{body: `["text"]`}, isAnswer, `"uq"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) { return test.answer, nil }}
			_, err := newFakeClient(t, f, nil).Quota(t.Context())
			if err == nil || !test.check(err) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("err = %v", err)
			}
			if n := len(f.seen()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func isCode(want Code) func(error) bool {
	return func(err error) bool {
		var e *Error
		return errors.Is(err, want) && errors.As(err, &e) && e.Command == "uq"
	}
}

func isStatus(want int) func(error) bool {
	return func(err error) bool {
		var e *HTTPError
		return errors.As(err, &e) && e.Status == want
	}
}

func isAnswer(err error) bool {
	var e *AnswerError
	return errors.As(err, &e)
}

func TestElementEAGAINIsAskedAgainUnderANewID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(n int, _ fakeRequest) (fakeAnswer, error) {
			if n < 2 {
				return text("[-3]")
			}
			return text(`[0]`)
		}}
		c := newFakeClient(t, f, nil)
		if err := c.Move(t.Context(), 1, 2); err != nil {
			t.Fatal(err)
		}
		requests := f.seen()
		if len(requests) != 3 || requests[0].id == requests[1].id || requests[1].id == requests[2].id {
			t.Errorf("requests %+v", requests)
		}
	})
}

func TestBudgetEndsRepeating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) { return fakeAnswer{status: 503}, nil }}
		started := time.Now()
		_, err := newFakeClient(t, f, func(o *Options) { o.Retry.Budget = 3 * time.Minute }).Quota(t.Context())
		var spent *retry.Error
		var status *HTTPError
		if !errors.As(err, &spent) || !errors.As(err, &status) || retry.Temporary(err) {
			t.Errorf("err = %v", err)
		}
		if elapsed := time.Since(started); elapsed > 3*time.Minute || elapsed < 2*time.Minute {
			t.Errorf("gave up after %s, want about 3m", elapsed)
		}
	})
}

func TestUnreachableServerIsGivenUpSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) { return fakeAnswer{}, errReset }}
		c := newFakeClient(t, f, nil)
		started := time.Now()
		_, err := c.Quota(t.Context())
		var network *NetworkError
		if elapsed := time.Since(started); !errors.As(err, &network) || elapsed > 15*time.Second || elapsed < 5*time.Second {
			t.Errorf("never reached: %v after %s", err, elapsed)
		}

		f.answer = func(int, fakeRequest) (fakeAnswer, error) { return text(`[{}]`) }
		if _, err := c.Quota(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.answer = func(int, fakeRequest) (fakeAnswer, error) { return fakeAnswer{}, errReset }
		started = time.Now()
		_, err = c.Quota(t.Context())
		if elapsed := time.Since(started); !errors.As(err, &network) || elapsed < 5*time.Minute {
			t.Errorf("reached once: %v after %s, want minutes", err, elapsed)
		}
	})
}

func TestServersPauseIsObeyed(t *testing.T) {
	for header, want := range map[string]time.Duration{"Retry-After": 40 * time.Second, "X-MEGA-Time-Left": 100 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{answer: func(n int, _ fakeRequest) (fakeAnswer, error) {
				if n == 0 {
					return fakeAnswer{status: 429, header: map[string]string{header: fmt.Sprint(int(want / time.Second))}}, nil
				}
				return text(`[{}]`)
			}}
			started := time.Now()
			if _, err := newFakeClient(t, f, nil).Quota(t.Context()); err != nil {
				t.Fatal(err)
			}
			if elapsed := time.Since(started); elapsed != want {
				t.Errorf("%s: waited %s, want %s", header, elapsed, want)
			}
		})
	}
}

func TestStall(t *testing.T) {
	t.Run("stuck before the answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{latency: time.Hour, answer: func(int, fakeRequest) (fakeAnswer, error) { return text(`[{}]`) }}
			c := newFakeClient(t, f, func(o *Options) { o.Retry.Budget = -1 })
			started := time.Now()
			_, err := c.Quota(t.Context())
			if !errors.Is(err, errStalled) || time.Since(started) != 2*time.Minute {
				t.Errorf("err %v after %s", err, time.Since(started))
			}
		})
	})
	t.Run("stuck in the answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) {
				return fakeAnswer{reader: &slowReader{text: `[{"mstrg":1}]`, every: time.Hour}}, nil
			}}
			c := newFakeClient(t, f, func(o *Options) { o.Retry.Budget, o.Stall = -1, time.Second })
			if _, err := c.Quota(t.Context()); !errors.Is(err, errStalled) {
				t.Errorf("err %v", err)
			}
		})
	})
	t.Run("slow is not stuck", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{latency: 100 * time.Second, answer: func(int, fakeRequest) (fakeAnswer, error) {
				return fakeAnswer{reader: &slowReader{text: `[{"mstrg":1}]`, every: 100 * time.Second}}, nil
			}}
			started := time.Now()
			got, err := newFakeClient(t, f, nil).Quota(t.Context())
			if err != nil || got.Total != 1 || time.Since(started) < 1200*time.Second {
				t.Errorf("%+v, %v after %s", got, err, time.Since(started))
			}
		})
	})
}

// slowReader hands out a byte now and then.
type slowReader struct {
	text  string
	every time.Duration
}

func (r *slowReader) Read(p []byte) (int, error) {
	if r.text == "" {
		return 0, io.EOF
	}
	time.Sleep(r.every)
	n := copy(p[:1], r.text)
	r.text = r.text[n:]
	return n, nil
}

func TestContextEndsARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{latency: time.Minute, answer: func(int, fakeRequest) (fakeAnswer, error) { return text(`[{}]`) }}
		c := newFakeClient(t, f, nil)
		interrupted := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(interrupted) })
		started := time.Now()
		_, err := c.Quota(ctx)
		if !errors.Is(err, interrupted) || time.Since(started) != time.Second {
			t.Errorf("err %v after %s", err, time.Since(started))
		}
		synctest.Wait()
		if n := len(f.seen()); n != 1 {
			t.Errorf("%d requests, want 1 that was given up", n)
		}
	})
}

func TestRequestRateIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) { return text(`[{}]`) }}
		c := newFakeClient(t, f, func(o *Options) { o.Limiter = rate.NewLimiter(2, 1) })
		started := time.Now()
		for range 5 {
			if _, err := c.Quota(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if elapsed := time.Since(started); elapsed != 2*time.Second {
			t.Errorf("five requests took %s, want 2s", elapsed)
		}
	})
}

func TestManyWaitsForOneServerAreReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(n int, r fakeRequest) (fakeAnswer, error) {
			if n == 0 {
				return text(repeated("-3", len(r.commands())))
			}
			return text(repeated("0", len(r.commands())))
		}}
		var waits []retry.Wait
		c := newFakeClient(t, f, func(o *Options) {
			o.Retry.Initial = 10 * time.Millisecond
			o.OnWait = func(w retry.Wait) { waits = append(waits, w) }
		})
		release := holdLane(c.changes)
		done := make(chan error)
		for i := range 50 {
			go func() { done <- c.Move(t.Context(), Handle(i+1), 99) }()
		}
		synctest.Wait()
		release()
		for range 50 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if len(waits) != 1 {
			t.Errorf("%d waits reported for 50 commands of one answer", len(waits))
		}
	})
}

func repeated(element string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

func TestRule22_ServerTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ahead := 25 * time.Minute
		f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) {
			date := time.Now().Add(ahead).UTC().Format(http.TimeFormat)
			return fakeAnswer{body: `[{}]`, header: map[string]string{"Date": date}}, nil
		}}
		c := newFakeClient(t, f, nil)
		if _, known := c.Transport().ServerTime(); known {
			t.Error("the server's time is known before its first answer")
		}
		if _, err := c.Quota(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		now, known := c.Transport().ServerTime()
		skew, _ := c.Transport().ClockSkew()
		if !known || now.Sub(time.Now().Add(ahead)).Abs() > time.Second || (skew-ahead).Abs() > time.Second {
			t.Errorf("server time %s (known %v), skew %s; want %s ahead", now, known, skew, ahead)
		}
	})
}

func TestSecretsStayOutOfLogsAndErrors(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	real, err := NewTransport(Options{Endpoint: dead, Logger: logger, Retry: retry.Policy{Budget: -1}})
	if err != nil {
		t.Fatal(err)
	}
	s := newFakeClient(t, &fake{}, nil).Session()
	s.Endpoint = dead
	c, err := NewClient(real, s)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Quota(t.Context())
	if err == nil {
		t.Fatal("a closed port answered")
	}
	sc := c.Events(t.Context(), "AAAAAAAAAAE", nil)
	for _, said := range []string{err.Error(), fmt.Sprintf("%+v", err), sc.Error(), log.String(), fmt.Sprintf("%+v %#v", s, s), fmt.Sprintf("%+v", c)} {
		if strings.Contains(said, testSID[:20]) {
			t.Errorf("shows the session id: %s", said)
		}
	}
	if !strings.Contains(log.String(), "mega request failed") {
		t.Errorf("log %q has no line for the request", log.String())
	}
}

func TestEndpoint(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                             DefaultEndpoint,
		"https://g.api.mega.co.nz/":    "https://g.api.mega.co.nz",
		"http://127.0.0.1:7467":        "http://127.0.0.1:7467",
		"http://[::1]:7467/":           "http://[::1]:7467",
		"http://localhost:1":           "http://localhost:1",
		"https://127.0.0.1:9/under/it": "https://127.0.0.1:9/under/it",
	} {
		transport, err := NewTransport(Options{Endpoint: endpoint})
		if err != nil || transport.Endpoint() != want {
			t.Errorf("NewTransport(%q): %v, %v", endpoint, transport, err)
		}
	}
	for _, endpoint := range []string{
		"http://g.api.mega.co.nz", "ftp://127.0.0.1", "g.api.mega.co.nz", "https://", "https://u:p@host", "https://host/?a=b", "://",
	} {
		if _, err := NewTransport(Options{Endpoint: endpoint}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", endpoint)) {
			t.Errorf("NewTransport(%q) = %v, want an error that names it", endpoint, err)
		}
	}
}

func TestClientRefusesTheSessionOfAnotherServer(t *testing.T) {
	transport := newFakeTransport(t, &fake{}, nil)
	if _, err := NewClient(transport, session.Session{Endpoint: DefaultEndpoint}); err == nil {
		t.Error("a session of MEGA is sent to another server")
	}
}

func TestRequestIDs(t *testing.T) {
	a, b := newChannel(), newChannel()
	if a.next() == b.next() {
		t.Error("two processes start with the same id")
	}
	c := &channel{last: [10]byte([]byte("aaaaaaaayz"))}
	for _, want := range []string{"aaaaaaaaza", "aaaaaaaazb"} {
		if got := c.next(); got != want {
			t.Errorf("next = %s, want %s", got, want)
		}
	}
	c = &channel{last: [10]byte([]byte("zzzzzzzzzz"))}
	if got := c.next(); got != "aaaaaaaaaa" {
		t.Errorf("after the last id comes %s", got)
	}
}
