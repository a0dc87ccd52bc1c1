package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
)

// nearest returns the candidate that was probably meant by word, or "".
func nearest(word string, candidates []string) string {
	best, bestDistance := "", tolerance(word)+1
	for _, c := range candidates {
		d := levenshtein.Distance(strings.ToLower(word), strings.ToLower(c), nil)
		if d < bestDistance || d == bestDistance && best != "" && c < best {
			best, bestDistance = c, d
		}
	}
	return best
}

// tolerance is how many letters may be wrong: two swapped letters count as two.
func tolerance(word string) int {
	switch n := len(word); {
	case n < 3:
		return 0
	case n == 3:
		return 1
	case n < 12:
		return 2
	default:
		return 3
	}
}

// didYouMean is a sentence to append, with a space before it, or "".
func didYouMean(word string, candidates []string) string {
	if best := nearest(word, candidates); best != "" {
		return fmt.Sprintf(" Did you mean %q?", best)
	}
	return ""
}

// nearestAddress is nearest for whole addresses, from the likeliest slip to the least: a name misspelt, a kind misspelt,
// the wrong kind or none, and a bit of both.
func nearestAddress(written string, all []string) string {
	root, name, dotted := strings.Cut(written, ".")
	slips := []func(kind, label string) bool{
		func(kind, label string) bool { return dotted && kind == root && nearest(name, []string{label}) != "" },
		func(kind, label string) bool { return dotted && label == name && nearest(root, []string{kind}) != "" },
		func(_, label string) bool { return label == name || label == root },
		func(_, label string) bool { return !dotted && nearest(root, []string{label}) != "" },
	}
	for _, slip := range slips {
		for _, candidate := range all {
			if kind, label, _ := strings.Cut(candidate, "."); slip(kind, label) {
				return candidate
			}
		}
	}
	return nearest(written, all)
}

func quotedList(words []string) string {
	slices.Sort(words)
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return listed(quoted)
}

// choiceList keeps the order of the words, which goes from the usual to the rare.
func choiceList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return listed(quoted)
}

// listed joins words for a sentence and cuts a list nobody would read.
func listed(words []string) string {
	const most = 12
	switch {
	case len(words) == 0:
		return "none"
	case len(words) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
	}
	return strings.Join(words, ", ")
}

// article puts "a" or "an" before a block type.
func article(word string) string {
	if word != "" && strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}
