package filter

import "testing"

func TestOfApps(t *testing.T) {
	for content, want := range map[string]string{
		// As MEGA's SDK 10.11 writes it.
		"\ufeff-:Thumbs.db\n-:desktop.ini\n-:~*\n-:.*\n-:*~.*\n-:*.crdownload\n-:*.tmp\n": "f:1",
		"# mine\r\n\r\n*.o\r\n+fnG:*.c\r\n":                                               "f:4",
		"-dN:cache\n":                                                                     "f:1",
		"-p:some/path\n":                                                                  "f:1",
		"-r:.*\\.bak\n":                                                                   "f:1",
		"exclude-larger:1000\n":                                                           "f:1",
		"+sync:.megaignore\n":                                                             "f:1",
		"*.tmp\n!keep.tmp\n-x:y\n+-\n":                                                    "",
		"exclude-me\ncache/\n/a:b\n-x\n-:":                                                "f:5",
		"":                                                                                "",
	} {
		p, found := OfApps(ParseIgnoreFile("f", []byte(content)))
		if p.Where != want || found != (want != "") {
			t.Errorf("%q: %+v, %v, want %s", content, p, found, want)
		}
	}
}
