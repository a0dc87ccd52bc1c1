package emulator

import (
	"encoding/json"
	"strconv"
)

// Error codes of the API that this server gives.
const (
	codeInternal  = -1
	codeArgs      = -2
	codeAgain     = -3
	codeRateLimit = -4
	codeFailed    = -5
	codeTooMany   = -6
	codeRange     = -7
	codeExpired   = -8
	codeNotFound  = -9
	codeCircular  = -10
	codeAccess    = -11
	codeKey       = -14
	codeSession   = -15
	codeBlocked   = -16
	codeOverQuota = -17
	codeNeedMFA   = -26
)

// handler answers one command of the signed-in user, or of anybody.
type handler struct {
	run    func(c *call, raw json.RawMessage) result
	public bool // works without a session
}

var handlers map[string]handler

func init() {
	handlers = map[string]handler{
		"us0": {runPrelogin, true},
		"us":  {runLogin, true},
		"sml": {runLogout, false},
		"usl": {runListSessions, false},
		"usr": {runKillSessions, false},

		"ug":  {runUserData, false},
		"uq":  {runQuota, false},
		"uga": {runGetAttr, false},
		"upv": {runPutAttrsVersioned, false},
		"up2": {runPutAttrs, false},
		"upr": {runRemoveAttr, false},

		"f":  {runFetch, false},
		"p":  {runPut, false},
		"a":  {runSetAttr, false},
		"m":  {runMove, false},
		"d":  {runDelete, false},
		"dv": {runDeleteVersions, false},
		"dr": {runEmptyBin, false},
		"l":  {runLink, false},
		"u":  {runUpload, false},
		"g":  {runDownload, true},

		"pfa": {runPutFileAttr, false},
		// Thumbnails are not modelled; clients go on without them.
		"ufa": {fixed("-2"), false},

		"stp":           {fixed(`{"ur":180,"uc":2,"ucr":86400}`), true},
		"gmf":           {fixed(`{"mfae":1,"nlfe":1}`), true},
		"log":           {fixed("0"), true},
		"ftz":           {fixed("-9"), true},
		"pk":            {fixed("-9"), false},
		"utt":           {fixed("[]"), false},
		"utp":           {fixed("[]"), false},
		"gpsa":          {fixed("-9"), true},
		"sp":            {runRegisterSync, false},
		"sf":            {fixed("[]"), false},
		"sphb":          {fixed("0"), false},
		"sr":            {fixed("0"), false},
		"whyamiblocked": {fixed("0"), true},
	}
}

func fixed(text string) func(*call, json.RawMessage) result {
	return func(*call, json.RawMessage) result { return textResult(text) }
}

// run answers one command. What is not known is -2, which every client takes.
func (c *call) run(cmd command) result {
	h, ok := handlers[cmd.name]
	switch {
	case !ok:
		return errorResult(codeArgs)
	case c.user == nil && !h.public:
		return errorResult(codeSession)
	default:
		return h.run(c, cmd.raw)
	}
}

// parse reads the arguments of a command; false means it must answer -2.
func parse[T any](raw json.RawMessage) (T, bool) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err == nil
}

// done is the answer of a command whose first packet has the number seq; zero
// means that it made none and has nothing to wait for.
func (c *call) done(seq uint64) result {
	if c.tagged && seq != 0 {
		return textResult(`"` + tag(seq) + `"`)
	}
	return textResult("0")
}

// doneWith is done for commands that return data.
func (c *call) doneWith(seq uint64, data string) result {
	if c.tagged && seq != 0 {
		return textResult(`["` + tag(seq) + `",` + data + `]`)
	}
	return textResult(data)
}

// packet adds one packet to the account's events and returns its number. kind
// is its "a", marker the client's "i", rest what follows the tag, with a
// leading comma. Only the first packet of a command carries the tag.
func (c *call) packet(u *user, kind, marker string, tagged bool, rest string) uint64 {
	seq := u.events.seq + 1
	text := `{"a":"` + kind + `"`
	if marker != "" && plainText(marker) {
		text += `,"i":"` + marker + `"`
	}
	if tagged {
		text += `,"st":"` + tag(seq) + `"`
	}
	c.do(change{Event: &eventChange{User: u.User, Text: text + rest + "}"}})
	return seq
}

// reload makes everybody fetch the tree again, where packets would be huge.
func (c *call) reload(u *user) {
	c.do(change{Event: &eventChange{User: u.User}})
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
