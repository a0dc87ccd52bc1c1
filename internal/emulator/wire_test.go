package emulator_test

import (
	"crypto/aes"
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
)

// wire is a client of a few lines, written from the protocol alone. It sends
// and compares raw text: values that differ from run to run are replaced by
// names (R for the cloud drive, N1, N2 … for nodes in order of appearance,
// T1 … for tags and S1 … for positions).
type wire struct {
	t      *testing.T
	s      *emulatortest.Instance
	base   string
	sid    string
	master []byte
	params string // added to each cs address
	id     *int   // shared by copies, so that no id comes twice

	names map[string]string
	nodes int
	first uint64 // the position at sign-in
}

const (
	folderKey = "AAECAwQFBgcICQoLDA0ODw"
	fileKey   = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	attr      = "TUVHQXsibiI6ImEifQAAAA"
	otherAttr = "TUVHQXsibiI6ImIifQAAAA"
	epoch     = 1_700_000_000
)

// signIn starts a server with a standing clock and signs in with tags on.
func signIn(t *testing.T, opts emulator.Options) *wire {
	t.Helper()
	if opts.Now == nil {
		opts.Now = func() time.Time { return time.Unix(epoch, 0) }
	}
	opts.PollErrorDelay = -1
	c := connect(t, emulatortest.Start(t, opts, oldAccount))
	c.loginOld()
	c.learn()
	return c
}

// again is another session of the same account.
func (c *wire) again() *wire {
	other := connect(c.t, c.s)
	other.loginOld()
	other.first, other.names = c.first, c.names
	return other
}

// An account of the old kind is quick to sign in to. Its keys are the
// protocol's vectors.
var oldAccount = emulator.Account{Email: "User@example.com", Password: "password", V1: true}

const (
	oldKey  = "640339725e6ebd13a25f0052129f7cb1"
	oldHash = "hcVR9BZsYoY"
)

func (c *wire) loginOld() {
	c.t.Helper()
	key, err := hex.DecodeString(oldKey)
	must(c.t, "key", err)
	c.enter(`[{"a":"us","user":"user@example.com","uh":"`+oldHash+`","sek":"`+folderKey+`"}]`, key)
}

func connect(t *testing.T, s *emulatortest.Instance) *wire {
	return &wire{t: t, s: s, base: s.URL, params: "&v=3", id: new(int), names: map[string]string{}}
}

// plain is the same session without tags.
func (c *wire) plain() *wire {
	p := *c
	p.params = ""
	return &p
}

// cs posts a body under a fresh id and returns the answer's text.
func (c *wire) cs(body string) string {
	c.t.Helper()
	status, text := c.post(c.csPath(c.nextID()), body)
	if status != http.StatusOK {
		c.t.Fatalf("cs %s: status %d", body, status)
	}
	return text
}

func (c *wire) nextID() int {
	*c.id++
	return *c.id
}

func (c *wire) csPath(id int) string {
	path := fmt.Sprintf("/cs?id=%d%s", id, c.params)
	if c.sid != "" {
		path += "&sid=" + c.sid
	}
	return path
}

func (c *wire) post(path, body string) (int, string) {
	c.t.Helper()
	res, err := http.Post(c.base+path, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

// want runs commands and compares the answer after naming its values. Names
// in the commands stand for the values they were given.
func (c *wire) want(body, want string) {
	c.t.Helper()
	got := c.name(c.cs(c.value(body)))
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Errorf("%s\n(-want +got):\n%s", body, diff)
	}
}

// wantEvents polls once and compares.
func (c *wire) wantEvents(path, want string) {
	c.t.Helper()
	_, text := c.post(c.value(path)+"&sid="+c.sid, "")
	if diff := cmp.Diff(want, c.name(text)); diff != "" {
		c.t.Errorf("%s\n(-want +got):\n%s", path, diff)
	}
}

var (
	newNode  = regexp.MustCompile(`"(?:h|ph)":"([A-Za-z0-9_-]{8})"|"fh":\["([A-Za-z0-9_-]{8}):`)
	tagText  = regexp.MustCompile(`"([0-9a-z]{12})"`)
	snText   = regexp.MustCompile(`"sn":"([A-Za-z0-9_-]{11})"`)
	fileID   = regexp.MustCompile(`(N\d+):[A-Za-z0-9_-]{11}"`)
	address  = regexp.MustCompile(`http://127[^"/]+`)
	waitPath = regexp.MustCompile(`/wsc/[A-Za-z0-9_-]{22}`)
)

func (c *wire) name(text string) string {
	text = waitPath.ReplaceAllString(text, "/wsc/W")
	for _, m := range newNode.FindAllStringSubmatch(text, -1) {
		if h := m[1] + m[2]; c.names[h] == "" {
			c.nodes++
			c.names[h] = "N" + strconv.Itoa(c.nodes)
		}
	}
	for value, name := range c.names {
		text = strings.ReplaceAll(text, value, name)
	}
	text = tagText.ReplaceAllStringFunc(text, func(s string) string {
		n, err := strconv.ParseUint(s[1:13], 36, 64)
		if err != nil || n-c.first > 1000 {
			return s
		}
		return fmt.Sprintf(`"T%d"`, n-c.first)
	})
	text = snText.ReplaceAllStringFunc(text, func(s string) string {
		return fmt.Sprintf(`"sn":"S%d"`, position(c.t, s[6:17])-c.first)
	})
	text = fileID.ReplaceAllString(text, `$1:id"`)
	return address.ReplaceAllString(text, "URL")
}

var word = regexp.MustCompile(`[A-Za-z0-9_-]+`)

// value puts values back for the names R, V, B, U, N1 … and S0 ….
func (c *wire) value(text string) string {
	values := make(map[string]string, len(c.names))
	for value, name := range c.names {
		values[name] = value
	}
	return word.ReplaceAllStringFunc(text, func(s string) string {
		if v := values[s]; v != "" {
			return v
		}
		if n, err := strconv.ParseUint(strings.TrimPrefix(s, "S"), 10, 64); err == nil && s[0] == 'S' {
			return b64(binary.BigEndian.AppendUint64(nil, c.first+n))
		}
		return s
	})
}

// learn names the roots, the user and the current position.
func (c *wire) learn() {
	c.t.Helper()
	f := c.fetch()
	for _, n := range f.F {
		switch n.T {
		case 2:
			c.names[n.H] = "R"
		case 3:
			c.names[n.H] = "V"
		case 4:
			c.names[n.H] = "B"
		}
	}
	c.names[f.U[0].U] = "U"
	c.first = position(c.t, f.SN)
}

type fetched struct {
	F, F2 []fetchedNode
	U     []struct{ U, M string }
	SN    string
}

type fetchedNode struct {
	H, P, U, A, K, FA string
	T                 int
	S, TS             int64
}

func (c *wire) fetch() fetched {
	c.t.Helper()
	var list []fetched
	text := c.cs(`[{"a":"f","c":1,"r":1}]`)
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 1 {
		c.t.Fatalf("f: %v in %.200s", err, text)
	}
	return list[0]
}

// login signs in to a v2 account and checks everything the answer holds.
func (c *wire) login(a emulator.Account) {
	c.t.Helper()
	var pre []struct {
		V int
		S string
	}
	c.decode(c.cs(`[{"a":"us0","user":"`+a.Email+`"}]`), &pre)
	key, err := pbkdf2.Key(sha512.New, a.Password, unb64(c.t, pre[0].S), 100_000, 32)
	must(c.t, "derive", err)
	c.enter(`[{"a":"us","user":"`+a.Email+`","uh":"`+b64(key[16:])+`","sek":"`+folderKey+`"}]`, key[:16])
}

// enter sends a us command and opens the session in its answer.
func (c *wire) enter(body string, passwordKey []byte) {
	c.t.Helper()
	var in []struct{ CSID, PrivK, K, U, Sek string }
	c.decode(c.cs(body), &in)
	c.master = ecb(passwordKey, unb64(c.t, in[0].K), false)
	numbers := ecb(c.master, unb64(c.t, in[0].PrivK), false)
	p, numbers := mpi(numbers)
	q, numbers := mpi(numbers)
	d, numbers := mpi(numbers)
	u, _ := mpi(numbers)
	if u.Cmp(new(big.Int).ModInverse(p, q)) != 0 {
		c.t.Error("u is not the inverse of p modulo q")
	}
	sealed, _ := mpi(unb64(c.t, in[0].CSID))
	sid := new(big.Int).Exp(sealed, d, p.Mul(p, q)).Bytes()
	if len(sid) != 254 || string(sid[16:27]) != in[0].U {
		c.t.Errorf("session id: %d bytes, user %q, want %q", len(sid), sid[16:27], in[0].U)
	}
	c.sid = b64(sid[:43])
}

func (c *wire) decode(text string, v any) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		c.t.Fatalf("%v in %.300s", err, text)
	}
}

// upload sends bytes as one piece and returns the token for p.
func (c *wire) upload(p string) string {
	c.t.Helper()
	url := c.uploadURL(len(p), 3)
	status, token := c.post(url+"/0", p)
	if status != http.StatusOK || len(token) != 36 {
		c.t.Fatalf("upload: %d %q", status, token)
	}
	return b64([]byte(token))
}

// uploadURL returns the path of a fresh upload address.
func (c *wire) uploadURL(size, v int) string {
	c.t.Helper()
	var out []struct{ P string }
	c.decode(c.cs(fmt.Sprintf(`[{"a":"u","s":%d,"v":%d}]`, size, v)), &out)
	path, ok := strings.CutPrefix(out[0].P, c.base)
	if !ok {
		c.t.Fatalf("upload address %q", out[0].P)
	}
	return path
}

func position(t *testing.T, sn string) uint64 {
	t.Helper()
	p := unb64(t, sn)
	if len(p) != 8 {
		t.Fatalf("sn %q is not 8 bytes", sn)
	}
	return binary.BigEndian.Uint64(p)
}

func b64(p []byte) string { return base64.RawURLEncoding.EncodeToString(p) }

func unb64(t *testing.T, s string) []byte {
	t.Helper()
	p, err := base64.RawURLEncoding.DecodeString(s)
	must(t, "base64", err)
	return p
}

func ecb(key, p []byte, encrypt bool) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(p))
	for i := 0; i < len(p); i += 16 {
		if encrypt {
			block.Encrypt(out[i:], p[i:])
		} else {
			block.Decrypt(out[i:], p[i:])
		}
	}
	return out
}

func mpi(p []byte) (*big.Int, []byte) {
	n := (int(p[0])<<8 + int(p[1]) + 7) / 8
	return new(big.Int).SetBytes(p[2 : 2+n]), p[2+n:]
}

// events polls once and returns the answer.
func (c *wire) events(path string) string {
	c.t.Helper()
	_, text := c.post(c.value(path)+"&sid="+c.sid, "")
	return text
}

// download asks for a node, or without a session for a link, and reads a part.
func (c *wire) download(h, part string) string {
	c.t.Helper()
	field := "n"
	if c.sid == "" {
		field = "p"
	}
	var out []struct{ G string }
	c.decode(c.cs(c.value(`[{"a":"g","g":1,"`+field+`":"`+h+`"}]`)), &out)
	status, text := c.post(strings.TrimPrefix(out[0].G, c.base)+part, "")
	if status != http.StatusOK {
		c.t.Fatalf("download %s: %d %s", h, status, text)
	}
	return text
}

// linkOf returns the public handle that f tells for a node.
func (c *wire) linkOf(name string) string {
	c.t.Helper()
	var list []struct {
		PH []struct{ H, PH string }
	}
	c.decode(c.cs(`[{"a":"f","c":1}]`), &list)
	for _, l := range list[0].PH {
		if l.H == c.value(name) {
			return l.PH
		}
	}
	c.t.Fatalf("no link for %s", name)
	return ""
}
