package ui

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/state"
)

// Outputs prints all outputs, sensitive ones redacted unless a program asks.
func (s *Screen) Outputs(all map[string]state.Output, asJSON bool) error {
	if asJSON {
		type view struct {
			Value     json.RawMessage `json:"value"`
			Sensitive bool            `json:"sensitive"`
		}
		views := map[string]view{}
		for name, o := range all {
			views[name] = view{json.RawMessage(o.Value), o.Sensitive}
		}
		return WriteJSON(s.Out, views)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value := string(all[name].Value)
		if all[name].Sensitive {
			value = "<sensitive>"
		}
		s.printf("%s = %s\n", name, value)
	}
	return nil
}

// Output prints one value as JSON, or raw.
func (s *Screen) Output(o state.Output, raw bool) error {
	if !raw {
		s.printf("%s\n", o.Value)
		return nil
	}
	var text string
	if err := json.Unmarshal(o.Value, &text); err != nil {
		return errors.New("-raw prints strings only: this output is not a string")
	}
	s.printf("%s", text)
	return nil
}

// StateDocument is the state as `megaplan show -json` writes it.
type StateDocument struct {
	FormatVersion   string         `json:"format_version"`
	MegaplanVersion string         `json:"megaplan_version"`
	Serial          uint64         `json:"serial"`
	Lineage         string         `json:"lineage"`
	Resources       []ResourceView `json:"resources"`
}

// NewStateDocument makes the state's document.
func NewStateDocument(d *state.Document, version string) StateDocument {
	return StateDocument{FormatVersion, version, d.Serial, d.Lineage, ViewResources(d)}
}

// LineDiff shows the lines that two texts do not share.
func (s *Screen) LineDiff(before, after string) {
	old, fresh := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	start := 0
	for start < min(len(old), len(fresh)) && old[start] == fresh[start] {
		start++
	}
	endOld, endNew := len(old), len(fresh)
	for endOld > start && endNew > start && old[endOld-1] == fresh[endNew-1] {
		endOld, endNew = endOld-1, endNew-1
	}
	s.printf("@@ line %d @@\n", start+1)
	for _, l := range old[start:endOld] {
		s.printf("%s\n", s.paint(Deleting, "-"+strings.TrimRight(l, "\n")))
	}
	for _, l := range fresh[start:endNew] {
		s.printf("%s\n", s.paint(Creating, "+"+strings.TrimRight(l, "\n")))
	}
}
