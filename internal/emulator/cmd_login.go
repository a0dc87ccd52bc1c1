package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
)

func runPrelogin(c *call, raw json.RawMessage) result {
	req, ok := parse[struct{ User string }](raw)
	if !ok || req.User == "" {
		return errorResult(codeArgs)
	}
	u := c.emails[strings.ToLower(req.User)]
	switch {
	case u == nil:
		// A salt like any other: whether an address has an account shows
		// only at sign-in.
		mac := hmac.New(sha256.New, c.secret)
		mac.Write([]byte(strings.ToLower(req.User)))
		return textResult(`{"v":2,"s":"` + encode64(mac.Sum(nil)) + `"}`)
	case u.Version == 1:
		return textResult(`{"v":1}`)
	default:
		return textResult(`{"v":2,"s":"` + encode64(u.Salt) + `"}`)
	}
}

type loginRequest struct {
	User string `json:"user"`
	Hash string `json:"uh"`
	MFA  string `json:"mfa"`
	Key  string `json:"sek"`
	SN   string `json:"sn"`
}

func runLogin(c *call, raw json.RawMessage) result {
	req, ok := parse[loginRequest](raw)
	if !ok {
		return errorResult(codeArgs)
	}
	if req.User == "" {
		return c.resume(req)
	}
	u := c.emails[strings.ToLower(req.User)]
	proof, err := decode64(req.Hash)
	if u == nil || err != nil || !u.accepts(proof) {
		return errorResult(codeNotFound)
	}
	if code := c.secondFactor(u, req.MFA); code != 0 {
		return errorResult(code)
	}
	if limit := c.s.opts.LoginLimit; limit > 0 && c.s.logins[u.User] >= limit {
		return errorResult(codeBlocked)
	}
	return c.signIn(u, req)
}

// secondFactor returns zero when the account needs none or it is right.
func (c *call) secondFactor(u *user, code string) int {
	secret := u.MFA
	if secret == "" {
		secret = c.s.opts.MFASecret
	}
	switch {
	case secret == "":
		return 0
	case code == "":
		return codeNeedMFA
	case !validTOTP(secret, code, c.now):
		return codeFailed
	default:
		return 0
	}
}

func (c *call) signIn(u *user, req loginRequest) result {
	sid := newSessionID(u.User)
	sealed, err := encryptSession(u.Public, sid)
	if err != nil {
		c.s.opts.Log.Error("seal session", "error", err)
		return errorResult(codeInternal)
	}
	ses := &session{
		ID:     encode64(sid),
		Public: encode64(randomBytes(8)),
		User:   u.User,
		Agent:  c.client.agent,
		IP:     c.client.ip,
		Since:  c.now.Unix(),
		Used:   c.now.Unix(),
	}
	if key, err := decode64(req.Key); err == nil && len(key) == 16 {
		ses.Key = encode64(key)
	}
	c.do(change{Session: ses})
	c.s.logins[u.User]++
	c.s.stats.logins.Add(1)
	text := `{"csid":"` + encode64(sealed) + `","privk":"` + u.Private + `","k":"` + u.Key +
		`","u":"` + u.User + `","ach":0`
	if ses.Key != "" {
		text += `,"sek":"` + ses.Key + `"`
	}
	return textResult(text + u.cachedPosition(req.SN) + "}")
}

// resume validates a session. The key it was made with comes back, so that the
// client can open what it saved; a session without one takes the proposal.
func (c *call) resume(req loginRequest) result {
	if c.session == nil {
		return errorResult(codeNotFound)
	}
	if key, err := decode64(req.Key); c.session.Key == "" && err == nil && len(key) == 16 {
		keyed := *c.session
		keyed.Key = encode64(key)
		c.do(change{Session: &keyed})
		c.session = c.sessions[keyed.ID]
	}
	text := `{"u":"` + c.user.User + `"`
	if c.session.Key != "" {
		text += `,"sek":"` + c.session.Key + `"`
	}
	text += `,"privk":"` + c.user.Private + `","k":"` + c.user.Key + `","ach":0`
	return textResult(text + c.user.cachedPosition(req.SN) + "}")
}

// cachedPosition tells a client with a cached tree whether it may go on.
func (u *user) cachedPosition(sn string) string {
	if sn == "" {
		return ""
	}
	if seq, ok := parseSN(sn); ok {
		if _, ok := u.events.since(seq); ok {
			return `,"sn":1`
		}
	}
	return `,"sn":0`
}

func runLogout(c *call, _ json.RawMessage) result {
	if c.session == nil {
		return errorResult(codeSession)
	}
	c.endSession(c.session)
	return textResult("0")
}

func (c *call) endSession(s *session) {
	c.do(change{End: s.ID})
	c.touched[c.user] = struct{}{} // its polls find out now
}

func (c *call) ownSessions() []*session {
	var list []*session
	for _, s := range c.sessions {
		if s.User == c.user.User {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *session) int {
		if a.Since != b.Since {
			return int(a.Since - b.Since)
		}
		return strings.Compare(a.Public, b.Public)
	})
	return list
}

func runListSessions(c *call, _ json.RawMessage) result {
	var rows []string
	for _, s := range c.ownSessions() {
		current := "0"
		if s == c.session {
			current = "1"
		}
		// MEGA's SDK copies two letters of the country unseen, so it is never
		// empty; ZZ is nowhere.
		rows = append(rows, "["+itoa(s.Since)+","+itoa(s.Used)+","+quote(s.Agent)+","+quote(s.IP)+
			`,"ZZ",`+current+`,"`+s.Public+`",1,""]`)
	}
	return textResult("[" + strings.Join(rows, ",") + "]")
}

func runKillSessions(c *call, raw json.RawMessage) result {
	req, ok := parse[struct {
		Others loose    `json:"ko"`
		IDs    []string `json:"s"`
	}](raw)
	if !ok {
		return errorResult(codeArgs)
	}
	for _, s := range c.ownSessions() {
		if req.Others.value == 1 && s != c.session || slices.Contains(req.IDs, s.Public) {
			c.endSession(s)
		}
	}
	return textResult("0")
}
