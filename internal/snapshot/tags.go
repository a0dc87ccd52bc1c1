package snapshot

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestTag bounds a tag, in bytes: a mark is an attribute of a node, and those are small.
const longestTag = 100

// Tags sorts tags, drops those that are given twice, and refuses what is none: the empty text, which keep_tags takes for
// having no tags at all, and what cannot be written on one line beside others, separated by commas.
func Tags(given []string) ([]string, error) {
	for _, tag := range given {
		switch {
		case tag == "":
			return nil, fmt.Errorf("a tag cannot be empty")
		case len(tag) > longestTag:
			return nil, fmt.Errorf("the tag %.20q… is longer than %d bytes", tag, longestTag)
		case !utf8.ValidString(tag) || strings.ContainsFunc(tag, func(r rune) bool { return r == ',' || !unicode.IsPrint(r) }):
			return nil, fmt.Errorf("the tag %q has a comma or a character that cannot be shown", tag)
		case strings.TrimSpace(tag) != tag:
			return nil, fmt.Errorf("the tag %q begins or ends with a space", tag)
		}
	}
	tags := slices.Clone(given)
	slices.Sort(tags)
	return slices.Compact(tags), nil
}

// SameWishes says whether people said the same about two snapshots, or about one at two times: its tags and its pin.
func (m Mark) SameWishes(other Mark) bool {
	return m.Pin == other.Pin && slices.Equal(m.Tags, other.Tags)
}
