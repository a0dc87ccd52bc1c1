package session

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/redact"
)

// Session is what it takes to act for an account without its password. It prints without its secrets; Export is the
// only way to write them down.
type Session struct {
	Endpoint string // of the server that knows the session
	Email    string
	User     string        // the account's handle: eleven base64url characters
	SID      redact.Secret // the session id as it stands in URLs
	Master   crypt.Key     // decrypts every node key of the account
}

// exportPrefix names the format and its version.
const exportPrefix = "megaplan-session-1."

type exported struct {
	Endpoint string `json:"endpoint"`
	Email    string `json:"email"`
	User     string `json:"user"`
	SID      string `json:"sid"`
	Master   string `json:"master"`
}

// ErrNotSession is returned by Parse for text that Export did not write.
var ErrNotSession = errors.New("not an exported session")

// Export writes the session, secrets included, as one line without spaces.
func (s Session) Export() redact.Secret {
	document, err := json.Marshal(exported{
		Endpoint: s.Endpoint, Email: s.Email, User: s.User,
		SID: s.SID.Reveal(), Master: crypt.EncodeBase64(s.Master[:]),
	})
	if err != nil {
		// Strings always encode.
		panic("session: " + err.Error())
	}
	return redact.New(exportPrefix + base64.RawURLEncoding.EncodeToString(document))
}

// Parse reads what Export wrote. Its errors do not quote the text.
func Parse(text redact.Secret) (Session, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(text.Reveal()), exportPrefix)
	if !ok {
		return Session{}, ErrNotSession
	}
	document, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return Session{}, fmt.Errorf("%w: it is damaged or cut short", ErrNotSession)
	}
	var e exported
	if json.Unmarshal(document, &e) != nil {
		return Session{}, fmt.Errorf("%w: it is damaged", ErrNotSession)
	}
	master, err := crypt.DecodeBase64(e.Master)
	if err != nil || e.SID == "" || e.Endpoint == "" {
		return Session{}, fmt.Errorf("%w: it is incomplete", ErrNotSession)
	}
	key, err := crypt.KeyFromBytes(master)
	if err != nil {
		return Session{}, fmt.Errorf("%w: its key has a wrong length", ErrNotSession)
	}
	return Session{Endpoint: e.Endpoint, Email: e.Email, User: e.User, SID: redact.New(e.SID), Master: key}, nil
}
