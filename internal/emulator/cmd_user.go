package emulator

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

func runUserData(c *call, _ json.RawMessage) result {
	u := c.user
	name, _, _ := strings.Cut(u.Email, "@")
	var b strings.Builder
	b.WriteString(`{"u":"` + u.User + `","s":1,"email":` + quote(u.Email) + `,"name":` + quote(name) +
		`,"k":"` + u.Key + `","c":1,"pubk":"` + encode64(u.Public) + `","privk":"` + u.Private +
		`","since":` + itoa(u.Since) + `,"aav":` + itoa(int64(u.Version)))
	if u.Version == 2 {
		b.WriteString(`,"aas":"` + encode64(u.Salt) + `"`)
	}
	b.WriteString(`,"flags":{"ach":0,"mfae":1}`)
	for _, attr := range slices.Sorted(maps.Keys(u.attrs)) {
		a := u.attrs[attr]
		b.WriteString(`,` + quote(attr) + `:{"av":"` + a.Value + `","v":"` + a.Version + `"}`)
	}
	b.WriteString("}")
	return textResult(b.String())
}

// runQuota answers everything at once, whatever was asked for.
func runQuota(c *call, _ json.RawMessage) result {
	t := c.user.tree
	vault, bin := t.usage(c.user.Roots[1]), t.usage(c.user.Roots[2])
	cloud := t.total
	cloud.minus(vault)
	cloud.minus(bin)
	parts := make([]string, 0, 3)
	for i, u := range []usage{cloud, vault, bin} {
		parts = append(parts, `"`+c.user.Roots[i].String()+`":[`+itoa(u.allBytes())+","+itoa(u.Files)+","+
			itoa(u.Folders)+","+itoa(u.VersionBytes)+","+itoa(u.VersionFiles)+"]")
	}
	used, limit := t.total.allBytes(), c.s.opts.Quota
	light := "0"
	if used >= limit {
		light = "2"
	} else if float64(used) >= 0.9*float64(limit) {
		light = "1"
	}
	return textResult(`{"mstrg":` + itoa(limit) + `,"cstrg":` + itoa(used) +
		`,"cstrgn":{` + strings.Join(parts, ",") + `},"usl":` + light + `,"uslw":9000` +
		`,"mxfer":` + itoa(1<<50) + `,"caxfer":0,"csxfer":0,"srvratio":0,"bt":0` +
		`,"tah":[0,0,0,0,0,0],"tar":0,"utype":0}`)
}

func (u *usage) minus(v usage) {
	u.Files -= v.Files
	u.Folders -= v.Folders
	u.Bytes -= v.Bytes
	u.VersionFiles -= v.VersionFiles
	u.VersionBytes -= v.VersionBytes
}

func runGetAttr(c *call, raw json.RawMessage) result {
	req, ok := parse[struct {
		User string `json:"u"`
		Name string `json:"ua"`
		V    loose  `json:"v"`
	}](raw)
	if !ok {
		return errorResult(codeArgs)
	}
	a, found := c.user.attrs[req.Name]
	if !found || req.User != c.user.User && !strings.EqualFold(req.User, c.user.Email) {
		return errorResult(codeNotFound)
	}
	if req.V.value == 1 {
		return textResult(`{"av":"` + a.Value + `","v":"` + a.Version + `"}`)
	}
	return textResult(`"` + a.Value + `"`)
}

// attrFields returns what a command holds beside its own arguments.
func attrFields(raw json.RawMessage) (map[string]json.RawMessage, bool) {
	fields, ok := parse[map[string]json.RawMessage](raw)
	delete(fields, "a")
	delete(fields, "i")
	for name := range fields {
		if name == "" || !plainText(name) {
			return nil, false
		}
	}
	return fields, ok && len(fields) > 0
}

// runPutAttrsVersioned is compare-and-swap: each value comes with the version
// the client knows, or none to create. All are stored or none.
func runPutAttrsVersioned(c *call, raw json.RawMessage) result {
	fields, ok := attrFields(raw)
	if !ok {
		return errorResult(codeArgs)
	}
	values := make(map[string]string, len(fields))
	for name, raw := range fields {
		pair, ok := parse[[]string](raw)
		if !ok || len(pair) < 1 || len(pair) > 2 || !plainText(pair[0]) {
			return errorResult(codeArgs)
		}
		known := ""
		if len(pair) == 2 {
			known = pair[1]
		}
		if c.user.attrs[name].Version != known {
			return errorResult(codeExpired)
		}
		values[name] = pair[0]
	}
	return c.putAttrs(values)
}

func runPutAttrs(c *call, raw json.RawMessage) result {
	fields, ok := attrFields(raw)
	if !ok {
		return errorResult(codeArgs)
	}
	values := make(map[string]string, len(fields))
	for name, raw := range fields {
		value, ok := parse[string](raw)
		if !ok || !plainText(value) {
			return errorResult(codeArgs)
		}
		values[name] = value
	}
	return c.putAttrs(values)
}

func (c *call) putAttrs(values map[string]string) result {
	var names, versions, answer []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		a := attribute{Value: values[name], Version: encode64(randomBytes(8))}
		c.do(change{Attr: &attrChange{User: c.user.User, Name: name, attribute: a}})
		names = append(names, quote(name))
		versions = append(versions, `"`+a.Version+`"`)
		answer = append(answer, quote(name)+`:"`+a.Version+`"`)
	}
	seq := c.attrPacket(names, versions)
	return c.doneWith(seq, "{"+strings.Join(answer, ",")+"}")
}

func (c *call) attrPacket(names, versions []string) uint64 {
	return c.packet(c.user, "ua", "", true, `,"u":"`+c.user.User+
		`","ua":[`+strings.Join(names, ",")+`],"v":[`+strings.Join(versions, ",")+`]`)
}

func runRemoveAttr(c *call, raw json.RawMessage) result {
	req, ok := parse[struct {
		Name string `json:"ua"`
	}](raw)
	if !ok {
		return errorResult(codeArgs)
	}
	if _, found := c.user.attrs[req.Name]; !found {
		return errorResult(codeNotFound)
	}
	c.do(change{Attr: &attrChange{User: c.user.User, Name: req.Name}})
	return c.done(c.attrPacket([]string{quote(req.Name)}, []string{`"` + encode64(randomBytes(8)) + `"`}))
}
