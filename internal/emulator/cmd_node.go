package emulator

import (
	"encoding/json"
)

// maxPacketNodes bounds what one packet lists. A larger move makes clients
// reload the whole tree instead, as they must when they were away for long.
const maxPacketNodes = 20_000

type nodeRequest struct {
	Node    string `json:"n"`
	Target  string `json:"t"`
	Attr    string `json:"at"`
	OldAttr string `json:"attr"`
	Key     string `json:"key"`
	Marker  string `json:"i"`
	Version loose  `json:"v"`
}

// target finds the node a request names. The roots cannot be changed.
func (c *call) target(raw json.RawMessage) (nodeRequest, *node, int) {
	req, ok := parse[nodeRequest](raw)
	if !ok {
		return req, nil, codeArgs
	}
	n := c.user.tree.get(parseHandle(req.Node))
	switch {
	case n == nil:
		return req, nil, codeNotFound
	case n.Kind.root():
		return req, nil, codeAccess
	default:
		return req, n, 0
	}
}

func (c *call) putNode(n *node) {
	c.do(change{Node: &nodeChange{User: c.user.User, Node: n}})
}

func (c *call) dropNode(h handle) {
	c.do(change{Drop: &dropChange{User: c.user.User, Node: h}})
}

// runSetAttr replaces the attributes, and the key where an old client sends it.
func runSetAttr(c *call, raw json.RawMessage) result {
	req, n, code := c.target(raw)
	if code != 0 {
		return errorResult(code)
	}
	changed := *n
	changed.Attr = req.Attr
	if changed.Attr == "" {
		changed.Attr = req.OldAttr
	}
	if req.Key != "" {
		changed.Key = bareKey(req.Key)
	}
	if code := checkSecrets(&changed); code != 0 {
		return errorResult(code)
	}
	c.putNode(&changed)
	return c.done(c.attrsPacket(&changed, req.Marker))
}

func (c *call) attrsPacket(n *node, marker string) uint64 {
	return c.packet(c.user, "u", marker, true, `,"n":"`+n.Handle.String()+`","u":"`+c.user.User+
		`","at":"`+n.Attr+`","ts":`+itoa(n.Time))
}

func runMove(c *call, raw json.RawMessage) result {
	req, n, code := c.target(raw)
	if code != 0 {
		return errorResult(code)
	}
	to := c.user.tree.bare(parseHandle(req.Target))
	switch {
	case to == nil:
		return errorResult(codeNotFound)
	case !to.Kind.container(), n.version:
		return errorResult(codeAccess)
	case c.user.tree.below(to.Handle, n.Handle):
		return errorResult(codeCircular)
	}
	moved := *n
	moved.Parent = to.Handle
	c.putNode(&moved)
	return c.done(c.movePackets(&moved, req.Marker))
}

// movePackets tells a move as MEGA does: gone, then new with all below it.
func (c *call) movePackets(n *node, marker string) uint64 {
	list, ok := c.treeList(n.Handle)
	if !ok {
		c.reload(c.user)
		return 0
	}
	seq := c.packet(c.user, "d", marker, true,
		`,"n":"`+n.Handle.String()+`","m":1,"ou":"`+c.user.User+`"`)
	c.packet(c.user, "t", marker, false, `,"t":`+list+`,"ou":"`+c.user.User+`"`)
	return seq
}

// treeList writes the node and all below it, files in f and versions in f2.
func (c *call) treeList(h handle) (string, bool) {
	var files, older []*node
	for n := range c.user.tree.subtree(h) {
		if len(files)+len(older) == maxPacketNodes {
			return "", false
		}
		n = c.user.tree.get(n.Handle)
		if n.version {
			older = append(older, n)
		} else {
			files = append(files, n)
		}
	}
	return c.nodeLists(files, older), true
}

func (c *call) nodeLists(files, older []*node) string {
	text := `{"f":` + string(appendNodes(nil, files, c.user.User))
	if len(older) > 0 {
		text += `,"f2":` + string(appendNodes(nil, older, c.user.User))
	}
	return text + "}"
}

// runDelete removes a node with all below it, or with v:1 only this version
// of a file, whose older versions then take its place.
func runDelete(c *call, raw json.RawMessage) result {
	req, n, code := c.target(raw)
	if code != 0 {
		return errorResult(code)
	}
	var first uint64
	if req.Version.value == 1 && n.Kind == kindFile {
		first = c.raiseVersions(n, n.Parent)
	}
	seq := c.deletePacket(n.Handle, req.Marker, first == 0)
	if first == 0 {
		first = seq
	}
	return c.done(first)
}

// raiseVersions hangs the older versions of a file below another parent, so
// that they stay when it goes. It returns the packet's number, or zero when
// there are none.
func (c *call) raiseVersions(n *node, parent handle) uint64 {
	var raised []*node
	for _, h := range c.user.tree.storedChildren(n.Handle) {
		v := *c.user.tree.nodes[h]
		v.Parent = parent
		c.putNode(&v)
		raised = append(raised, &v)
	}
	if len(raised) == 0 {
		return 0
	}
	list := c.nodeLists(raised, nil)
	if raised[0].version {
		list = c.nodeLists(nil, raised)
	}
	return c.packet(c.user, "t", "", true, `,"t":`+list+`,"ou":"`+c.user.User+`"`)
}

func (c *call) deletePacket(h handle, marker string, tagged bool) uint64 {
	c.dropNode(h)
	return c.packet(c.user, "d", marker, tagged, `,"n":"`+h.String()+`","ou":"`+c.user.User+`"`)
}

// runDeleteVersions removes all older versions of the account.
func runDeleteVersions(c *call, _ json.RawMessage) result {
	var tops []handle
	for _, n := range c.user.tree.nodes {
		parent := c.user.tree.bare(n.Parent)
		if n.version && parent != nil && !parent.version {
			tops = append(tops, n.Handle)
		}
	}
	return c.deleteAll(tops)
}

func runEmptyBin(c *call, _ json.RawMessage) result {
	var tops []handle
	for h := range c.user.tree.childHandles(c.user.Roots[2]) {
		tops = append(tops, h)
	}
	return c.deleteAll(tops)
}

func (c *call) deleteAll(tops []handle) result {
	var first uint64
	for _, h := range tops {
		seq := c.deletePacket(h, "", first == 0)
		if first == 0 {
			first = seq
		}
	}
	return c.done(first)
}

// runPutFileAttr stores the references to thumbnails that a client asks for;
// the thumbnails themselves are not modelled.
func runPutFileAttr(c *call, raw json.RawMessage) result {
	req, n, code := c.target(raw)
	if code != 0 {
		return errorResult(code)
	}
	refs, ok := parse[struct{ FA string }](raw)
	if !ok || n.Kind != kindFile || !plainText(refs.FA) {
		return errorResult(codeArgs)
	}
	changed := *n
	changed.FA = mergeFileAttrs(n.FA, refs.FA)
	c.putNode(&changed)
	seq := c.packet(c.user, "fa", req.Marker, true, `,"n":"`+n.Handle.String()+`","fa":"`+changed.FA+`"`)
	return c.doneWith(seq, `"`+changed.FA+`"`)
}
