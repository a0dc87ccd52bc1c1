package tree

import "fmt"

// Kind says what a node is.
type Kind uint8

// The kinds of nodes.
const (
	Dir Kind = iota
	File
	// Symlink is a recorded symbolic link: a small file whose content is its target.
	Symlink
	// Unknown is a name that exists but about which nothing may be concluded: left out by a filter, unreadable, on
	// another file system, too large. Its Reason says which. Nothing is known below it either.
	Unknown
	// Undecryptable is a remote node whose key or attributes cannot be read. It is shown, never matched, never deleted.
	Undecryptable
)

func (k Kind) String() string {
	switch k {
	case Dir:
		return "directory"
	case File:
		return "file"
	case Symlink:
		return "symlink"
	case Unknown:
		return "unknown"
	case Undecryptable:
		return "undecryptable"
	}
	panic(fmt.Sprintf("tree: kind %d", uint8(k)))
}

// HasContent says whether nodes of this kind hold bytes that can be uploaded and compared.
func (k Kind) HasContent() bool { return k == File || k == Symlink }

// Why says why a local name is Unknown, or a directory Incomplete.
type Why uint8

// The reasons a local name is Unknown.
const (
	_ Why = iota
	// Excluded: an exclude pattern, an ignore file or a missing include match left it out; Reason names pattern, file and line.
	Excluded
	// Unreadable: the name is there but it, or the directory's listing, could not be read. The run ends with exit code 3.
	Unreadable
	// OtherFileSystem: one_file_system stopped at a mount point.
	OtherFileSystem
	// TooLarge: above max_file_size.
	TooLarge
	// Special: a socket, device or pipe; or a symlink under symlinks = "skip".
	Special
	// NameClash: its encoded name equals that of an earlier local name.
	NameClash
	// OwnFile: megaplan's own state, lock, cache or plan file.
	OwnFile
)

func (w Why) String() string {
	switch w {
	case 0:
		return ""
	case Excluded:
		return "excluded"
	case Unreadable:
		return "unreadable"
	case OtherFileSystem:
		return "other file system"
	case TooLarge:
		return "too large"
	case Special:
		return "special"
	case NameClash:
		return "name clash"
	case OwnFile:
		return "megaplan's own"
	}
	panic(fmt.Sprintf("tree: why %d", uint8(w)))
}

// Node is one node's facts. A Tree stores them column by column and hands them out by value.
type Node struct {
	// Name is the name as MEGA stores it (encoded), in bytes. The root's name is "".
	Name string
	// LocalName is the name on disk where encoding made it differ from Name, else "".
	LocalName string
	Kind      Kind
	// Incomplete marks a directory whose listing is not complete: names missing from it are not absent.
	Incomplete bool
	// Why and Reason explain an Unknown node or an Incomplete directory; Reason is a phrase a person reads, such as
	// "exclude, documents.mega.hcl:14".
	Why    Why
	Reason string

	Size int64
	// MTime is in nanoseconds since 1970. Remote times come from the fingerprint and have whole seconds.
	MTime int64
	// Meta is the _mp attribute: as it should be written (local), or as it was found (remote). See rule 33.
	Meta string

	// Facts of a local file, for proofs (rule 9) and preconditions (rule 27).
	CTime int64 // nanoseconds
	Dev   uint64
	Inode uint64
	Links uint32 // hard links to the file

	// Facts of a remote node.
	Handle Handle
	// Created is the server's time of the node in Unix seconds.
	Created int64
	// HasFingerprint says whether MTime and CRC were read from a c attribute.
	HasFingerprint bool
	CRC            [16]byte
	// Versions and VersionBytes count the older versions below a file.
	Versions     uint32
	VersionBytes int64
	// TrashedBy and TrashedAt are read from _mptrash of a node in the bin (rule 21).
	TrashedBy string
	TrashedAt int64
	// Snapshot is the _mpsnap attribute of a snapshot's folder, as it was found (rule 23).
	Snapshot string
	// Own marks a folder in which megaplan keeps things of its own (rule 2).
	Own bool
}

// LocalOrName returns the name on disk.
func (n Node) LocalOrName() string {
	if n.LocalName != "" {
		return n.LocalName
	}
	return n.Name
}
