package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Export returns the whole state in one piece: the document and every object it refers to, as the backend keeps them. Objects of
// a remote backend stay sealed.
func (s *Store) Export(ctx context.Context) (*Bundle, error) {
	d, err := s.Read(ctx)
	if err != nil {
		return nil, err
	}
	text, err := d.Encode()
	if err != nil {
		return nil, err
	}
	b := &Bundle{Serial: d.Serial, Document: text, Objects: map[string]BundledObject{}}
	used := map[string]bool{}
	d.mark(used)
	for digest := range used {
		if digest == "" {
			continue
		}
		data, err := s.raw(ctx, digest)
		if err != nil {
			return nil, err
		}
		b.Objects[digest] = BundledObject{Data: data}
	}
	return b, nil
}

// MissingError says that a document refers to objects that are neither here nor beside it.
type MissingError struct {
	Resource Resource
	Digest   string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("the manifest of %s is missing (object %s)", e.Resource.Address, e.Digest)
}

// Import puts a bundle's objects into the backend and returns its document, which names them as they are kept here: sealed where
// the backend is remote, plain where it is not. What the bundle does not bring must be here, else it returns a *MissingError.
// The document itself is not written.
func (s *Store) Import(ctx context.Context, b *Bundle) (*Document, error) {
	d, err := Decode(b.Document)
	if err != nil {
		return nil, err
	}
	here, err := s.backend.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("read state objects: %w", err)
	}
	in := importing{s, b, map[string]bool{}}
	for _, o := range here {
		in.here[o.Digest] = true
	}
	for i := range d.Resources {
		if err := in.resource(ctx, d.Lineage, &d.Resources[i]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

type importing struct {
	store  *Store
	bundle *Bundle
	here   map[string]bool
}

func (in *importing) resource(ctx context.Context, lineage string, r *Resource) (err error) {
	o := ownerOf(lineage, r)
	if r.Manifest.Digest, err = in.object(ctx, o, r, r.Manifest.Digest); err != nil {
		return err
	}
	for i := range r.History {
		h := &r.History[i]
		if h.Digest, err = in.object(ctx, o, r, h.Digest); err != nil {
			return err
		}
		if h.Began, err = in.object(ctx, o, r, h.Began); err != nil {
			return err
		}
	}
	return nil
}

// object puts one object of a resource and returns its digest here.
func (in *importing) object(ctx context.Context, o owner, r *Resource, digest string) (string, error) {
	brought, ok := in.bundle.Objects[digest]
	switch {
	case digest == "" || !ok && in.here[digest]:
		return digest, nil
	case !ok:
		return "", &MissingError{*r, digest}
	case Digest(brought.Data) != digest:
		return "", corrupt("state object "+digest, errors.New("its bytes are others"))
	}
	data := brought.Data
	if isSealed(data) == in.store.opt.Sealed {
		return in.store.putRaw(ctx, data)
	}
	if !in.store.opt.Sealed {
		var err error
		if data, err = in.store.unseal(ctx, o, data); err != nil {
			return "", fmt.Errorf("%s: %w", r.Address, err)
		}
	}
	return in.store.put(ctx, o, data)
}

// DecodeWhole reads a bundle, or a document that comes alone.
func DecodeWhole(text []byte) (*Bundle, error) {
	b, err := DecodeBundle(text)
	if errors.Is(err, ErrForeign) {
		b, err = &Bundle{Document: json.RawMessage(text)}, nil
	}
	if err != nil {
		return nil, err
	}
	_, err = Decode(b.Document)
	return b, err
}
