package ui

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// liveArea is the last lines of a terminal, redrawn in place. (The progress bars of go-pretty were tried first: with messages
// pinned below them its frames pile up instead of replacing each other.)
type liveArea struct {
	w     io.Writer
	width int
	drawn int
}

// draw replaces what was drawn before; no lines clear the area. Lines are cut to the width, since one that wraps would
// make the next frame begin at the wrong place.
func (a *liveArea) draw(lines []string) {
	var b strings.Builder
	if a.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", a.drawn)
	}
	b.WriteString("\r\x1b[J")
	for _, l := range lines {
		b.WriteString(runewidth.Truncate(l, a.width-1, "…"))
		b.WriteString("\n")
	}
	a.drawn = len(lines)
	_, _ = io.WriteString(a.w, b.String()) // a terminal that is gone has nobody to tell
}

// bar is a bar of this many cells and its percentage; with no cells the percentage alone.
func bar(part, whole int64, cells int) string {
	share := 1.0
	if whole > 0 {
		share = min(1, max(0, float64(part)/float64(whole)))
	}
	percent := fmt.Sprintf("%3.0f %%  ", share*100)
	if cells <= 0 {
		return percent
	}
	full := int(share * float64(cells))
	return "▕" + strings.Repeat("█", full) + strings.Repeat("░", cells-full) + "▏ " + percent
}
