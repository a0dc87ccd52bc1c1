package names

import (
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NFC returns the key under which two spellings of the same accents are alike. Bytes that are no UTF-8 stay as they are.
func NFC(name string) string {
	if ascii(name) {
		return name
	}
	return norm.NFC.String(name)
}

// Fold returns the key under which names are alike that differ in case or in the spelling of accents. A file system that
// ignores case would take them for one.
func Fold(name string) string {
	if !utf8.ValidString(name) {
		return name
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(name)))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
