package emulator

import (
	"encoding/json"
	"slices"
	"strings"
)

// runLink makes or removes the public link of a node. Links to folders are
// given too, but nothing can be fetched through them: shares are not modelled.
func runLink(c *call, raw json.RawMessage) result {
	_, n, code := c.target(raw)
	if code != 0 {
		return errorResult(code)
	}
	req, ok := parse[struct {
		Delete loose `json:"d"`
	}](raw)
	if !ok {
		return errorResult(codeArgs)
	}
	ph := c.linkOf(n.Handle)
	if req.Delete.value == 1 {
		if ph == 0 {
			return errorResult(codeNotFound)
		}
		c.do(change{Link: &linkChange{User: c.user.User, Node: n.Handle, Public: ph, Remove: true}})
		return c.done(c.linkPacket(n, ph, `,"d":1`))
	}
	if ph != 0 {
		return c.doneWith(c.linkPacket(n, ph, c.linkTime()), `"`+ph.String()+`"`)
	}
	ph = newHandle()
	c.do(change{Link: &linkChange{User: c.user.User, Node: n.Handle, Public: ph}})
	return c.doneWith(c.linkPacket(n, ph, c.linkTime()), `"`+ph.String()+`"`)
}

func (c *call) linkTime() string { return `,"ts":` + itoa(c.now.Unix()) }

func (c *call) linkPacket(n *node, ph handle, what string) uint64 {
	return c.packet(c.user, "ph", "", true, `,"h":"`+n.Handle.String()+`","ph":"`+ph.String()+`"`+what)
}

func (c *call) linkOf(h handle) handle {
	for ph, l := range c.links {
		if l.User == c.user.User && l.Node == h {
			return ph
		}
	}
	return 0
}

// linkList is the links of the account as f tells them.
func (c *call) linkList() string {
	var list []string
	for ph, l := range c.links {
		if l.User == c.user.User {
			list = append(list, `{"h":"`+l.Node.String()+`","ph":"`+ph.String()+`","ts":`+itoa(c.user.Since)+`}`)
		}
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}
