package snapshot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Latest is the word that stands for the newest complete snapshot.
const Latest = "latest"

// PickError says that a text stands for no snapshot of a list, or for several.
type PickError struct {
	Text string
	// Several are those whose names begin with the text.
	Several []string
	// Nearest are names close to the text in time, oldest first, of the Of that there are.
	Nearest []string
	Of      int
}

func (e *PickError) Error() string {
	switch {
	case len(e.Several) > 0:
		return fmt.Sprintf("%q begins several: %s", e.Text, strings.Join(e.Several, ", "))
	case e.Of == 0:
		return fmt.Sprintf("there is no snapshot %q: there is none at all", e.Text)
	case e.Text == Latest:
		return "there is no complete snapshot"
	}
	return fmt.Sprintf("there is no snapshot %q; the nearest of %d: %s", e.Text, e.Of, strings.Join(e.Nearest, ", "))
}

// Pick finds the snapshot that a text stands for: its name, the beginning of the only name that begins so, or Latest. The
// error is a *PickError.
func Pick(list []Snapshot, text string) (Snapshot, error) {
	if text == Latest {
		if s, ok := Newest(list, time.Time{}); ok {
			return s, nil
		}
		return Snapshot{}, &PickError{Text: text, Of: len(list)}
	}
	var begun []Snapshot
	for _, s := range list {
		if s.Name == text {
			return s, nil
		}
		if text != "" && strings.HasPrefix(s.Name, text) {
			begun = append(begun, s)
		}
	}
	switch len(begun) {
	case 1:
		return begun[0], nil
	case 0:
		return Snapshot{}, &PickError{Text: text, Nearest: nearest(list, text), Of: len(list)}
	}
	return Snapshot{}, &PickError{Text: text, Several: names(begun), Of: len(list)}
}

// shown is how many names an error suggests.
const shown = 3

// nearest are the names closest to what a text says of a time, the newest ones where it says nothing.
func nearest(list []Snapshot, text string) []string {
	near := slices.Clone(list)
	if at, ok := timeIn(text); ok {
		slices.SortStableFunc(near, func(a, b Snapshot) int { return cmp.Compare(a.Began.Sub(at).Abs(), b.Began.Sub(at).Abs()) })
	}
	near = near[:min(shown, len(near))]
	slices.SortStableFunc(near, func(a, b Snapshot) int { return a.Began.Compare(b.Began) })
	return names(near)
}

// timeIn reads the beginning of a name as a time, as far as it goes.
func timeIn(text string) (time.Time, bool) {
	if began, _, ok := ParseName(text); ok {
		return began, true
	}
	for end := min(len(text), len(layout)); end > 0; end-- {
		if at, err := time.Parse(layout[:end], text[:end]); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func names(list []Snapshot) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.Name
	}
	return out
}
