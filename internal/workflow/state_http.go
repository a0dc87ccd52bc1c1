package workflow

import (
	"cmp"
	"strings"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/retry"
	"github.com/megaplan/megaplan/state"
	httpstate "github.com/megaplan/megaplan/state/http"
)

// httpBackend opens the state on a server. User and password of the environment come first, as those of accounts do.
func (p *Project) httpBackend() (state.Backend, error) {
	b := &p.Config.Backend
	o := b.Options
	password := b.Secrets["password"]
	if value := p.Getenv("MEGAPLAN_HTTP_PASSWORD"); value != "" {
		password = redact.New(value)
	}
	return httpstate.New(httpstate.Options{
		Address: o["address"], UpdateMethod: o["update_method"],
		LockAddress: o["lock_address"], LockMethod: o["lock_method"],
		UnlockAddress: o["unlock_address"], UnlockMethod: o["unlock_method"],
		Username: cmp.Or(p.Getenv("MEGAPLAN_HTTP_USERNAME"), o["username"]), Password: password,
		SkipCertVerification: o["skip_cert_verification"] == "true", UserAgent: "megaplan/" + p.Version,
		OnWait: func(w retry.Wait) {
			p.waiting(mega.Wait{Reason: "state: " + w.Reason.Error(), Until: w.Until, Attempt: w.Attempt})
		},
		Warn: func(text string) { p.Observer.Say("Warning: " + text) },
	})
}

// stateRisk is what doctor remarks about where the state is; "" for nothing.
func (p *Project) stateRisk() string {
	o := p.Config.Backend.Options
	switch {
	case p.Config.Backend.Type != "http":
		return ""
	case o["lock_address"] == "":
		return "Set lock_address of the backend: without a lock two runs at the same time can undo each other's saves."
	case o["skip_cert_verification"] == "true":
		return "skip_cert_verification lets anyone on the way read the password and change the state."
	case strings.HasPrefix(o["address"], "http:"):
		return "Use an https address: anyone on the way can read the password and change the state."
	}
	return ""
}
