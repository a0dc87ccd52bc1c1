package config

import (
	"fmt"
	"strconv"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/redact"
)

// backend reads where the state is kept; without the block it is a local file.
func (e *evaluator) backend(bodies []*body) {
	var written []*body
	for _, m := range bodies {
		written = append(written, m.blocks["backend"]...)
	}
	if len(written) == 0 {
		variant := language.block("megaplan").block("backend").Variants["local"]
		written = []*body{{schema: &variant, label: "local"}}
	}
	for _, b := range written[1:] {
		e.add(b.declared, "repeated block", "There is one state, so there is one backend block; the first is at %s.", plainRange(written[0].declared))
	}
	e.config.Backend = e.readBackend(written[0])
}

func (e *evaluator) readBackend(b *body) Backend {
	o := e.decode(b, scope{})
	out := Backend{Type: b.label, Options: map[string]string{}, Range: plainRange(b.declared)}
	for _, a := range b.schema.Attributes {
		out.set(a.Name, o.values[a.Name])
	}
	if b.schema.attribute("account") != nil && !o.broken {
		var account addr.Address
		if e.accountOf(o, &account) {
			out.Options["account"] = account.String()
		}
	}
	return out
}

// set keeps an argument as text.
func (b *Backend) set(name string, value any) {
	switch v := value.(type) {
	case nil:
	case string:
		b.Options[name] = v
	case bool:
		b.Options[name] = strconv.FormatBool(v)
	case addr.Address:
		b.Options[name] = v.String()
	case redact.Secret:
		if b.Secrets == nil {
			b.Secrets = map[string]redact.Secret{}
		}
		b.Secrets[name] = v
	default:
		panic(fmt.Sprintf("config: backend argument %s is a %T", name, value))
	}
}
