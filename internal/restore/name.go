package restore

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxName is the longest name that file systems take: bytes, or UTF-16 units on Windows.
const maxName = 255

// refusal says why a remote node is not restored under its name; "" if it may be. stored is the name on MEGA: one with a
// slash, or one that means a place, comes from a client that wanted to get out, or from a mistake. disk is what it would be
// called here.
func refusal(stored, disk string, windows bool) string {
	switch {
	case stored == "" || disk == "":
		return "the name is empty"
	case stored == "." || stored == "..":
		return fmt.Sprintf("%q is a place, not a name", stored)
	case strings.Contains(stored, "/"):
		return "the name holds a slash"
	case strings.Contains(stored, "\x00"):
		return "the name holds a NUL"
	case strings.HasPrefix(disk, tempPrefix):
		return "the name is that of a restore's temporary files"
	case windows:
		return refusalOnWindows(disk)
	case len(disk) > maxName:
		return fmt.Sprintf("the name is too long: %d of at most %d bytes", len(disk), maxName)
	}
	return ""
}

// devices are names that mean hardware on Windows, in every directory and with any extension.
var devices = map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true, "CONIN$": true, "CONOUT$": true}

func refusalOnWindows(name string) string {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch {
	case devices[stem] || numbered(stem, "COM") || numbered(stem, "LPT"):
		return "the name is that of a device on Windows"
	case strings.ContainsAny(name, `<>:"|?*\`) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
		return "Windows does not take names with these characters"
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return "Windows does not take names that end in a dot or a space"
	case !utf8.ValidString(name):
		return "Windows does not take names that are no UTF-8"
	}
	if n := len(utf16.Encode([]rune(name))); n > maxName {
		return fmt.Sprintf("the name is too long: %d of at most %d characters", n, maxName)
	}
	return ""
}

// numbered says that the stem is the port and a digit, superscript ones included.
func numbered(stem, port string) bool {
	digit, ok := strings.CutPrefix(stem, port)
	return ok && utf8.RuneCountInString(digit) == 1 && strings.Contains("0123456789¹²³", digit)
}
