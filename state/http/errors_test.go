package http_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/retry"
	"github.com/megaplan/megaplan/state"
	httpstate "github.com/megaplan/megaplan/state/http"
	"github.com/megaplan/megaplan/state/statetest"
)

// TestAnswersAreExplained: each answer says what to do, and no error shows the password or a token in the address.
func TestAnswersAreExplained(t *testing.T) {
	const password, token = "hunter2-secret", "token-in-address"
	for name, test := range map[string]struct {
		status int
		body   string
		header http.Header
		want   string
	}{
		"no user":       {status: 401, want: `it does not take the password, or token, of user "me"`},
		"no right":      {status: 403, want: `user "me" may not lock the state`},
		"wrong address": {status: 404, want: "there is nothing at this address"},
		"wrong method":  {status: 405, want: "it knows no LOCK there: set lock_method of the backend"},
		"moved":         {status: 302, header: http.Header{"Location": {"https://elsewhere.example.com/x?secret=1"}}, want: "write the address https://elsewhere.example.com/x"},
		"explained":     {status: 400, body: `{"message":"no hunter2-secret\u0007 here"}`, want: `"no [redacted] here"`},
		"out of order":  {status: 503, want: "given up after"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range test.header {
					w.Header()[k] = v
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			defer server.Close()
			b := open(t, httpstate.Options{
				Address: server.URL + "/?key=" + token, LockAddress: server.URL + "/?key=" + token, Username: "me", Password: redact.New(password),
				Retry: retry.Policy{Budget: 20 * time.Millisecond, Initial: time.Millisecond},
			})
			err := b.Lock(t.Context(), info("mine"))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q in it", err, test.want)
			}
			for _, secret := range []string{password, token, "secret=1"} {
				if strings.Contains(err.Error(), secret) || strings.Contains(b.String(), secret) {
					t.Errorf("%v shows %s", err, secret)
				}
			}
		})
	}
}

func TestWithoutAPasswordTheErrorNamesBoth(t *testing.T) {
	o := serve(t, &statetest.Server{Username: "me", Password: "secret"})
	o.Username, o.Password = "", redact.Secret{}
	if _, _, err := open(t, o).Read(t.Context()); err == nil || !strings.Contains(err.Error(), "set username and password") || !strings.Contains(err.Error(), "MEGAPLAN_HTTP_PASSWORD") {
		t.Errorf("read: %v", err)
	}
}

// TestCredentialsStayHere: a server that redirects does not get the password carried anywhere.
func TestCredentialsStayHere(t *testing.T) {
	asked := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		b := open(t, httpstate.Options{Address: server.URL, Username: "me", Password: redact.New("secret")})
		if _, _, err := b.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "does not carry the password there") {
			t.Errorf("%d: %v", status, err)
		}
		if err := b.Write(t.Context(), []byte("1"), "", false); err == nil {
			t.Errorf("%d: wrote", status)
		}
		server.Close()
	}
	if asked > 0 {
		t.Errorf("the other server was asked %d times", asked)
	}
}

// TestAProjectThatCannotBeSeenIsNoEmptyState: else a plan would take all that is there for new.
func TestAProjectThatCannotBeSeenIsNoEmptyState(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"message":"404 Project Not Found"}`))
	}))
	defer server.Close()
	if _, _, err := open(t, httpstate.Options{Address: server.URL}).Read(t.Context()); err == nil || !strings.Contains(err.Error(), "that the user may see it") {
		t.Errorf("read: %v", err)
	}
}

// TestNothingForeignIsReplaced: the address may be one of Terraform's.
func TestNothingForeignIsReplaced(t *testing.T) {
	for name, text := range map[string]string{
		"Terraform": `{"version":4,"terraform_version":"1.9.0","serial":3,"lineage":"x","outputs":{},"resources":[]}`,
		"a page":    "<html>Sign in</html>", "other JSON": `["a"]`, "newer": `{"megaplan":{"version":2,"document":{}}}`, "cut": `{"megaplan":`,
	} {
		t.Run(name, func(t *testing.T) {
			s := &statetest.Server{}
			s.SetText(path, []byte(text))
			b := open(t, serve(t, s))
			if _, _, err := b.Read(t.Context()); err == nil {
				t.Error("read it")
			}
			if err := write(t, b, "1", ""); err == nil {
				t.Error("replaced it")
			}
			if string(s.Text(path)) != text {
				t.Errorf("it is %s now", s.Text(path))
			}
		})
	}
}

func TestUpdatesThatAreTooLarge(t *testing.T) {
	b := open(t, serve(t, &statetest.Server{MaxSize: 100}))
	if err := write(t, b, `"`+strings.Repeat("x", 200)+`"`, ""); err == nil || !strings.Contains(err.Error(), "larger than it takes") {
		t.Errorf("wrote: %v", err)
	}
}

// TestAMistypedAddressIsNotWaitedFor beyond the time a server may take to come up.
func TestAMistypedAddressIsNotWaitedFor(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.URL
	server.Close()
	b := open(t, httpstate.Options{Address: address, Retry: retry.Policy{Initial: 30 * time.Second}})
	began := time.Now()
	if _, _, err := b.Read(t.Context()); err == nil || time.Since(began) > 12*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

func TestCertificates(t *testing.T) {
	server := httptest.NewTLSServer(&statetest.Server{})
	defer server.Close()
	o := httpstate.Options{Address: server.URL + path}
	began := time.Now()
	if _, _, err := open(t, o).Read(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") || time.Since(began) > 5*time.Second {
		t.Errorf("a certificate of nobody's, after %s: %v", time.Since(began), err)
	}
	o.SkipCertVerification = true
	if text, revision, err := open(t, o).Read(t.Context()); err != nil || len(text) > 0 || revision != "" {
		t.Errorf("with skip_cert_verification: %q, %q, %v", text, revision, err)
	}
}

// TestWhoHasTheLockIsToldAsFarAsTheServerSays: what is said in another way than Terraform's does not hide the rest, and makes no
// lines of its own.
func TestWhoHasTheLockIsToldAsFarAsTheServerSays(t *testing.T) {
	for body, want := range map[string]state.LockInfo{
		"": {}, "<html>busy</html>": {}, "[]": {},
		`{"ID":"theirs","Operation":7,"Who":"me@there"}`:   {ID: "theirs", Host: "there"},
		`{"ID":"theirs","Created":"today"}`:                {ID: "theirs"},
		`{"ID":"theirs","Who":"me@there\nError: \t fake"}`: {ID: "theirs", Host: "there Error: fake"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusLocked)
			_, _ = w.Write([]byte(body))
		}))
		var held *state.HeldError
		err := open(t, httpstate.Options{Address: server.URL, LockAddress: server.URL}).Lock(t.Context(), info("mine"))
		if !errors.As(err, &held) || held.Holder != want {
			t.Errorf("%s: %v, %+v", body, err, held)
		}
		server.Close()
	}
}
