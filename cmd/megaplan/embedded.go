package main

import (
	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/workflow"
)

// embedded runs the emulator inside this process for accounts whose endpoint is "embedded".
func (a *app) embedded(dir string, accounts []workflow.EmbeddedAccount) (workflow.Embedded, error) {
	known := make([]emulator.Account, len(accounts))
	for i, acct := range accounts {
		known[i] = emulator.Account{Email: acct.Email, Password: acct.Password.Reveal()}
	}
	e, err := emulator.Embed(emulator.Options{Dir: dir, Log: a.log}, known...)
	if err != nil {
		return workflow.Embedded{}, err
	}
	return workflow.Embedded{Endpoint: emulator.EmbeddedURL, Base: e.Transport, Stop: e.Close}, nil
}
