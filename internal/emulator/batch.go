package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// command is one element of a cs request.
type command struct {
	name string
	raw  json.RawMessage
}

type batch []command

const maxCommands = 10_000

// parseBatch splits a cs body. A batch may be partly filled on error.
func parseBatch(body []byte) (batch, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("cs body: %w", err)
	}
	if len(list) == 0 || len(list) > maxCommands {
		return nil, errors.New("cs body: number of commands is out of range")
	}
	b := make(batch, len(list))
	for i, raw := range list {
		var head struct {
			A string `json:"a"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return nil, fmt.Errorf("cs body: command %d: %w", i, err)
		}
		b[i] = command{name: head.A, raw: raw}
	}
	return b, nil
}

func (b batch) names() []string {
	names := make([]string, len(b))
	for i, c := range b {
		names[i] = c.name
	}
	return names
}

func (b batch) has(name string) bool {
	for _, c := range b {
		if c.name == name {
			return true
		}
	}
	return false
}

// loose is an integer that clients send as a number, a quoted number, a
// boolean or null.
type loose struct {
	value int64
	set   bool
}

func (l *loose) UnmarshalJSON(p []byte) error {
	text := string(bytes.Trim(p, `"`))
	switch text {
	case "null", "":
		return nil
	case "true":
		text = "1"
	case "false":
		text = "0"
	}
	if whole, fraction, found := strings.Cut(text, "."); found && strings.Trim(fraction, "0") == "" {
		text = whole
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return err
	}
	*l = loose{value: v, set: true}
	return nil
}

// quote writes a JSON string without the HTML escapes that MEGA's client
// would take literally.
func quote(s string) string {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic("emulator: a string cannot be encoded: " + err.Error())
	}
	return strings.TrimSuffix(buf.String(), "\n")
}
