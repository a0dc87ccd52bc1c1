package config

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// digestRounds slows down who would guess a password from the digest in a plan file; it costs about 10 ms.
const digestRounds = 20_000

// digest identifies the files, the variables and whatever functions read outside (rule 26).
func (e *evaluator) digest(files Files) string {
	h := sha256.New()
	for _, name := range sortedKeys(files) {
		field(h, name)
		field(h, string(files[name]))
	}
	private := sha256.New() // values that may be secrets and easily guessed
	guessable := len(e.reads.seen) > 0
	for _, name := range sortedKeys(e.variables) {
		if v := e.variables[name]; v.IsMarked() {
			guessable = true
			value(private, name, v)
		} else {
			value(h, name, v)
		}
	}
	for _, name := range sortedKeys(e.reads.seen) {
		field(private, name)
		field(private, e.reads.seen[name])
	}
	if guessable {
		slow, err := pbkdf2.Key(sha256.New, string(private.Sum(nil)), h.Sum(nil), digestRounds, sha256.Size)
		if err != nil {
			panic(fmt.Sprintf("config: digest: %v", err)) // only for lengths that PBKDF2 does not have
		}
		field(h, string(slow))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func value(h hash.Hash, name string, v cty.Value) {
	v, _ = v.Unmark()
	// A value that has no JSON (an infinite number) is told apart by its type alone.
	text, _ := ctyjson.SimpleJSONValue{Value: v}.MarshalJSON()
	field(h, name)
	field(h, v.Type().GoString())
	field(h, string(text))
}

// field writes a length and a text, so that no two lists of fields give the same bytes.
func field(h hash.Hash, s string) {
	fmt.Fprintf(h, "%d:", len(s))
	// A hash never fails to write.
	_, _ = io.WriteString(h, s)
}
