package state

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Bundle is a whole state in one JSON text: the document and the objects it refers to. It is what a backend keeps that has room
// for one text only, and what carries a state from one backend to another.
//
// Servers that keep Terraform's states look into what they are given: GitLab wants a serial that no earlier text had, Gitea wants
// all that Terraform writes. So a bundle looks like an empty state of Terraform's with one more field, which is ours. Its
// terraform_version is none that Terraform can read: Terraform refuses the text rather than take it for a state without resources.
type Bundle struct {
	// Serial is the text's own, another one each time it is written; the document has its own.
	Serial uint64
	// Document is the state document, or what a Backend was told to keep as one.
	Document json.RawMessage
	// Objects are manifests and deltas by digest, as the backend they come from keeps them.
	Objects map[string]BundledObject
}

// BundledObject is an object, and when it was put.
type BundledObject struct {
	Time time.Time `json:"time,omitzero"`
	Data []byte    `json:"data"`
}

// bundleVersion is the newest format of the field that is ours.
const bundleVersion = 1

// ErrForeign says that a text is no state of megaplan's, and may be somebody else's.
var ErrForeign = errors.New("what is there is no state of megaplan's; if it is Terraform's, megaplan needs an address of its own")

type bundleText struct {
	Version          int                        `json:"version"`
	TerraformVersion string                     `json:"terraform_version"`
	Serial           uint64                     `json:"serial"`
	Lineage          string                     `json:"lineage"`
	Outputs          map[string]json.RawMessage `json:"outputs"`
	Resources        []json.RawMessage          `json:"resources"`
	Megaplan         *bundleField               `json:"megaplan"`
}

type bundleField struct {
	Version  int                      `json:"version"`
	Document json.RawMessage          `json:"document"`
	Objects  map[string]BundledObject `json:"objects,omitempty"`
}

// Encode returns the bundle as JSON; equal bundles give equal bytes.
func (b *Bundle) Encode() ([]byte, error) {
	var head struct {
		Lineage         string `json:"lineage"`
		MegaplanVersion string `json:"megaplan_version"`
	}
	_ = json.Unmarshal(b.Document, &head) // a backend keeps any JSON; only a state document has a lineage
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(bundleText{
		Version: 4, TerraformVersion: "megaplan-" + cmp.Or(head.MegaplanVersion, "0"), Serial: b.Serial, Lineage: head.Lineage,
		Outputs: map[string]json.RawMessage{}, Resources: []json.RawMessage{},
		Megaplan: &bundleField{Version: bundleVersion, Document: b.Document, Objects: b.Objects},
	})
	if err != nil {
		return nil, fmt.Errorf("encode state bundle: %w", err)
	}
	return out.Bytes(), nil
}

// DecodeBundle reads what Encode writes. It returns an error that is ErrForeign for other JSON, and a *CorruptError for none.
func DecodeBundle(data []byte) (*Bundle, error) {
	var text bundleText
	if err := json.Unmarshal(data, &text); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return nil, ErrForeign
		}
		return nil, corrupt("state", err)
	}
	ours := text.Megaplan
	switch {
	case ours == nil:
		return nil, ErrForeign
	case ours.Version > bundleVersion:
		return nil, &NewerVersionError{ours.Version, text.TerraformVersion}
	case ours.Version < 1 || len(ours.Document) == 0:
		return nil, corrupt("state", fmt.Errorf("version %d without a document", ours.Version))
	}
	return &Bundle{Serial: text.Serial, Document: ours.Document, Objects: ours.Objects}, nil
}
