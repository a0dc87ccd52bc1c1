package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"time"
)

// runUpload gives an address to post the bytes of a new file to.
func runUpload(c *call, raw json.RawMessage) result {
	req, ok := parse[struct {
		Size loose `json:"s"`
		V    loose `json:"v"`
		SSL  loose `json:"ssl"`
	}](raw)
	if !ok || !req.Size.set || req.Size.value < 0 {
		return errorResult(codeArgs)
	}
	if req.Size.value > c.s.opts.Quota-c.user.tree.total.allBytes() {
		return errorResult(codeOverQuota)
	}
	up := &upload{
		URL:     encode64(randomBytes(18)),
		User:    c.user.User,
		Size:    req.Size.value,
		Blob:    c.lastBlob + 1,
		Raw:     req.V.value >= 2,
		Created: c.now.Unix(),
	}
	c.do(change{Upload: up})
	return textResult(`{"p":"` + c.client.storage(req.SSL) + "/ul/" + up.URL + `"}`)
}

// runDownload gives an address to read the bytes of a file from, for a node of
// the account or a public link.
func runDownload(c *call, raw json.RawMessage) result {
	req, ok := parse[struct {
		Node   string `json:"n"`
		Public string `json:"p"`
		Want   loose  `json:"g"`
		SSL    loose  `json:"ssl"`
	}](raw)
	if !ok {
		return errorResult(codeArgs)
	}
	owner, h := c.user, parseHandle(req.Node)
	if req.Node == "" {
		link, ok := c.links[parseHandle(req.Public)]
		if !ok {
			return errorResult(codeNotFound)
		}
		owner, h = c.users[link.User], link.Node
	}
	if owner == nil {
		return errorResult(codeSession)
	}
	n := owner.tree.get(h)
	if n == nil {
		return errorResult(codeNotFound)
	}
	if n.Kind != kindFile {
		return errorResult(codeArgs)
	}
	text := `{"s":` + itoa(n.Size) + `,"at":"` + n.Attr + `","msd":1,"tl":0`
	if n.FA != "" {
		text += `,"fa":"` + n.FA + `"`
	}
	if req.Want.value == 1 {
		ticket := c.seal(ticket{blob: n.Blob, content: n.Content, size: n.Size, until: c.now.Add(c.s.opts.URLLifetime)})
		text += `,"g":"` + c.client.storage(req.SSL) + "/dl/" + ticket + `"`
	}
	return textResult(text + "}")
}

// ticket is what a download address stands for. It needs no table: the address
// holds it, sealed, so that it outlives the process and costs no memory.
type ticket struct {
	blob    uint64
	content int
	size    int64
	until   time.Time
}

const ticketLength = 8 + 5 + 8 + 5

func (st *state) seal(t ticket) string {
	b := binary.BigEndian.AppendUint64(nil, t.blob)
	b = append(b, byte(t.content>>32))
	b = binary.BigEndian.AppendUint32(b, uint32(t.content))
	b = binary.BigEndian.AppendUint64(b, uint64(t.size))
	until := t.until.Unix()
	b = append(b, byte(until>>32))
	b = binary.BigEndian.AppendUint32(b, uint32(until))
	return encode64(append(b, st.ticketMAC(b)...))
}

func (st *state) ticketMAC(b []byte) []byte {
	mac := hmac.New(sha256.New, st.secret)
	mac.Write(b)
	return mac.Sum(nil)[:10]
}

// unseal returns false for an address that was not given out, or has expired.
func (st *state) unseal(s string, now time.Time) (ticket, bool) {
	b, err := decode64(s)
	if err != nil || len(b) != ticketLength+10 {
		return ticket{}, false
	}
	if subtle.ConstantTimeCompare(st.ticketMAC(b[:ticketLength]), b[ticketLength:]) != 1 {
		return ticket{}, false
	}
	t := ticket{
		blob:    binary.BigEndian.Uint64(b),
		content: int(b[8])<<32 | int(binary.BigEndian.Uint32(b[9:])),
		size:    int64(binary.BigEndian.Uint64(b[13:])),
		until:   time.Unix(int64(b[21])<<32|int64(binary.BigEndian.Uint32(b[22:])), 0),
	}
	return t, now.Before(t.until)
}
