package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

// TestDoctorBreaksAtSpaces: on a terminal, and nowhere else.
func TestDoctorBreaksAtSpaces(t *testing.T) {
	findings := []Finding{{What: "state", Detail: strings.Repeat("long words ", 20), Remedy: strings.Repeat("more of them ", 20) + "\nand a line"}}
	for _, wrap := range []bool{true, false} {
		var out bytes.Buffer
		healthy, err := (&Screen{Out: &out, Width: 40, Wrap: wrap}).Doctor(findings, false)
		if healthy || err != nil {
			t.Errorf("healthy %v, %v", healthy, err)
		}
		lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
		if !wrap && len(lines) != 3 {
			t.Errorf("%d lines:\n%s", len(lines), out.String())
		}
		for _, line := range lines[1:] {
			if wrap && (runewidth.StringWidth(line) > 40 || !strings.HasPrefix(line, "     ")) {
				t.Errorf("%q", line)
			}
		}
	}
}
