package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// UserData is what the server tells about the session's own account.
type UserData struct {
	User       UserHandle
	Email      string
	Name       string
	Since      time.Time // zero: not told
	AccountVer int       // 1 or 2; zero: not told
	PublicKey  string    // base64; empty for an account without keys
	Attributes map[string]UserAttribute
}

type userDataCommand struct {
	A string `json:"a"`
	V int    `json:"v"`
}

type wireUserData struct {
	User  UserHandle `json:"u"`
	Email string     `json:"email"`
	Name  string     `json:"name"`
	Since integer    `json:"since"`
	Aav   integer    `json:"aav"`
	Pubk  string     `json:"pubk"`
}

func parseUserData(element json.RawMessage) (UserData, error) {
	var w wireUserData
	if err := decode(element, "ug", &w); err != nil {
		return UserData{}, err
	}
	if w.User == "" {
		return UserData{}, &AnswerError{Command: "ug", Why: "it names no user"}
	}
	u := UserData{
		User: w.User, Email: w.Email, Name: w.Name, AccountVer: int(w.Aav), PublicKey: w.Pubk,
	}
	if w.Since > 0 {
		u.Since = time.Unix(int64(w.Since), 0)
	}
	// Besides its fixed members the object has one for every user attribute: {"av":…,"v":…}.
	var members map[string]json.RawMessage
	if err := decode(element, "ug", &members); err != nil {
		return UserData{}, err
	}
	for name, value := range members {
		var a UserAttribute
		if json.Unmarshal(value, &a) == nil && a.Version != "" {
			if u.Attributes == nil {
				u.Attributes = make(map[string]UserAttribute)
			}
			u.Attributes[name] = a
		}
	}
	return u, nil
}

// UserData asks for the session's own account.
func (c *Client) UserData(ctx context.Context) (UserData, error) {
	element, err := c.Ask(ctx, userDataCommand{A: "ug", V: 1})
	if err != nil {
		return UserData{}, err
	}
	return parseUserData(element)
}

// Check proves with one cheap request that the session is alive and belongs to the account it names. A session the
// server no longer knows is ErrSessionDead.
func (c *Client) Check(ctx context.Context) (UserData, error) {
	u, err := c.UserData(ctx)
	if err != nil {
		return UserData{}, err
	}
	if c.session.User != "" && string(u.User) != c.session.User {
		return UserData{}, fmt.Errorf("%w: it belongs to user %s, not to %s", ErrSessionDead, u.User, c.session.User)
	}
	return u, nil
}

// Quota is the storage and transfer allowance of the account.
type Quota struct {
	Total, Used           int64 // storage bytes
	TransferMax           int64 // zero: not told
	TransferUsed          int64
	Roots                 map[Handle]Usage
	AlmostFull, Overdrawn bool
}

// Usage is what lies below one of the roots.
type Usage struct {
	Bytes, Files, Folders, VersionBytes, Versions int64
}

// Quota asks for the account's storage and transfer allowance.
func (c *Client) Quota(ctx context.Context) (Quota, error) {
	command := struct {
		A    string `json:"a"`
		Strg int    `json:"strg"`
		Xfer int    `json:"xfer"`
	}{A: "uq", Strg: 1, Xfer: 1}
	var answer struct {
		Mstrg  integer              `json:"mstrg"`
		Cstrg  integer              `json:"cstrg"`
		Cstrgn map[string][]integer `json:"cstrgn"`
		Mxfer  integer              `json:"mxfer"`
		Caxfer integer              `json:"caxfer"`
		Csxfer integer              `json:"csxfer"`
		Usl    integer              `json:"usl"`
	}
	if err := c.ask(ctx, command, &answer); err != nil {
		return Quota{}, err
	}
	q := Quota{
		Total: int64(answer.Mstrg), Used: int64(answer.Cstrg),
		TransferMax: int64(answer.Mxfer), TransferUsed: int64(answer.Caxfer + answer.Csxfer),
		Roots:      make(map[Handle]Usage, len(answer.Cstrgn)),
		AlmostFull: answer.Usl == 1, Overdrawn: answer.Usl > 1,
	}
	for text, counts := range answer.Cstrgn {
		var h Handle
		if h.UnmarshalText([]byte(text)) != nil {
			continue
		}
		full := make([]integer, 5)
		copy(full, counts)
		q.Roots[h] = Usage{int64(full[0]), int64(full[1]), int64(full[2]), int64(full[3]), int64(full[4])}
	}
	return q, nil
}

// UserAttribute is a named value kept with the account; Version changes with every write.
type UserAttribute struct {
	Value   string `json:"av"` // base64
	Version string `json:"v"`
}

// UserAttribute asks for one attribute of the own account; ENOENT when it was never set.
func (c *Client) UserAttribute(ctx context.Context, name string) (UserAttribute, error) {
	command := struct {
		A    string     `json:"a"`
		User UserHandle `json:"u"`
		Name string     `json:"ua"`
		V    int        `json:"v"`
	}{A: "uga", User: UserHandle(c.session.User), Name: name, V: 1}
	var a UserAttribute
	return a, c.ask(ctx, command, &a)
}

// SwapUserAttribute writes an attribute if its version is still the one given, which is empty for one that must not
// exist yet. EEXPIRED means that somebody else was faster. It returns the new version.
func (c *Client) SwapUserAttribute(ctx context.Context, name string, value []byte, version string) (string, error) {
	pair := []string{crypt.EncodeBase64(value)}
	if version != "" {
		pair = append(pair, version)
	}
	return c.writeUserAttribute(ctx, "upv", name, pair)
}

// SetUserAttribute writes an attribute whatever it was before and returns its new version.
func (c *Client) SetUserAttribute(ctx context.Context, name string, value []byte) (string, error) {
	return c.writeUserAttribute(ctx, "up2", name, crypt.EncodeBase64(value))
}

func (c *Client) writeUserAttribute(ctx context.Context, command, name string, value any) (string, error) {
	element, err := c.Do(ctx, attributeCommand{command, name, value})
	if err != nil {
		return "", err
	}
	var answer map[string]string
	if err := decode(element, command, &answer); err != nil {
		return "", err
	}
	version, ok := answer[name]
	if !ok {
		return "", &AnswerError{Command: command, Why: "it has no version of " + name}
	}
	return version, nil
}

// RemoveUserAttribute forgets an attribute; ENOENT when there is none.
func (c *Client) RemoveUserAttribute(ctx context.Context, name string) error {
	_, err := c.Do(ctx, struct {
		A    string `json:"a"`
		Name string `json:"ua"`
	}{"upr", name})
	return err
}

// attributeCommand has the attribute's name as a member of the command, after "a".
type attributeCommand struct {
	command, name string
	value         any
}

func (a attributeCommand) MarshalJSON() ([]byte, error) {
	parts := make([][]byte, 3)
	for i, v := range []any{a.command, a.name, a.value} {
		encoded, err := encode(v)
		if err != nil {
			return nil, err
		}
		parts[i] = encoded
	}
	return fmt.Appendf(nil, `{"a":%s,%s:%s}`, parts[0], parts[1], parts[2]), nil
}
