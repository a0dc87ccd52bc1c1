package workflow

import (
	"fmt"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/planner"
)

// limits are the max_duration and max_upload of the accounts during one apply. They stop it cleanly: what is in flight
// finishes, but for large files, and what no longer fits is left to the next apply.
type limits struct {
	accounts map[addr.Address]*accountLimit // by target
	say      func(string)
}

// accountLimit is what one account still allows.
type accountLimit struct {
	decl   *config.Account
	until  time.Time // zero: no end
	upload int64     // bytes left; meaningless without MaxUpload
	late   bool      // it was said that the time is up
	full   bool      // it was said that a file does not fit
}

func (p *Project) newLimits(plan *planner.Plan, say func(string)) *limits {
	l := &limits{accounts: map[addr.Address]*accountLimit{}, say: say}
	byAccount := map[addr.Address]*accountLimit{}
	for i := range plan.Targets {
		t := &plan.Targets[i]
		decl := p.account(t.Account)
		if decl == nil || decl.MaxDuration == 0 && decl.MaxUpload == 0 {
			continue
		}
		if byAccount[t.Account] == nil {
			byAccount[t.Account] = &accountLimit{decl: decl, upload: decl.MaxUpload}
			if decl.MaxDuration > 0 {
				byAccount[t.Account].until = time.Now().Add(decl.MaxDuration)
			}
		}
		l.accounts[t.Address] = byAccount[t.Account]
	}
	return l
}

// admit is the executor's Admit.
func (l *limits) admit(a *planner.Action) bool {
	account := l.accounts[a.Address]
	switch {
	case account == nil:
		return true
	case !account.until.IsZero() && !time.Now().Before(account.until):
		l.tell(&account.late, "%s: max_duration is over: the rest is left for the next apply.", account)
		return false
	case account.decl.MaxUpload > 0 && a.Sends() && a.Local.Size > account.upload:
		l.tell(&account.full, "%s: max_upload is reached: files that no longer fit are left for the next apply.", account)
		return false
	case a.Sends():
		account.upload -= a.Local.Size
	}
	return true
}

// until is the executor's Until.
func (l *limits) until(a *planner.Action) time.Time {
	if account := l.accounts[a.Address]; account != nil {
		return account.until
	}
	return time.Time{}
}

func (l *limits) tell(told *bool, text string, a *accountLimit) {
	if !*told && l.say != nil {
		l.say(fmt.Sprintf(text, a.decl.Address))
	}
	*told = true
}
