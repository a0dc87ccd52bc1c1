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

// nearestAddress is nearest for whole addresses: a part that fits exactly is worth more than letters.
func nearestAddress(written string, all []string) string {
	if best := nearest(written, all); best != "" {
		return best
	}
	root, name, dotted := strings.Cut(written, ".")
	var fits []string
	for _, candidate := range all {
		kind, label, _ := strings.Cut(candidate, ".")
		switch {
		case !dotted && (label == root || nearest(root, []string{label}) != ""),
			dotted && kind == root && nearest(name, []string{label}) != "",
			dotted && label == name,
			dotted && label == root:
			fits = append(fits, candidate)
		}
	}
	if len(fits) == 0 {
		return ""
	}
	return fits[0]
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
