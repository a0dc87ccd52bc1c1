package planner

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/megaplan/megaplan/internal/tree"
)

// nfc returns the form names are matched in when they do not match byte for byte (rule 14).
func nfc(name string) string {
	if isASCII(name) || !utf8.ValidString(name) {
		return name
	}
	return norm.NFC.String(name)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// canonical returns a declared path in the form two of them are compared in: clean and NFC.
func canonical(path string) tree.Path {
	var names []string
	for name := range strings.SplitSeq(path, "/") {
		if name != "" {
			names = append(names, nfc(name))
		}
	}
	return tree.Path(strings.Join(names, "/"))
}

// SameHost compares host names as people mean them: without case, by the first label (rule 5).
func SameHost(a, b string) bool {
	a, _, _ = strings.Cut(a, ".")
	b, _, _ = strings.Cut(b, ".")
	return strings.EqualFold(a, b)
}

// fold returns a key under which names that differ only in case are equal.
func fold(name string) string {
	return strings.ToLower(name)
}
