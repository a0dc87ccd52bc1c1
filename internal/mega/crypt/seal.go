package crypt

import "fmt"

// SetSealed gives an attribute a string value in a spelling that means the same to every client and that none writes: its first
// character is escaped. A client that changes one attribute of a node writes all of them anew, as MEGA's own do to take a node
// out of the bin, and so breaks the seal without knowing it. The value starts with an ASCII character.
func (a *Attributes) SetSealed(name, value string) {
	sealed := fmt.Appendf(nil, `"\u%04x`, value[0])
	a.setRaw(name, append(sealed, encodeString(value[1:])[1:]...))
}

// Sealed says whether a string attribute is as SetSealed wrote it: only clients that keep what they do not change byte for byte,
// as this one does, have changed the node's attributes since.
func (a Attributes) Sealed(name string) bool {
	value, ok := a.Get(name)
	if !ok || value == "" {
		return false
	}
	raw, _ := a.Raw(name)
	var fresh Attributes
	fresh.SetSealed(name, value)
	return string(fresh.entries[0].value) == string(raw)
}
