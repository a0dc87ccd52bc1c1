package config

import "github.com/megaplan/megaplan/internal/addr"

// Kind says how an argument's value is read.
type Kind string

// The kinds of arguments, named as documentation names them.
const (
	KindText         Kind = "text"
	KindSecret       Kind = "secret text"
	KindBool         Kind = "true or false"
	KindInteger      Kind = "whole number"
	KindChoice       Kind = "one of"
	KindChoices      Kind = "list of"
	KindTexts        Kind = "list of text"
	KindCommand      Kind = "command"
	KindPatterns     Kind = "list of patterns"
	KindTags         Kind = "list of tags"
	KindRemotePath   Kind = "remote path"
	KindLocalPath    Kind = "local path"
	KindSource       Kind = "local path or source"
	KindReference    Kind = "reference"
	KindDuration     Kind = "duration"
	KindKeepDuration Kind = "keep duration"
	KindSize         Kind = "size"
	KindPercent      Kind = "percentage"
	KindCountLimit   Kind = "number or percentage"
	KindSizeLimit    Kind = "size or percentage"
	KindTimetable    Kind = "bandwidth timetable"
	KindTimezone     Kind = "time zone"
	KindEncoding     Kind = "encoding"
	KindEndpoint     Kind = "endpoint"
	KindURL          Kind = "http address"
	KindVersion      Kind = "version constraint"
	KindForEach      Kind = "set of text or map"
	KindAny          Kind = "any value"
	KindAddress      Kind = "address"
	KindType         Kind = "type"
	KindCondition    Kind = "condition"
)

// Attribute is one argument of a block.
type Attribute struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Choices are the words of a KindChoice or KindChoices.
	Choices []string `json:"choices,omitempty"`
	// RefersTo is the kind of block a KindReference or KindSource names.
	RefersTo addr.Kind `json:"refers_to,omitempty"`
	// Default is the value when the argument is left out, as HCL; "" is none.
	Default  string `json:"default,omitempty"`
	Required bool   `json:"required,omitempty"`
	// Min is the least a KindInteger may be.
	Min int64 `json:"min,omitempty"`
	// Meaning is a sentence or two for people.
	Meaning string `json:"meaning"`
}

// Block is one type of block, or one variant of it.
type Block struct {
	Type string `json:"type"`
	// Label says what the label means; "" is a block without one.
	Label string `json:"label,omitempty"`
	// Meaning is a sentence or two for people.
	Meaning string `json:"meaning"`
	// Example is HCL that shows the block at work.
	Example string `json:"example,omitempty"`
	// Repeats says whether a body may hold several.
	Repeats bool `json:"repeats,omitempty"`
	// Free says that any argument may be written, as in locals.
	Free       bool        `json:"free,omitempty"`
	Attributes []Attribute `json:"attributes,omitempty"`
	Blocks     []Block     `json:"blocks,omitempty"`
	// Variants are the bodies a label chooses between, keyed by that label.
	Variants map[string]Block `json:"variants,omitempty"`
}

// Schema returns the whole language: every block with every argument, its type, default and meaning. The caller may
// keep and change what it gets.
func Schema() []Block {
	return []Block{
		megaplanBlock(), variableBlock(), localsBlock(), accountBlock(), sourceBlock(), backupBlock(), folderBlock(),
		checkBlock(), outputBlock(), importBlock(), movedBlock(), removedBlock(),
	}
}

// language is the schema that loading reads; nothing writes it.
var language = root()

func root() *Block { return &Block{Blocks: Schema()} }

func (b *Block) attribute(name string) *Attribute {
	for i := range b.Attributes {
		if b.Attributes[i].Name == name {
			return &b.Attributes[i]
		}
	}
	return nil
}

func (b *Block) block(name string) *Block {
	for i := range b.Blocks {
		if b.Blocks[i].Type == name {
			return &b.Blocks[i]
		}
	}
	return nil
}

// static says that the argument is read as written, not evaluated with its block.
func (a *Attribute) static() bool {
	return a.Kind == KindAddress || a.Kind == KindType || a.Kind == KindCondition || a.Kind == KindForEach
}
