package filter

import "regexp"

// appsLine is what a line of a .megaignore file begins with where MEGA's apps wrote it: -:*.tmp, +fg:*.txt, exclude-larger:9.
var appsLine = regexp.MustCompile(`^(?:[-+][adfs]?[Nnp]?[GgRr]?:|exclude-(?:larger|smaller):|[-+]sync:)`)

// OfApps returns the first pattern of an ignore file that is in the language of MEGA's sync engine. Such a pattern matches next to
// nothing here. The engine puts a file of the name into every folder it syncs and leaves out with it all names that begin with
// a dot, for one; a backup that followed it would lack them.
func OfApps(patterns []Pattern) (Pattern, bool) {
	for _, p := range patterns {
		if appsLine.MatchString(p.Text) {
			return p, true
		}
	}
	return Pattern{}, false
}
