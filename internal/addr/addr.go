// Package addr names the things a configuration declares, as people and scripts write them:
// backup.photos, backup.www["web1"], account.main.
package addr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Kind is the block type an address belongs to.
type Kind string

// The kinds of blocks that have an address.
const (
	Account Kind = "account"
	Source  Kind = "source"
	Folder  Kind = "folder"
	Backup  Kind = "backup"
	Check   Kind = "check"
	Output  Kind = "output"
)

// Address names one declared block, or one instance of it under for_each. It is comparable; the zero value names nothing.
type Address struct {
	Kind Kind
	Name string
	// Key is the for_each key; it counts only when Keyed is set, since "" is a key like any other.
	Key   string
	Keyed bool
}

// New returns the address of a block without for_each.
func New(kind Kind, name string) Address { return Address{Kind: kind, Name: name} }

// Instance returns the address of one for_each instance of the block.
func (a Address) Instance(key string) Address {
	a.Key, a.Keyed = key, true
	return a
}

// Block returns the address without its for_each key.
func (a Address) Block() Address {
	a.Key, a.Keyed = "", false
	return a
}

// IsZero says whether the address names nothing.
func (a Address) IsZero() bool { return a == Address{} }

// String returns the form that Parse reads.
func (a Address) String() string {
	if a.IsZero() {
		return ""
	}
	s := string(a.Kind) + "." + a.Name
	if a.Keyed {
		s += "[" + strconv.Quote(a.Key) + "]"
	}
	return s
}

// Compare orders addresses by kind, name and key.
func (a Address) Compare(b Address) int {
	if c := strings.Compare(string(a.Kind), string(b.Kind)); c != 0 {
		return c
	}
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.Key, b.Key)
}

// Parse reads what String writes.
func Parse(s string) (Address, error) {
	kind, rest, ok := strings.Cut(s, ".")
	if !ok {
		return Address{}, fmt.Errorf("address %q has no kind: write it as backup.name", s)
	}
	a := Address{Kind: Kind(kind), Name: rest}
	switch a.Kind {
	case Account, Source, Folder, Backup, Check, Output:
	default:
		return Address{}, fmt.Errorf("address %q: there is no block type %q", s, kind)
	}
	if i := strings.IndexByte(rest, '['); i >= 0 {
		if !strings.HasSuffix(rest, "]") {
			return Address{}, fmt.Errorf("address %q: the key is not closed with ]", s)
		}
		key, err := strconv.Unquote(rest[i+1 : len(rest)-1])
		if err != nil {
			return Address{}, fmt.Errorf("address %q: the key is not a quoted string", s)
		}
		a.Name, a.Key, a.Keyed = rest[:i], key, true
	}
	if !validName(a.Name) {
		return Address{}, fmt.Errorf("address %q: %q is not a block name", s, a.Name)
	}
	return a, nil
}

// MarshalText and UnmarshalText make addresses plain strings in JSON, keys included.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText writes; the empty text is the zero address.
func (a *Address) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = Address{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

func validName(s string) bool {
	for i, r := range s {
		if r == '_' || unicode.IsLetter(r) || i > 0 && (r == '-' || unicode.IsDigit(r)) {
			continue
		}
		return false
	}
	return s != ""
}
