package names

import "strings"

// FromDisk returns the name under which a file called name on disk is kept on MEGA.
//
// It differs from Encode in two things. A name on disk holds neither a slash nor NUL and is not "." or "..", so the
// look-alikes of those in it need no mark: they are written as they are. That is what rclone arrives at (its local backend
// reads "／" as a slash, its mega backend writes it back), and what it expects to find. And a ‛ that would not be taken for a
// mark stays one, as in every name that MEGA's apps write: where they sync the same folder, a name with two of them would be
// another file, which comes back and is written with four. FromDisk never gives two names on disk the same name on MEGA.
func (e Encoding) FromDisk(name string) string {
	if e == Default && plain(name) {
		return name
	}
	encoded := e.Encode(e.unfold(name))
	if single := strings.ReplaceAll(encoded, quote+quote, quote); single != encoded && e.ToDisk(single) == name {
		return single
	}
	return encoded
}

// Spelled is the name under which FromDisk would keep the file that a name on MEGA is restored as: names that are spelled
// alike are the same name on disk.
func (e Encoding) Spelled(name string) string { return e.FromDisk(e.ToDisk(name)) }

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
