package snapshot

import (
	"encoding/json"
	"slices"
	"time"
)

// Attribute is the node attribute that holds a Mark.
const Attribute = "_mpsnap"

// Mark is what a snapshot's folder says about it.
type Mark struct {
	// Began is when its scan began, to the second.
	Began time.Time
	// Host made it.
	Host string
	// Complete says that everything the source had is in it; one that lacks what could not be read is never counted.
	Complete bool
	// Files and Bytes are what it holds.
	Files, Bytes int64
	// Tags are given by people, sorted; Pin keeps it whatever retention says.
	Tags []string
	Pin  bool
}

// wireMark is a Mark as it is written, version 1.
type wireMark struct {
	Version  int      `json:"v"`
	Began    int64    `json:"t"`
	Host     string   `json:"h,omitempty"`
	Complete bool     `json:"c,omitempty"`
	Files    int64    `json:"f"`
	Bytes    int64    `json:"b"`
	Tags     []string `json:"g,omitempty"`
	Pin      bool     `json:"p,omitempty"`
}

// Text returns the value of the attribute.
func (m Mark) Text() string {
	text, err := json.Marshal(wireMark{
		Version: 1, Began: m.Began.Unix(), Host: m.Host, Complete: m.Complete, Files: m.Files, Bytes: m.Bytes, Tags: m.Tags, Pin: m.Pin,
	})
	if err != nil {
		panic("snapshot: " + err.Error()) // strings, numbers and booleans always encode
	}
	return string(text)
}

// ParseMark reads what Text wrote; ok is false for anything else, also for a later version.
func ParseMark(text string) (m Mark, ok bool) {
	var w wireMark
	if json.Unmarshal([]byte(text), &w) != nil || w.Version != 1 {
		return Mark{}, false
	}
	slices.Sort(w.Tags)
	if w.Tags = slices.Compact(w.Tags); len(w.Tags) == 0 {
		w.Tags = nil
	}
	return Mark{
		Began: time.Unix(w.Began, 0).UTC(), Host: w.Host, Complete: w.Complete, Files: w.Files, Bytes: w.Bytes, Tags: w.Tags, Pin: w.Pin,
	}, true
}
