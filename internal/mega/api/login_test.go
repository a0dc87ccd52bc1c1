package api_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/retry"
)

var (
	accountV2 = emulator.Account{Email: "user@example.com", Password: "correct horse battery staple"}
	accountV1 = emulator.Account{Email: "old@example.com", Password: "password", V1: true}
)

func credentials(a emulator.Account) api.Credentials {
	return api.Credentials{Email: a.Email, Password: redact.New(a.Password)}
}

func newTransport(t *testing.T, endpoint string, change func(*api.Options)) *api.Transport {
	t.Helper()
	o := api.Options{Endpoint: endpoint, Retry: retry.Policy{Budget: 5 * time.Second, Initial: time.Millisecond, Max: 10 * time.Millisecond}}
	if change != nil {
		change(&o)
	}
	transport, err := api.NewTransport(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdle)
	return transport
}

func TestLogin(t *testing.T) {
	server := emulatortest.Start(t, emulator.Options{}, accountV2, accountV1)
	// What go-mega would do by itself: listen to the environment.
	t.Setenv("X_MEGA_API_URL", "http://127.0.0.1:1")
	// Once it has answered, all of the server's own goroutines are there.
	if _, _, err := api.Login(t.Context(), newTransport(t, server.URL, nil), credentials(accountV1)); err != nil {
		t.Fatal(err)
	}
	for _, account := range []emulator.Account{accountV2, accountV1} {
		t.Run(account.Email, func(t *testing.T) {
			ignore := goleak.IgnoreCurrent()
			before := server.Stats()
			transport := newTransport(t, server.URL, nil)
			session, user, err := api.Login(t.Context(), transport, credentials(account))
			if err != nil {
				t.Fatal(err)
			}
			after := server.Stats()
			if n := after.APIRequests - before.APIRequests; n != 3 {
				t.Errorf("a sign-in took %d requests, want 3", n)
			}
			if n := after.TreeFetches - before.TreeFetches + after.EventRequests - before.EventRequests + after.WaitRequests - before.WaitRequests; n != 0 {
				t.Errorf("%d requests for the tree and events, want none", n)
			}
			if user.Email != account.Email || session.Email != account.Email || session.User != string(user.User) || session.Endpoint != server.URL {
				t.Errorf("session %+v, user %+v", session, user)
			}

			client, err := api.NewClient(transport, session)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Check(t.Context()); err != nil {
				t.Errorf("the session is of no use: %v", err)
			}
			if err := client.Logout(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Check(t.Context()); !errors.Is(err, api.ErrSessionDead) {
				t.Errorf("after logging out: %v, want a dead session", err)
			}
			transport.CloseIdle()
			goleak.VerifyNone(t, ignore, goleak.IgnoreAnyFunction("net/http.(*conn).serve"), goleak.IgnoreAnyFunction("net/http.(*Server).Serve"))
		})
	}
}

func TestLoginRefused(t *testing.T) {
	const secret = "JBSWY3DPEHPK3PXP"
	withMFA := emulator.Account{Email: "mfa@example.com", Password: "password", MFASecret: secret}
	server := emulatortest.Start(t, emulator.Options{}, accountV2, accountV1, withMFA)
	wrong := api.Credentials{Email: accountV2.Email, Password: redact.New("wrong password")}
	badMFA := credentials(withMFA)
	badMFA.MFA = "000000"
	if totp(t, secret) == badMFA.MFA {
		badMFA.MFA = "000001"
	}
	tests := map[string]struct {
		credentials api.Credentials
		fault       *emulator.FaultSpec
		want        api.LoginReason
	}{
		"wrong password":    {wrong, nil, api.WrongPassword},
		"wrong password v1": {api.Credentials{Email: accountV1.Email, Password: redact.New("x")}, nil, api.WrongPassword},
		"nobody":            {api.Credentials{Email: "nobody@example.com", Password: redact.New("x")}, nil, api.WrongPassword},
		"no second factor":  {credentials(withMFA), nil, api.MFARequired},
		"wrong factor":      {badMFA, nil, api.MFAWrong},
		"blocked":           {credentials(accountV1), &emulator.FaultSpec{Place: "cs", Kind: "-16", Command: "us"}, api.Blocked},
		"blocked element":   {credentials(accountV1), &emulator.FaultSpec{Place: "cs", Kind: "[-16]", Command: "us"}, api.Blocked},
		"unconfirmed":       {credentials(accountV1), &emulator.FaultSpec{Place: "cs", Kind: "[-13]", Command: "us"}, api.Unconfirmed},
		"rate limit":        {credentials(accountV1), &emulator.FaultSpec{Place: "cs", Kind: "-4", Command: "us"}, api.RateLimited},
		"too many":          {credentials(accountV1), &emulator.FaultSpec{Place: "cs", Kind: "[-6]", Command: "us0"}, api.RateLimited},
		"other":             {credentials(accountV1), &emulator.FaultSpec{Place: "cs", Kind: "[-1]", Command: "us"}, api.Refused},
		"session refused":   {credentials(accountV1), &emulator.FaultSpec{Place: "cs", Kind: "-15", Command: "ug"}, api.Refused},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.fault != nil {
				if err := server.Fault(*test.fault); err != nil {
					t.Fatal(err)
				}
			}
			before := server.Stats().APIRequests
			_, _, err := api.Login(t.Context(), newTransport(t, server.URL, nil), test.credentials)
			var login *api.LoginError
			if !errors.As(err, &login) || login.Reason != test.want || retry.Temporary(err) {
				t.Fatalf("err = %v, want %v", err, test.want)
			}
			if !strings.Contains(err.Error(), test.credentials.Email) || strings.Contains(fmt.Sprintf("%+v", err), test.credentials.Password.Reveal()) && test.credentials.Password.Len() > 3 {
				t.Errorf("error %q must name the account and not the password", err)
			}
			if n := server.Stats().APIRequests - before; n > 3 {
				t.Errorf("a refused sign-in was repeated: %d requests", n)
			}
		})
	}
}

func TestLoginWithSecondFactor(t *testing.T) {
	const secret = "JBSWY3DPEHPK3PXP"
	account := emulator.Account{Email: "mfa@example.com", Password: "password", MFASecret: secret}
	server := emulatortest.Start(t, emulator.Options{}, account)
	c := credentials(account)
	c.MFA = totp(t, secret)
	if _, user, err := api.Login(t.Context(), newTransport(t, server.URL, nil), c); err != nil || user.Email != account.Email {
		t.Errorf("user %+v, %v", user, err)
	}
}

// totp is the present six digits, computed here because the emulator must not check itself.
func totp(t *testing.T, secret string) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(time.Now().Unix()/30)))
	sum := mac.Sum(nil)
	word := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", word%1_000_000)
}

// TestLoginThroughTrouble breaks each of the three requests once, before and after it took effect. The account is of
// the old kind, whose password is quicker to derive.
func TestLoginThroughTrouble(t *testing.T) {
	server := emulatortest.Start(t, emulator.Options{}, accountV1)
	for _, command := range []string{"us0", "us", "ug"} {
		for _, kind := range []string{"eagain", "[-3]", "500", "503", "reset", "lost", "truncate"} {
			t.Run(command+" "+kind, func(t *testing.T) {
				if err := server.Fault(emulator.FaultSpec{Place: "cs", Kind: kind, Command: command}); err != nil {
					t.Fatal(err)
				}
				before := server.Stats().Logins
				if _, _, err := api.Login(t.Context(), newTransport(t, server.URL, nil), credentials(accountV1)); err != nil {
					t.Fatal(err)
				}
				// Servers do not keep the answer of a sign-in: one whose answer was lost is done anew.
				want := int64(1)
				if command == "us" && (kind == "lost" || kind == "truncate") {
					want = 2
				}
				if n := server.Stats().Logins - before; n != want {
					t.Errorf("the server counts %d sign-ins, want %d", n, want)
				}
			})
		}
	}
}

func TestLoginSolvesHashcash(t *testing.T) {
	server := emulatortest.Start(t, emulator.Options{HashcashEasiness: 250}, accountV2)
	if _, _, err := api.Login(t.Context(), newTransport(t, server.URL, nil), credentials(accountV2)); err != nil {
		t.Error(err)
	}
}

func TestLoginUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	_, _, err = api.Login(t.Context(), newTransport(t, dead, func(o *api.Options) { o.FirstContact = 50 * time.Millisecond }), credentials(accountV2))
	var login *api.LoginError
	if !errors.As(err, &login) || login.Reason != api.Unreachable || !strings.Contains(err.Error(), "refused") {
		t.Errorf("err = %v", err)
	}
	if elapsed := time.Since(started); elapsed > 5*time.Second {
		t.Errorf("took %s to find nobody there", elapsed)
	}
}

// TestLoginOddAnswers gives go-mega what makes it panic or fail without a word.
func TestLoginOddAnswers(t *testing.T) {
	const salted = `[{"v":2,"s":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]`
	tests := map[string]struct {
		prelogin, login string
		want            api.LoginReason
	}{
		"no keys":         {salted, `[{"k":"AAAAAAAAAAAAAAAAAAAAAA","tsid":"AAAA","u":"AAAAAAAAAAE"}]`, api.NoKeys},
		"short key":       {salted, `[{"k":"AAAA","privk":"AAAA","csid":"AAAA","u":"AAAAAAAAAAE"}]`, api.Refused},
		"broken keys":     {salted, `[{"k":"AAAAAAAAAAAAAAAAAAAAAA","privk":"AAAAAAAAAAAAAAAAAAAAAA","csid":"AAAA","u":"AAAAAAAAAAE"}]`, api.Refused},
		"version 3":       {`[{"v":3}]`, "", api.Refused},
		"no salt":         {`[{"v":2}]`, "", api.Refused},
		"empty object":    {`[{}]`, "", api.Refused},
		"web page":        {`<html>`, "", api.Refused},
		"error in object": {`[{"err":-9}]`, "", api.WrongPassword},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				answer := test.login
				if strings.Contains(string(body), `"us0"`) {
					answer = test.prelogin
				}
				if _, err := io.WriteString(w, answer); err != nil {
					t.Error(err)
				}
			}))
			defer server.Close()
			_, _, err := api.Login(t.Context(), newTransport(t, server.URL, nil), credentials(accountV2))
			var login *api.LoginError
			if !errors.As(err, &login) || login.Reason != test.want {
				t.Errorf("err = %v, want %v", err, test.want)
			}
		})
	}
}

func TestLoginEndsWithTheContext(t *testing.T) {
	server := emulatortest.Start(t, emulator.Options{Latency: time.Second}, accountV2)
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, interrupted)
	defer cancel()
	started := time.Now()
	_, _, err := api.Login(ctx, newTransport(t, server.URL, nil), credentials(accountV2))
	if !errors.Is(err, interrupted) || time.Since(started) > 700*time.Millisecond {
		t.Errorf("err %v after %s", err, time.Since(started))
	}
}
