package scan

import (
	"encoding/json"
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"strings"
)

// MaxMeta is the most bytes a Meta takes (rule 33).
const MaxMeta = 16 << 10

// metaVersion is the version this package writes.
const metaVersion = 1

// Meta is the content of the _mp attribute: what a file system knows about a name and MEGA does not. The zero value is
// written as no attribute at all.
type Meta struct {
	HasMode bool
	Mode    uint32 // permission bits with setuid, setgid and sticky
	Owner   *Owner
	HasTime bool
	Time    int64 // modification time in nanoseconds since 1970
	Symlink bool  // the content is a symbolic link's target
	Link    string
	XAttrs  map[string][]byte
}

// Owner is who a file belongs to, by name and by number.
type Owner struct {
	User  string `json:"u,omitempty"`
	Group string `json:"g,omitempty"`
	UID   uint32 `json:"uid"`
	GID   uint32 `json:"gid"`
}

// metaJSON is Meta as it is read. Writing is done by hand, since a scan does it for every file.
type metaJSON struct {
	Version int               `json:"v"`
	Mode    *uint32           `json:"m"`
	Owner   *Owner            `json:"o"`
	Time    *int64            `json:"t"`
	Symlink int               `json:"l"`
	Link    string            `json:"h"`
	XAttrs  map[string][]byte `json:"x"`
}

// ParseMeta reads what Encode writes; "" is the zero Meta.
func ParseMeta(s string) (Meta, error) {
	if s == "" {
		return Meta{}, nil
	}
	var j metaJSON
	if err := json.Unmarshal([]byte(s), &j); err != nil {
		return Meta{}, fmt.Errorf("read metadata: %w", err)
	}
	if j.Version != metaVersion {
		return Meta{}, fmt.Errorf("metadata is of version %d, this megaplan reads version %d", j.Version, metaVersion)
	}
	m := Meta{Owner: j.Owner, Symlink: j.Symlink != 0, Link: j.Link, XAttrs: j.XAttrs}
	if j.Mode != nil {
		m.HasMode, m.Mode = true, *j.Mode
	}
	if j.Time != nil {
		m.HasTime, m.Time = true, *j.Time
	}
	return m, nil
}

// Encode returns the attribute, at most MaxMeta bytes, and what had to be dropped for that.
func (m Meta) Encode() (attribute string, dropped []string) { return m.encode() }

func (m Meta) encode() (attribute string, dropped []string) {
	s := m.write()
	if len(s) <= MaxMeta {
		return s, nil
	}
	for _, name := range m.largestFirst() {
		m.XAttrs = without(m.XAttrs, name)
		dropped = append(dropped, "extended attribute "+name)
		if s = m.write(); len(s) <= MaxMeta {
			return s, dropped
		}
	}
	m.Owner = nil
	return m.write(), append(dropped, "owner")
}

func (m Meta) largestFirst() []string {
	names := make([]string, 0, len(m.XAttrs))
	for name := range m.XAttrs {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := len(m.XAttrs[b]) - len(m.XAttrs[a]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return names
}

func without(attrs map[string][]byte, name string) map[string][]byte {
	out := make(map[string][]byte, len(attrs))
	for k, v := range attrs {
		if k != name {
			out[k] = v
		}
	}
	return out
}

// write returns equal bytes for equal values: keys are in one order.
func (m Meta) write() string {
	b := make([]byte, 0, 64)
	b = append(b, `{"v":`...)
	b = strconv.AppendInt(b, metaVersion, 10)
	empty := len(b)
	if m.HasMode {
		b = strconv.AppendUint(append(b, `,"m":`...), uint64(m.Mode), 10)
	}
	if m.Owner != nil {
		b = append(append(b, `,"o":`...), mustJSON(m.Owner)...)
	}
	if m.HasTime {
		b = strconv.AppendInt(append(b, `,"t":`...), m.Time, 10)
	}
	if m.Symlink {
		b = append(b, `,"l":1`...)
	}
	if m.Link != "" {
		b = append(append(b, `,"h":`...), mustJSON(m.Link)...)
	}
	if len(m.XAttrs) > 0 {
		b = append(append(b, `,"x":`...), mustJSON(m.XAttrs)...)
	}
	if len(b) == empty {
		return ""
	}
	return string(append(b, '}'))
}

// mustJSON marshals strings and maps of bytes, which cannot fail.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("scan: " + err.Error())
	}
	return b
}

// owners remembers names of users and groups.
type owners struct {
	users, groups map[uint32]string
}

func (o owners) of(uid, gid uint32) *Owner {
	return &Owner{
		User: cached(o.users, uid, func(id string) (string, error) {
			u, err := user.LookupId(id)
			if err != nil {
				return "", err
			}
			return u.Username, nil
		}),
		Group: cached(o.groups, gid, func(id string) (string, error) {
			g, err := user.LookupGroupId(id)
			if err != nil {
				return "", err
			}
			return g.Name, nil
		}),
		UID: uid, GID: gid,
	}
}

// cached looks a number up once; one without a name has the empty one.
func cached(known map[uint32]string, id uint32, look func(string) (string, error)) string {
	name, ok := known[id]
	if !ok {
		if found, err := look(strconv.FormatUint(uint64(id), 10)); err == nil {
			name = found
		}
		known[id] = name
	}
	return name
}
