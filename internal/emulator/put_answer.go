package emulator

import (
	"encoding/binary"
	"encoding/json"
	"strings"
)

// answer tells the author what became of each entry, and everybody else about
// the new nodes.
func (p *put) answer() result {
	if len(p.order) == 0 {
		return errorResult(p.codes[0])
	}
	text := `{"f":` + p.newNodes()
	if len(p.older) > 0 {
		text += `,"f2":` + string(appendNodes(nil, p.older, p.user.User))
	}
	text += "}"
	seq := p.packet(p.user, "t", p.req.Marker, true, `,"t":`+text+`,"ou":"`+p.user.User+`"`)
	for _, h := range p.gone {
		p.packet(p.user, "d", "", false, `,"n":"`+h.String()+`","ou":"`+p.user.User+`"`)
	}
	if p.tagged {
		return p.doneWith(seq, `{"e":`+p.sparseCodes()+`,"fh":[`+strings.Join(p.fileIDs(), ",")+`]}`)
	}
	return p.plainAnswer()
}

// newNodes lists what was made, each with the number of its entry.
func (p *put) newNodes() string {
	list := []byte{'['}
	for k, i := range p.order {
		if k > 0 {
			list = append(list, ',')
		}
		list = appendNode(list, p.made[i], p.user.User, i)
	}
	return string(append(list, ']'))
}

// plainAnswer is for clients without tags: the nodes themselves, and where
// some failed a code for each entry.
func (p *put) plainAnswer() result {
	var made []*node
	for _, i := range p.order {
		made = append(made, p.made[i])
	}
	text := `{"f":` + string(appendNodes(nil, made, p.user.User))
	if len(p.older) > 0 {
		text += `,"f2":` + string(appendNodes(nil, p.older, p.user.User))
	}
	if len(made) < len(p.made) {
		codes, err := json.Marshal(p.codes)
		if err != nil {
			return errorResult(codeInternal)
		}
		text += `,"e":` + string(codes)
	}
	return textResult(text + "}")
}

// sparseCodes is [] when all is well, else the failed entries by number.
func (p *put) sparseCodes() string {
	var failed []string
	for i, code := range p.codes {
		if code != 0 {
			failed = append(failed, `"`+itoa(int64(i))+`":`+itoa(int64(code)))
		}
	}
	if failed == nil {
		return "[]"
	}
	return "{" + strings.Join(failed, ",") + "}"
}

// fileIDs names the content of each new file: copies share an id.
func (p *put) fileIDs() []string {
	var ids []string
	for _, i := range p.order {
		if n := p.made[i]; n.Kind == kindFile {
			ids = append(ids, `"`+n.Handle.String()+`:`+fileID(n)+`"`)
		}
	}
	return ids
}

func fileID(n *node) string {
	id := n.Blob
	if n.Content != 0 {
		id = uint64(n.Content) | 1<<63
	}
	return encode64(binary.BigEndian.AppendUint64(nil, id*0x9E3779B97F4A7C15))
}

// mergeFileAttrs puts references of the form type*handle into the list, each
// replacing the one of its type. Old ones may start with a number and a colon.
func mergeFileAttrs(list, more string) string {
	var out []string
	for _, ref := range strings.Split(list, "/") {
		kind, _, _ := strings.Cut(ref[strings.IndexByte(ref, ':')+1:], "*")
		if ref != "" && !strings.Contains("/"+more, "/"+kind+"*") {
			out = append(out, ref)
		}
	}
	return strings.Join(append(out, more), "/")
}
