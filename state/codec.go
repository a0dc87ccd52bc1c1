package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/megaplan/megaplan/internal/addr"
)

// Encode returns the document as indented JSON; equal documents give equal bytes.
func (d *Document) Encode() ([]byte, error) {
	sorted := *d
	sorted.Version = d.version()
	sorted.Resources = slices.SortedFunc(slices.Values(d.Resources), func(a, b Resource) int { return a.Address.Compare(b.Address) })
	if sorted.Resources == nil {
		sorted.Resources = []Resource{}
	}
	sorted.Leases = slices.SortedFunc(slices.Values(d.Leases), func(a, b Lease) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(sorted); err != nil {
		return nil, fmt.Errorf("encode state: %w", err)
	}
	return out.Bytes(), nil
}

// Decode reads a document of this or an older version. It returns a *NewerVersionError for a newer one and a *CorruptError
// for anything that is no state document.
func Decode(data []byte) (*Document, error) {
	var head struct {
		Version         int    `json:"version"`
		MegaplanVersion string `json:"megaplan_version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, corrupt("state document", err)
	}
	if head.Version > Version {
		return nil, &NewerVersionError{head.Version, head.MegaplanVersion}
	}
	if head.Version < 1 {
		return nil, corrupt("state document", fmt.Errorf("version %d", head.Version))
	}
	d := &Document{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields() // writing it back would lose what is not understood
	if err := dec.Decode(d); err != nil {
		return nil, corrupt("state document", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, corrupt("state document", errors.New("more follows its end"))
	}
	return d, d.check()
}

// check holds what the rest of the package relies on.
func (d *Document) check() error {
	seen := map[addr.Address]bool{}
	for i := range d.Resources {
		a := d.Resources[i].Address
		if a.IsZero() || seen[a] {
			return corrupt("state document", fmt.Errorf("resource %q is named twice or not at all", a))
		}
		seen[a] = true
	}
	if d.Lineage == "" {
		return corrupt("state document", errors.New("it has no lineage"))
	}
	if err := compactOutputs(d.Outputs); err != nil {
		return corrupt("state document", err)
	}
	return nil
}

// compactOutputs gives equal values equal bytes, however they were indented.
func compactOutputs(outputs map[string]Output) error {
	for name, o := range outputs {
		var compact bytes.Buffer
		if err := json.Compact(&compact, o.Value); err != nil {
			return fmt.Errorf("output %s: %w", name, err)
		}
		o.Value = compact.Bytes()
		outputs[name] = o
	}
	return nil
}

func (o Output) equal(p Output) bool {
	return o.Sensitive == p.Sensitive && bytes.Equal(o.Value, p.Value)
}

// clone copies as deep as a change reaches.
func (d *Document) clone() *Document {
	c := *d
	c.Resources = slices.Clone(d.Resources)
	c.Leases = slices.Clone(d.Leases)
	if d.Outputs != nil {
		c.Outputs = map[string]Output{}
		for k, v := range d.Outputs {
			c.Outputs[k] = v
		}
	}
	return &c
}
