package names

import (
	"fmt"
	"slices"
	"strings"
)

// Encoding is a set of classes of characters that are replaced. The zero value replaces NUL only.
type Encoding uint32

// The classes, named as in rclone's encoding option.
const (
	Slash Encoding = 1 << iota
	LtGt
	DoubleQuote
	SingleQuote
	BackQuote
	Dollar
	Colon
	Question
	Asterisk
	Pipe
	Hash
	Percent
	BackSlash
	CrLf
	Del
	Ctl
	LeftSpace
	LeftPeriod
	LeftTilde
	LeftCrLfHtVt
	RightSpace
	RightPeriod
	RightCrLfHtVt
	InvalidUTF8
	Dot
	SquareBracket
	Semicolon
	// Raw replaces nothing at all when it is alone.
	Raw
)

// Default is rclone's encoding for MEGA.
const Default = Slash | InvalidUTF8 | Dot

var byName = map[string]Encoding{
	"Slash": Slash, "LtGt": LtGt, "DoubleQuote": DoubleQuote, "SingleQuote": SingleQuote, "BackQuote": BackQuote,
	"Dollar": Dollar, "Colon": Colon, "Question": Question, "Asterisk": Asterisk, "Pipe": Pipe, "Hash": Hash,
	"Percent": Percent, "BackSlash": BackSlash, "CrLf": CrLf, "Del": Del, "Ctl": Ctl, "LeftSpace": LeftSpace,
	"LeftPeriod": LeftPeriod, "LeftTilde": LeftTilde, "LeftCrLfHtVt": LeftCrLfHtVt, "RightSpace": RightSpace,
	"RightPeriod": RightPeriod, "RightCrLfHtVt": RightCrLfHtVt, "InvalidUtf8": InvalidUTF8, "Dot": Dot,
	"SquareBracket": SquareBracket, "Semicolon": Semicolon, "Raw": Raw, "None": 0,
}

// Parse reads rclone's notation: class names joined by commas.
func Parse(s string) (Encoding, error) {
	var e Encoding
	for part := range strings.SplitSeq(s, ",") {
		class, ok := byName[strings.TrimSpace(part)]
		if !ok {
			return 0, fmt.Errorf("encoding %q: there is no class %q; the classes are %s", s, strings.TrimSpace(part), strings.Join(Classes(), ", "))
		}
		e |= class
	}
	return e, nil
}

// Classes lists the names that Parse knows.
func Classes() []string {
	out := make([]string, 0, len(byName))
	for name := range byName {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// String returns what Parse reads.
func (e Encoding) String() string {
	if e == 0 {
		return "None"
	}
	var out []string
	for _, name := range Classes() {
		if class := byName[name]; class != 0 && e&class != 0 {
			out = append(out, name)
		}
	}
	return strings.Join(out, ",")
}

func (e Encoding) has(class Encoding) bool { return e&class != 0 }
