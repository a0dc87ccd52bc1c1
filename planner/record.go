package planner

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// recordJSON is a Record in a journal. Names need not be UTF-8, which JSON cannot hold: such a path is base64 in a field of
// its own.
type recordJSON struct {
	Address  addr.Address  `json:"address"`
	Put      []entryJSON   `json:"put,omitempty"`
	Found    *entryJSON    `json:"found,omitempty"`
	Remove   []tree.Handle `json:"remove,omitempty"`
	Below    tree.Path     `json:"below,omitempty"`
	BelowRaw string        `json:"below_raw,omitempty"`
	From     tree.Path     `json:"from,omitempty"`
	FromRaw  string        `json:"from_raw,omitempty"`
	To       tree.Path     `json:"to,omitempty"`
	ToRaw    string        `json:"to_raw,omitempty"`
	Root     tree.Handle   `json:"root,omitempty"`
	Forget   bool          `json:"forget,omitempty"`
	Undo     bool          `json:"undo,omitempty"`

	Sole      tree.Path       `json:"sole,omitempty"` // a snapshot's name
	Published *state.Snapshot `json:"published,omitempty"`
	Expired   tree.Handle     `json:"expired,omitempty"`
}

type entryJSON struct {
	Path    tree.Path   `json:"path,omitempty"`
	PathRaw string      `json:"path_raw,omitempty"`
	Dir     bool        `json:"dir,omitempty"`
	Handle  tree.Handle `json:"handle"`
	Size    int64       `json:"size,omitempty"`
	MTime   int64       `json:"mtime,omitempty"`
	CRC     string      `json:"crc,omitempty"`
	Meta    string      `json:"meta,omitempty"`
}

// MarshalJSON writes what UnmarshalJSON reads.
func (r Record) MarshalJSON() ([]byte, error) {
	out := recordJSON{
		Address: r.Address, Remove: r.Remove, Root: r.Root, Forget: r.Forget, Undo: r.Undo, Sole: r.Sole, Published: r.Published, Expired: r.Expired,
	}
	out.Below, out.BelowRaw = pathJSON(r.Below)
	out.From, out.FromRaw = pathJSON(r.From)
	out.To, out.ToRaw = pathJSON(r.To)
	for i := range r.Put {
		out.Put = append(out.Put, toJSON(&r.Put[i]))
	}
	if r.Found != nil {
		x := toJSON(r.Found)
		out.Found = &x
	}
	return json.Marshal(out)
}

func toJSON(e *state.Entry) entryJSON {
	x := entryJSON{Dir: e.Dir, Handle: e.Handle, Size: e.Size, MTime: e.MTime, Meta: e.Meta}
	x.Path, x.PathRaw = pathJSON(e.Path)
	if e.CRC != ([16]byte{}) {
		x.CRC = base64.RawStdEncoding.EncodeToString(e.CRC[:])
	}
	return x
}

func (x *entryJSON) entry() (e state.Entry, err error) {
	e = state.Entry{Dir: x.Dir, Handle: x.Handle, Size: x.Size, MTime: x.MTime, Meta: x.Meta}
	if e.Path, err = jsonPath(x.Path, x.PathRaw); err != nil {
		return e, err
	}
	crc, err := base64.RawStdEncoding.DecodeString(x.CRC)
	if err != nil || len(crc) != 0 && len(crc) != len(e.CRC) {
		return e, fmt.Errorf("record of %s: the crc %q is not 16 bytes in base64", e.Path, x.CRC)
	}
	copy(e.CRC[:], crc)
	return e, nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Record) UnmarshalJSON(data []byte) error {
	var in recordJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	var err error
	*r = Record{
		Address: in.Address, Remove: in.Remove, Root: in.Root, Forget: in.Forget, Undo: in.Undo, Sole: in.Sole, Published: in.Published, Expired: in.Expired,
	}
	if r.Below, err = jsonPath(in.Below, in.BelowRaw); err != nil {
		return err
	}
	if r.From, err = jsonPath(in.From, in.FromRaw); err != nil {
		return err
	}
	if r.To, err = jsonPath(in.To, in.ToRaw); err != nil {
		return err
	}
	for i := range in.Put {
		e, err := in.Put[i].entry()
		if err != nil {
			return err
		}
		r.Put = append(r.Put, e)
	}
	if in.Found != nil {
		e, err := in.Found.entry()
		if err != nil {
			return err
		}
		r.Found = &e
	}
	return nil
}

// Split cuts a record into some that say the same in order, none with much more than this many bytes of entries: a folder that
// comes back brings all that is in it.
func (r Record) Split(limit int) []Record {
	var out []Record
	rest := r.Put
	for {
		n, size := 0, 0
		for n < len(rest) && (n == 0 || size < limit) {
			size += 200 + 2*len(rest[n].Path) + 2*len(rest[n].Meta)
			n++
		}
		if len(out) == 0 {
			first := r
			first.Put = rest[:n]
			out = append(out, first)
		} else {
			out = append(out, Record{Address: r.Address, Put: rest[:n], Undo: r.Undo})
		}
		if rest = rest[n:]; len(rest) == 0 {
			return out
		}
	}
}

func pathJSON(p tree.Path) (text tree.Path, raw string) {
	if utf8.ValidString(string(p)) {
		return p, ""
	}
	return "", base64.RawStdEncoding.EncodeToString([]byte(p))
}

func jsonPath(text tree.Path, raw string) (tree.Path, error) {
	if raw == "" {
		return text, nil
	}
	p, err := base64.RawStdEncoding.DecodeString(raw)
	if err != nil {
		return "", fmt.Errorf("the path %q is not base64", raw)
	}
	return tree.Path(p), nil
}
