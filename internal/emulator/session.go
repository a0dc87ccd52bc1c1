package emulator

import "time"

// session is one sign-in. ID is the text clients put into sid=.
type session struct {
	ID     string `json:"id"`
	Public string `json:"pub"` // how usl and usr name it
	User   string `json:"u"`
	Key    string `json:"sek,omitempty"`
	Agent  string `json:"agent,omitempty"`
	IP     string `json:"ip,omitempty"`
	Since  int64  `json:"ts"`
	Used   int64  `json:"used"` // kept exactly only while the process lives
}

const sessionIDLength = 43

// newSessionID has the layout MEGA's client checks: the text of the user
// handle in bytes 16 to 26. The first byte is never zero, which go-mega needs.
func newSessionID(user string) []byte {
	sid := randomBytes(sessionIDLength)
	copy(sid[16:], user)
	if sid[0] == 0 {
		sid[0] = 1
	}
	return sid
}

func (st *state) touch(s *session, now time.Time) { s.Used = now.Unix() }
