package names

import "strings"

// FromDisk returns the name under which a file called name on disk is kept on MEGA.
//
// It differs from Encode in one thing. A name on disk holds neither a slash nor NUL and is not "." or "..", so the
// look-alikes of those in it need no mark: they are written as they are. That is what rclone arrives at (its local backend
// reads "／" as a slash, its mega backend writes it back), and what it expects to find. FromDisk never gives two names on
// disk the same name on MEGA.
func (e Encoding) FromDisk(name string) string {
	if e == Default && plain(name) {
		return name
	}
	return e.Encode(e.unfold(name))
}

// ToDisk returns the name on disk for one on MEGA. ToDisk of FromDisk is the identity for names that a disk can hold.
func (e Encoding) ToDisk(name string) string { return e.fold(e.Decode(name)) }

// unfold turns look-alikes into what a disk cannot hold, as far as Encode turns them back.
func (e Encoding) unfold(name string) string {
	if e == Raw {
		return name
	}
	if e.has(Dot) && (name == period || name == period+period) {
		return strings.ReplaceAll(name, period, ".")
	}
	if e.has(Slash) {
		name = strings.ReplaceAll(name, "／", "/")
	}
	return strings.ReplaceAll(name, nul, "\x00")
}

// fold makes a name one that a disk can hold.
func (e Encoding) fold(name string) string {
	if name == "." || name == ".." {
		return strings.ReplaceAll(name, ".", period)
	}
	name = strings.ReplaceAll(name, "/", "／")
	return strings.ReplaceAll(name, "\x00", nul)
}
