package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestCommands pins what each function sends and how it reads the answer.
func TestCommands(t *testing.T) {
	h, target := handle(t, "AbCdEfGh"), handle(t, "RRRRRRRR")
	tests := map[string]struct {
		call   func(context.Context, *Client) (any, error)
		body   string
		answer string
		want   any
	}{
		"upload URL": {
			func(ctx context.Context, c *Client) (any, error) { return c.UploadURL(ctx, 12, false) },
			`[{"a":"u","v":2,"s":12}]`, `[{"p":"http://host/ul/tok","new":1}]`, "http://host/ul/tok",
		},
		"upload URL with TLS": {
			func(ctx context.Context, c *Client) (any, error) { return c.UploadURL(ctx, 0, true) },
			`[{"a":"u","ssl":2,"v":2,"s":0}]`, `[{"p":"https://host/ul/tok"}]`, "https://host/ul/tok",
		},
		"download URL": {
			func(ctx context.Context, c *Client) (any, error) { return c.DownloadURL(ctx, h, true) },
			`[{"a":"g","g":1,"ssl":2,"n":"AbCdEfGh"}]`, `[{"s":"12","at":"attrs","msd":1,"tl":0,"g":"https://host/dl/tok"}]`,
			Download{URL: "https://host/dl/tok", Size: 12, Attr: "attrs"},
		},
		"move": {
			func(ctx context.Context, c *Client) (any, error) { return nil, c.Move(ctx, h, target) },
			`[{"a":"m","n":"AbCdEfGh","t":"RRRRRRRR"}]`, `[0]`, nil,
		},
		"attributes": {
			func(ctx context.Context, c *Client) (any, error) { return nil, c.SetAttributes(ctx, h, "YXR0cg") },
			`[{"a":"a","n":"AbCdEfGh","at":"YXR0cg"}]`, `[0]`, nil,
		},
		"attributes and move": {
			func(ctx context.Context, c *Client) (any, error) {
				return nil, c.SetAttributesAndMove(ctx, h, "YXR0cg", target)
			},
			`[{"a":"a","n":"AbCdEfGh","at":"YXR0cg"},{"a":"m","n":"AbCdEfGh","t":"RRRRRRRR"}]`, `[0,0]`, nil,
		},
		"delete": {
			func(ctx context.Context, c *Client) (any, error) { return nil, c.Delete(ctx, h) },
			`[{"a":"d","n":"AbCdEfGh"}]`, `[{"r":[0]}]`, nil,
		},
		"delete version": {
			func(ctx context.Context, c *Client) (any, error) { return nil, c.DeleteVersion(ctx, h) },
			`[{"a":"d","n":"AbCdEfGh","v":1}]`, `[0]`, nil,
		},
		"quota": {
			func(ctx context.Context, c *Client) (any, error) { return c.Quota(ctx) },
			`[{"a":"uq","strg":1,"xfer":1}]`,
			`[{"mstrg":100,"cstrg":40,"cstrgn":{"AbCdEfGh":[40,2,1,5,1],"user":[1]},"usl":1,"mxfer":9,"caxfer":1,"csxfer":2}]`,
			Quota{Total: 100, Used: 40, TransferMax: 9, TransferUsed: 3, AlmostFull: true, Roots: map[Handle]Usage{h: {40, 2, 1, 5, 1}}},
		},
		"user data": {
			func(ctx context.Context, c *Client) (any, error) { return c.Check(ctx) },
			`[{"a":"ug","v":1}]`,
			`[{"u":"AAAAAAAAAAE","email":"a@b.c","name":"A","since":5,"aav":2,"pubk":"key","flags":{"mfae":1},"^!dv":{"av":"MQ","v":"ver1"},"b":{"s":1}}]`,
			UserData{
				User: "AAAAAAAAAAE", Email: "a@b.c", Name: "A", Since: time.Unix(5, 0), AccountVer: 2, PublicKey: "key",
				Attributes: map[string]UserAttribute{"^!dv": {"MQ", "ver1"}},
			},
		},
		"user attribute": {
			func(ctx context.Context, c *Client) (any, error) { return c.UserAttribute(ctx, "^!mp") },
			`[{"a":"uga","u":"AAAAAAAAAAE","ua":"^!mp","v":1}]`, `[{"av":"MQ","v":"ver1"}]`,
			UserAttribute{"MQ", "ver1"},
		},
		"new user attribute": {
			func(ctx context.Context, c *Client) (any, error) {
				return c.SwapUserAttribute(ctx, "^!<mp>", []byte("1"), "")
			},
			`[{"a":"upv","^!<mp>":["MQ"]}]`, `[{"^!<mp>":"ver1"}]`, "ver1",
		},
		"swapped user attribute": {
			func(ctx context.Context, c *Client) (any, error) {
				return c.SwapUserAttribute(ctx, "^!mp", []byte("1"), "ver1")
			},
			`[{"a":"upv","^!mp":["MQ","ver1"]}]`, `[{"^!mp":"ver2"}]`, "ver2",
		},
		"user attribute, whatever it was": {
			func(ctx context.Context, c *Client) (any, error) { return c.SetUserAttribute(ctx, "^!mp", []byte("1")) },
			`[{"a":"up2","^!mp":"MQ"}]`, `[{"^!mp":"ver2"}]`, "ver2",
		},
		"no user attribute": {
			func(ctx context.Context, c *Client) (any, error) { return nil, c.RemoveUserAttribute(ctx, "^!mp") },
			`[{"a":"upr","ua":"^!mp"}]`, `[0]`, nil,
		},
		"sessions": {
			func(ctx context.Context, c *Client) (any, error) { return c.Sessions(ctx) },
			`[{"a":"usl","x":1,"d":1}]`, `[[[10,20,"agent","1.2.3.4","IT",1,"AAAAAAAAAAI",1,"dev"],[1,2,"old"]]]`,
			[]SessionInfo{
				{ID: "AAAAAAAAAAI", Agent: "agent", IP: "1.2.3.4", Country: "IT", Created: time.Unix(10, 0), LastUsed: time.Unix(20, 0), Current: true, Alive: true},
				{Agent: "old", Created: time.Unix(1, 0), LastUsed: time.Unix(2, 0)},
			},
		},
		"revoke": {
			func(ctx context.Context, c *Client) (any, error) { return nil, c.RevokeSession(ctx, "AAAAAAAAAAI") },
			`[{"a":"usr","s":["AAAAAAAAAAI"]}]`, `[0]`, nil,
		},
		"revoke others": {
			func(ctx context.Context, c *Client) (any, error) { return nil, c.RevokeOtherSessions(ctx) },
			`[{"a":"usr","ko":1}]`, `[0]`, nil,
		},
		"log out": {
			func(ctx context.Context, c *Client) (any, error) { return nil, c.Logout(ctx) },
			`[{"a":"sml"}]`, `[0]`, nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) { return text(test.answer) }}
			got, err := test.call(t.Context(), newFakeClient(t, f, nil))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.body, f.seen()[0].body); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}

			f.answer = func(int, fakeRequest) (fakeAnswer, error) {
				return text("[" + strings.Repeat("-11,", strings.Count(test.body, `"a":"`)-1) + "-11]")
			}
			if _, err := test.call(t.Context(), newFakeClient(t, f, nil)); !errors.Is(err, EACCESS) {
				t.Errorf("refused with -11, the result is %v", err)
			}
		})
	}
}

func TestAnswersThatLackWhatWasAskedFor(t *testing.T) {
	tests := map[string]struct {
		call   func(context.Context, *Client) error
		answer string
		check  func(error) bool
	}{
		"upload without address": {func(ctx context.Context, c *Client) error { _, err := c.UploadURL(ctx, 1, false); return err }, `[{}]`, isAnswer},
		"download without address": {
			func(ctx context.Context, c *Client) error { _, err := c.DownloadURL(ctx, 1, false); return err },
			`[{"s":1}]`, isAnswer,
		},
		"download refused inside": {
			func(ctx context.Context, c *Client) error { _, err := c.DownloadURL(ctx, 1, false); return err },
			`[{"e":-17,"tl":60}]`, func(err error) bool { return errors.Is(err, EOVERQUOTA) },
		},
		"delete refused inside": {
			func(ctx context.Context, c *Client) error { return c.Delete(ctx, 1) }, `[{"r":[-9]}]`,
			func(err error) bool { return errors.Is(err, ENOENT) },
		},
		"attribute without version": {
			func(ctx context.Context, c *Client) error { _, err := c.SetUserAttribute(ctx, "x", nil); return err },
			`[{"y":"1"}]`, isAnswer,
		},
		"no user":    {func(ctx context.Context, c *Client) error { _, err := c.UserData(ctx); return err }, `[{"email":"x"}]`, isAnswer},
		"other user": {func(ctx context.Context, c *Client) error { _, err := c.Check(ctx); return err }, `[{"u":"BBBBBBBBBBE"}]`, func(err error) bool { return errors.Is(err, ErrSessionDead) }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) { return text(test.answer) }}
			if err := test.call(t.Context(), newFakeClient(t, f, nil)); err == nil || !test.check(err) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestFetchTree(t *testing.T) {
	const tree = `[{"f":[],"sn":"AAAAAAAAAAE"}]`
	t.Run("streams and starts over when cut", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{answer: func(n int, r fakeRequest) (fakeAnswer, error) {
				switch n {
				case 0:
					return text("-3")
				case 1:
					return fakeAnswer{reader: io.MultiReader(strings.NewReader(tree[:12]), brokenReader{})}, nil
				}
				return text(tree)
			}}
			var reads []string
			err := newFakeClient(t, f, nil).FetchTree(t.Context(), false, func(r io.Reader) error {
				body, err := io.ReadAll(r)
				reads = append(reads, string(body))
				if err != nil {
					return fmt.Errorf("read tree: %w", err)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tree[:12], tree}, reads); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
			if got, want := f.seen()[0].body, `[{"a":"f","c":1,"r":1,"ca":1}]`; got != want {
				t.Errorf("request %s, want %s", got, want)
			}
		})
	})
	t.Run("hands on the reader's own error", func(t *testing.T) {
		f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) { return text(tree) }}
		full := errors.New("disk full")
		err := newFakeClient(t, f, nil).FetchTree(t.Context(), true, func(io.Reader) error { return full })
		if !errors.Is(err, full) || f.seen()[0].body != `[{"a":"f","c":1,"r":1}]` {
			t.Errorf("err %v, request %s", err, f.seen()[0].body)
		}
	})
	for answer, check := range map[string]func(error) bool{
		"-15":           func(err error) bool { return errors.Is(err, ErrSessionDead) },
		"[-16]":         func(err error) bool { return errors.Is(err, EBLOCKED) },
		`[{"err":-11}]`: func(err error) bool { return errors.Is(err, EACCESS) },
		`["text here"]`: isAnswer,
		`<html></html>`: isAnswer,
		`[]`:            isAnswer,
	} {
		t.Run(answer, func(t *testing.T) {
			f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) { return text(answer) }}
			err := newFakeClient(t, f, nil).FetchTree(t.Context(), false, func(io.Reader) error {
				t.Error("an error was handed on as a tree")
				return nil
			})
			if !check(err) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestTreeIsNotHeldInMemory(t *testing.T) {
	// An answer without an end: only a reader that stops by itself comes back.
	f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) {
		return fakeAnswer{reader: io.MultiReader(strings.NewReader(`[{"f":[`), endless{})}, nil
	}}
	enough := errors.New("enough")
	err := newFakeClient(t, f, nil).FetchTree(t.Context(), false, func(r io.Reader) error {
		if _, err := io.CopyN(io.Discard, r, 10<<20); err != nil {
			return err
		}
		return enough
	})
	if !errors.Is(err, enough) {
		t.Errorf("err = %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestCommandsAreCompactJSON(t *testing.T) {
	got, err := encode(map[string]any{"a": "x", "value": "a<b>&c"})
	if err != nil || string(got) != `{"a":"x","value":"a<b>&c"}` || !json.Valid(got) {
		t.Errorf("encode = %s, %v", got, err)
	}
}
