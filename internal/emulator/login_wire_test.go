package emulator_test

import (
	"crypto/aes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
)

func TestLoginV1(t *testing.T) {
	c := connect(t, emulatortest.Start(t, emulator.Options{}, oldAccount))
	if got := c.cs(`[{"a":"us0","user":"user@EXAMPLE.com"}]`); got != `[{"v":1}]` {
		t.Errorf("us0: %s", got)
	}
	c.loginOld()
	c.wantUser(1, oldAccount.Email)
}

func TestLoginV2(t *testing.T) {
	c := connect(t, emulatortest.Start(t, emulator.Options{}))
	c.login(emulatortest.DefaultAccount)
	c.wantUser(2, emulatortest.DefaultAccount.Email)
}

func (c *wire) wantUser(version int, email string) {
	c.t.Helper()
	var ug []struct {
		U, Email, K, PubK, PrivK string
		AAV                      int
	}
	c.decode(c.cs(`[{"a":"ug","v":1}]`), &ug)
	if ug[0].AAV != version || ug[0].Email != email || ug[0].K == "" || ug[0].PubK == "" || ug[0].PrivK == "" {
		c.t.Errorf("ug: %+v", ug)
	}
}

func TestLoginRefused(t *testing.T) {
	s := emulatortest.Start(t, emulator.Options{LoginLimit: 2},
		oldAccount)
	c := connect(t, s)
	login := func(user, hash string) string {
		return c.cs(`[{"a":"us","user":"` + user + `","uh":"` + hash + `"}]`)
	}
	for _, tt := range []struct{ user, hash, want string }{
		{oldAccount.Email, "AAAAAAAAAAA", "[-9]"},
		{oldAccount.Email, "", "[-9]"},
		{"nobody@example.com", oldHash, "[-9]"},
		{oldAccount.Email, oldHash, "[{"},
		{oldAccount.Email, oldHash, "[{"},
		{oldAccount.Email, oldHash, "[-16]"}, // after two
	} {
		if got := login(tt.user, tt.hash); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s %s: got %.40s, want %s", tt.user, tt.hash, got, tt.want)
		}
	}
	if got := s.Stats().Logins; got != 2 {
		t.Errorf("logins: %d", got)
	}
	unknown := c.cs(`[{"a":"us0","user":"nobody@example.com"}]`)
	if !strings.HasPrefix(unknown, `[{"v":2,"s":"`) || unknown != c.cs(`[{"a":"us0","user":"Nobody@example.com"}]`) {
		t.Errorf("us0 of nobody: %s", unknown)
	}
}

func TestSecondFactor(t *testing.T) {
	// RFC 6238's secret; at 59 seconds its code ends in 287082.
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	s := emulatortest.Start(t, emulator.Options{MFASecret: secret, Now: func() time.Time { return time.Unix(59, 0) }},
		oldAccount)
	c := connect(t, s)
	for _, tt := range []struct{ hash, mfa, want string }{
		{oldHash, ``, "[-26]"},
		{oldHash, `,"mfa":"000000"`, "[-5]"},
		{"AAAAAAAAAAA", `,"mfa":"287082"`, "[-9]"},
		{oldHash, `,"mfa":"287082"`, "[{"},
	} {
		got := c.cs(`[{"a":"us","user":"` + oldAccount.Email + `","uh":"` + tt.hash + `"` + tt.mfa + `}]`)
		if !strings.HasPrefix(got, tt.want) {
			t.Errorf("%+v: %.40s", tt, got)
		}
	}
}

func TestSessions(t *testing.T) {
	c := signIn(t, emulator.Options{})
	second := c.again()

	// Resuming gives the first session key back, not the proposal.
	got := c.cs(`[{"a":"us","sek":"` + b64(make([]byte, aes.BlockSize)) + `","sn":"` + c.value("S0") + `"}]`)
	if !strings.HasPrefix(got, c.value(`[{"u":"U","sek":"`)+folderKey+`","privk":"`) || !strings.HasSuffix(got, `"sn":1}]`) {
		t.Errorf("resume: %s", got)
	}
	var rows [][][]any
	c.decode(c.cs(`[{"a":"usl","x":1,"d":1}]`), &rows)
	if len(rows[0]) != 2 || len(rows[0][0]) != 9 {
		t.Fatalf("usl: %v", rows)
	}
	current := 0
	for _, row := range rows[0] {
		if row[5] == 1.0 {
			current++
		}
	}
	if current != 1 {
		t.Errorf("current sessions: %d in %v", current, rows)
	}
	c.want(`[{"a":"usr","ko":1}]`, `[0]`)
	if got := second.cs(`[{"a":"ug"}]`); got != "-15" {
		t.Errorf("killed session: %s", got)
	}
	if got := second.events("/sc?sn=AAAAAAAAAAA"); got != "-15" {
		t.Errorf("events of a killed session: %s", got)
	}
	c.want(`[{"a":"sml"}]`, `[0]`)
	if got := c.cs(`[{"a":"us"}]`); got != "-15" {
		t.Errorf("after logout: %s", got)
	}
}

// TestKillEndsPolls holds a poll and kills its session from another one.
func TestKillEndsPolls(t *testing.T) {
	c := signIn(t, emulator.Options{})
	second := c.again()
	answer := make(chan string)
	go func() { answer <- second.events("/wsc/x?sn=S0") }()
	waitFor(t, func() bool { return c.s.Stats().WaitRequests == 1 })
	c.cs(`[{"a":"usr","ko":1}]`)
	if got := <-answer; got != "-15" {
		t.Errorf("held poll: %s", got)
	}
}

func TestNeedsSession(t *testing.T) {
	c := connect(t, emulatortest.Start(t, emulator.Options{}))
	for _, name := range []string{"ug", "uq", "f", "p", "a", "m", "d", "dv", "dr", "l", "u", "sml", "usl", "usr", "uga", "upv", "up2"} {
		if got := c.cs(`[{"a":"` + name + `"}]`); got != "[-15]" {
			t.Errorf("%s: %s", name, got)
		}
	}
	c.want(`[{"a":"nonsense"}]`, `[-2]`)
}

func TestUserAttributes(t *testing.T) {
	c := signIn(t, emulator.Options{})
	version := func(body, name string) string {
		c.t.Helper()
		var out []json.RawMessage
		c.decode(c.cs(body), &out)
		var pair []json.RawMessage
		c.decode(string(out[0]), &pair)
		var versions map[string]string
		c.decode(string(pair[1]), &versions)
		return versions[name]
	}
	c.want(`[{"a":"uga","u":"U","ua":"^!prd","v":1}]`, `[-9]`)
	first := version(`[{"a":"upv","^!prd":["AAAA"],"*keyring":["BBBB"]}]`, "^!prd")
	c.want(`[{"a":"uga","u":"U","ua":"^!prd","v":1}]`, `[{"av":"AAAA","v":"`+first+`"}]`)
	c.want(`[{"a":"upv","^!prd":["CCCC"]}]`, `[-8]`) // it is there already
	c.want(`[{"a":"upv","^!prd":["CCCC","stale"],"*new":["x"]}]`, `[-8]`)
	c.want(`[{"a":"uga","u":"U","ua":"*new","v":1}]`, `[-9]`) // all or nothing
	second := version(`[{"a":"upv","^!prd":["CCCC","`+first+`"]}]`, "^!prd")
	if second == first || second == "" {
		t.Errorf("versions %q, %q", first, second)
	}
	c.wantEvents("/wsc?sn=S1", `{"w":"URL/wsc/W","a":[{"a":"ua","st":"T2","u":"U","ua":["^!prd"],"v":["`+second+`"]}],"sn":"S2"}`)
	if ug := c.cs(`[{"a":"ug","v":1}]`); !strings.Contains(ug, `"^!prd":{"av":"CCCC","v":"`+second+`"}`) {
		t.Errorf("ug: %s", ug)
	}
	plain := c.plain()
	var up2 []map[string]string
	plain.decode(plain.cs(`[{"a":"up2","firstname":"Qm9i"}]`), &up2)
	if up2[0]["firstname"] == "" {
		t.Errorf("up2: %v", up2)
	}
	c.want(`[{"a":"upr","ua":"firstname"},{"a":"upr","ua":"firstname"}]`, `["T4",-9]`)
}

func TestQuota(t *testing.T) {
	c := signIn(t, emulator.Options{Quota: 5}).plain()
	c.want(put("R", file(c.upload("abc"), ""), ""), `[{"f":[`+fileNode("N1", "R", "")+`]}]`)
	late := c.upload("ab")
	c.want(`[{"a":"u","s":3}]`, `[-17]`)
	c.want(put("R", file("N1", ""), ""), `[-17]`)
	// The peak of replacing 3 bytes by 2 just fits, by 4 not.
	c.want(`[{"a":"u","s":4}]`, `[-17]`)
	c.want(put("R", file(late, `,"ov":"N1"`), `,"vb":0`), `[{"f":[`+strings.Replace(fileNode("N2", "R", ""), `"s":3`, `"s":2`, 1)+`]}]`)
	var uq []struct {
		MStrg, CStrg int64
		CStrgN       map[string][]int64
	}
	c.decode(c.cs(`[{"a":"uq","strg":1,"xfer":1,"pro":1}]`), &uq)
	want := map[string][]int64{c.value("R"): {2, 1, 0, 0, 0}, c.value("V"): {0, 0, 0, 0, 0}, c.value("B"): {0, 0, 0, 0, 0}}
	if diff := cmp.Diff(want, uq[0].CStrgN); diff != "" || uq[0].MStrg != 5 || uq[0].CStrg != 2 {
		t.Errorf("uq: %+v\n%s", uq[0], diff)
	}
}

// TestRepeatedRequest sends a request again, as a client does whose answer was
// lost: the same answer, and nothing twice.
func TestRepeatedRequest(t *testing.T) {
	c := signIn(t, emulator.Options{})
	body := c.value(put("R", folder, ""))
	_, first := c.post(c.csPath(1000), body)
	_, again := c.post(c.csPath(1000), body)
	if first != again || c.s.Stats().Nodes != 1 {
		t.Errorf("first %s, again %s, nodes %d", first, again, c.s.Stats().Nodes)
	}
	// Another body under the same id is another request.
	_, other := c.post(c.csPath(1000), strings.Replace(body, `"sm":1`, `"sm":2`, 1))
	if other == first || c.s.Stats().Nodes != 2 {
		t.Errorf("other body: %s, nodes %d", other, c.s.Stats().Nodes)
	}
	// And so is the same body from another session.
	second := c.again()
	second.post(second.csPath(1000), body)
	if got := c.s.Stats().Nodes; got != 3 {
		t.Errorf("nodes: %d", got)
	}
}

func TestBadBodies(t *testing.T) {
	c := signIn(t, emulator.Options{})
	for body, want := range map[string]string{
		``: "-2", `{}`: "-2", `[]`: "-2", `[1]`: "-2", `nonsense`: "-2", `[{"a":1}]`: "-2",
		`[{}]`: "[-2]", `[{"a":"p","n":1}]`: "[-2]", `[{"a":"d","n":5}]`: "[-2]",
	} {
		if got := c.cs(body); got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
	if status, text := c.post(fmt.Sprintf("/cs?sid=%s&wlt=1", c.sid), ""); status != http.StatusOK || text != "1" {
		t.Errorf("wlt: %d %s", status, text)
	}
	if status, _ := c.post("/cs/rs?sid="+c.sid, ""); status < 400 {
		t.Errorf("cs/rs: %d", status)
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited 10 seconds in vain")
		}
	}
}

// TestSessionWithoutKey takes the first session key that is proposed.
func TestSessionWithoutKey(t *testing.T) {
	c := connect(t, emulatortest.Start(t, emulator.Options{}, oldAccount))
	key, err := hex.DecodeString(oldKey)
	must(t, "key", err)
	c.enter(`[{"a":"us","user":"user@example.com","uh":"`+oldHash+`"}]`, key)
	resume := func(sek, sn, want string) {
		t.Helper()
		got := c.cs(`[{"a":"us","sek":"` + sek + `","sn":"` + sn + `"}]`)
		if !strings.Contains(got, `"sek":"`+want+`","privk"`) || !strings.HasSuffix(got, `"sn":0}]`) {
			t.Errorf("resume with %s: %s", sek, got)
		}
	}
	if got := c.cs(`[{"a":"us"}]`); strings.Contains(got, `"sek"`) || !strings.HasPrefix(got, `[{"u":"`) {
		t.Errorf("resume without a key: %s", got)
	}
	resume(folderKey, "AAAAAAAAAAE", folderKey)
	resume("D"+folderKey[1:], "nonsense", folderKey)
	if got := connect(t, c.s).cs(`[{"a":"us"}]`); got != "[-9]" {
		t.Errorf("resume without a session: %s", got)
	}
}

func TestStatsOnTheWire(t *testing.T) {
	c := signIn(t, emulator.Options{})
	c.want(put("R", folder, ""), `[["T1",{"e":[],"fh":[]}]]`)
	c.events("/sc?sn=S1")
	res, err := http.Get(c.base + "/emulator/stats")
	must(t, "get", err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(t, "read", err)
	want := `{"api_requests":3,"api_commands":3,"event_requests":1,"wait_requests":0,"storage_requests":0,"logins":1,` +
		`"tree_fetches":1,"uploads_bytes":0,"downloads_bytes":0,"faults":0,"nodes":1,"bytes":0}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}

// TestDateIsTheServersClock: clients reckon node times by it.
func TestDateIsTheServersClock(t *testing.T) {
	s := emulatortest.Start(t, emulator.Options{Now: func() time.Time { return time.Unix(1_000_000_000, 0) }})
	resp, err := http.Post(s.URL+"/cs?id=1", "application/json", strings.NewReader(`[{"a":"us0","user":"x"}]`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Date"); got != "Sun, 09 Sep 2001 01:46:40 GMT" {
		t.Errorf("date %q", got)
	}
}
