package workflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/planfile"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
	httpstate "github.com/megaplan/megaplan/state/http"
)

// ErrInterrupted says that Ctrl-C ended an apply; what was done is recorded.
var ErrInterrupted = errors.New("interrupted")

// GaveUpError says that an apply stopped by itself because nothing succeeded any more for minutes.
type GaveUpError struct {
	Left int
	Err  error
}

func (e *GaveUpError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the action that waited longest.
func (e *GaveUpError) Unwrap() error { return e.Err }

// RefusedError says that a plan must not be applied, and why.
type RefusedError struct{ Refusals []planner.Refusal }

func (e *RefusedError) Error() string {
	texts := make([]string, len(e.Refusals))
	for i, r := range e.Refusals {
		texts[i] = r.Diagnostic.String()
	}
	return strings.Join(texts, "; ")
}

// OnlyQuota says that the quota is all there is against the plan.
func (e *RefusedError) OnlyQuota() bool {
	for _, r := range e.Refusals {
		if !r.Quota {
			return false
		}
	}
	return true
}

// AccountError is an error while talking to MEGA about one account.
type AccountError struct {
	Account addr.Address
	Email   string
	Err     error
}

func (e *AccountError) Error() string { return fmt.Sprintf("%s: %v", e.Account, e.Err) }

// Unwrap returns what happened.
func (e *AccountError) Unwrap() error { return e.Err }

func (p *Project) accountError(a addr.Address, err error) error {
	var known *AccountError
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &AccountError{Account: a, Email: p.account(a).Email, Err: err}
}

// IsSignIn says that MEGA refused the sign-in or blocked the account (exit code 8).
func IsSignIn(err error) bool {
	var login *api.LoginError
	if errors.As(err, &login) {
		return login.Reason != api.Unreachable && login.Reason != api.RateLimited
	}
	return errors.Is(err, errNoPassword) || errors.Is(err, api.ErrSessionDead) || errors.Is(err, api.EBLOCKED)
}

// IsLocked says that another run holds the state or the addresses (exit code 6).
func IsLocked(err error) bool {
	var locked *state.LockedError
	return errors.As(err, &locked)
}

// IsOverQuota says that MEGA has no room for more (exit code 9).
func IsOverQuota(err error) bool {
	return errors.Is(err, api.EOVERQUOTA) || errors.Is(err, api.EGOINGOVERQUOTA)
}

// Explain turns an error into what a person reads: what happened, to what, and what to do next.
func Explain(err error) diag.List {
	var list diag.List
	var refused *RefusedError
	var gaveUp *GaveUpError
	var account *AccountError
	var locked *state.LockedError
	switch {
	case errors.As(err, &list):
		return list
	case errors.As(err, &refused):
		for _, r := range refused.Refusals {
			list = append(list, r.Diagnostic)
		}
		return list
	case errors.Is(err, ErrInterrupted) || errors.Is(err, context.Canceled):
		return diag.List{{Severity: diag.Warning, Summary: "interrupted", Detail: "What was done is kept; the same command, run again, completes the rest."}}
	case errors.As(err, &gaveUp):
		return diag.Errorf("MEGA stopped answering", "%v\nNothing succeeded in all that time, so the run ended: %d actions are left. What was done is recorded; the next apply completes the rest.", gaveUp.Err, gaveUp.Left)
	case errors.As(err, &account):
		return diag.List{explainAccount(account)}
	case errors.As(err, &locked):
		return diag.List{explainLocked(locked)}
	case errors.Is(err, planfile.ErrStale), errors.Is(err, planfile.ErrCorrupt), errors.Is(err, planfile.ErrOtherHost):
		return diag.Errorf("the saved plan cannot be used", "%s.\nNothing was changed. Plan again.", strings.TrimSuffix(err.Error(), "; plan again"))
	}
	if d, ok := explainState(err); ok {
		return diag.List{d}
	}
	summary, detail, _ := strings.Cut(err.Error(), "\n")
	return diag.List{{Summary: summary, Detail: detail}}
}

// explainState tells what to do about a state that cannot be read or a lock that is not there.
func explainState(err error) (diag.Diagnostic, bool) {
	var newer *state.NewerVersionError
	var damaged *state.CorruptError
	var sealed *state.SealedError
	var remote *httpstate.Error
	switch {
	case errors.As(err, &sealed):
		return diag.Diagnostic{Summary: "the state is sealed for another account", Detail: err.Error() + ".\nNothing was changed. See that the account is the one that applied this state (`megaplan login`); " +
			"a changed password changes nothing here. If its keys are lost, or it was reset and has new ones: `megaplan state rm ADDRESS`, and the next plan finds what is there and proves it."}, true
	case errors.As(err, &newer):
		return diag.Diagnostic{Summary: "the state is newer than this megaplan", Detail: err.Error() + ".\nNothing was changed. Install that megaplan, or a later one."}, true
	case errors.As(err, &damaged):
		return diag.Diagnostic{Summary: "the state is damaged", Detail: err.Error() + ".\nNothing was changed. An earlier copy is beside the file, or among its versions in the account (`megaplan versions`, `megaplan cat -version=N`): " +
			"`megaplan state push -force FILE` puts it in place. At a server, put it back, or delete the state, there. If only what one address owns is damaged: `megaplan state rm ADDRESS`. Without a copy, move the file away. " +
			"The next plan finds what is there and proves it, and uploads nothing twice. `megaplan restore` works all the same."}, true
	case errors.As(err, &remote):
		return explainRemote(err, remote), true
	case errors.Is(err, state.ErrNotLocked):
		return diag.Diagnostic{Summary: "no such lock", Detail: err.Error() + ". What holds the state, and its id: `megaplan doctor`."}, true
	}
	return diag.Diagnostic{}, false
}

// explainRemote tells of a server that does not do with the state what it should.
func explainRemote(err error, e *httpstate.Error) diag.Diagnostic {
	d := diag.Diagnostic{Summary: "the state's server refuses", Detail: err.Error() + "."}
	if e.Status == 0 {
		d.Summary = "the state's server cannot be reached"
		d.Detail += "\nCheck the network and the addresses of the backend, then run the command again."
	}
	if e.Method != http.MethodGet {
		d.Detail += "\nWhat a run did is in its journal on this machine: the next run here saves it."
	}
	return d
}

func explainLocked(l *state.LockedError) diag.Diagnostic {
	if l.Holder.ID == "" {
		return diag.Diagnostic{
			Summary: "the state is in use",
			Detail:  fmt.Sprintf("%v.\nIt is held for moments only. If it stays so, that run is dead: free the lock at the server, or by the id if that run has told it: megaplan force-unlock ID", l),
		}
	}
	if l.Holder.PID == 0 {
		return diag.Diagnostic{
			Summary: "the state is in use",
			Detail:  fmt.Sprintf("%v.\nIt is held for moments only. If it stays so, that run is dead: megaplan force-unlock %s", l, l.Holder.ID),
		}
	}
	return diag.Diagnostic{
		Summary: "the state is in use",
		Detail: fmt.Sprintf("%s by %s (process %d) since %s, last sign of life %s ago. Wait for it, or give -lock-timeout=10m.\nIf that run is dead: megaplan force-unlock %s",
			l.Holder.Operation, l.Holder.Host, l.Holder.PID, l.Holder.Since.Local().Format(time.DateTime), time.Since(l.Holder.Heartbeat).Round(time.Second), l.Holder.ID),
	}
}

// remedies say what to do about a sign-in that failed, by reason. They take the e-mail address and the account's address.
var remedies = map[api.LoginReason]struct{ summary, detail string }{
	api.WrongPassword: {"MEGA refused the sign-in", "Wrong e-mail or password for %s (%s). MEGA does not say which. If megaplan worked before, the password was changed: run `megaplan login`. " +
		"Repeated tries can block sign-ins for days, so megaplan does not try again."},
	api.MFARequired: {"MEGA asks for a one-time code", "%s (%s) has two-factor sign-in. Set mfa_command or mfa_secret, or run `megaplan login` on a terminal once; the session is kept."},
	api.MFAWrong:    {"MEGA refused the one-time code", "The one-time code for %s (%s) was wrong or too old. Check mfa_secret or mfa_command and this machine's clock (`megaplan doctor`), then run `megaplan login`."},
	api.Blocked:     {"the account is blocked", "MEGA has blocked %s (%s). Sign in at mega.io in a browser to see why and to lift it. megaplan does not try again by itself."},
	api.Unconfirmed: {"the account is not confirmed", "The registration of %s (%s) was never confirmed: open the link in MEGA's e-mail."},
	api.NoKeys:      {"the account has no keys yet", "%s (%s) was never opened: sign in once at mega.io in a browser, which makes the account's keys."},
	api.RateLimited: {"too many sign-ins", "MEGA asks to wait before %s (%s) signs in again. Nothing was changed; try in an hour. Repeated tries make it longer."},
	api.Unreachable: {"MEGA cannot be reached", "The sign-in of %s (%s) got no answer. Check the network, then run the command again."},
	api.Refused:     {"MEGA refused the sign-in", "The sign-in of %s (%s) was refused."},
}

func explainAccount(e *AccountError) diag.Diagnostic {
	d := diag.Diagnostic{Summary: "MEGA could not be used", Detail: e.Err.Error(), Address: e.Account.String()}
	var login *api.LoginError
	var network *api.NetworkError
	var secret *secretError
	var dir *dirError
	switch {
	case errors.As(e.Err, &dir):
		d.Summary, d.Detail = "a directory is needed", fmt.Sprintf("%v.\nNothing was asked of MEGA. Set %s to a directory that can be read and written.", dir, dir.variable)
	case errors.As(e.Err, &login):
		r := remedies[login.Reason]
		d.Summary, d.Detail = r.summary, fmt.Sprintf(r.detail, e.Email, e.Account)
		if login.Err != nil {
			d.Detail += "\n(" + login.Err.Error() + ")"
		}
	case errors.Is(e.Err, mega.ErrOverQuota):
		d.Summary, d.Detail = "the account is full", fmt.Sprintf("%v.\nWhat was done is recorded on this machine, beside the configuration, and its next run goes on from there. "+
			"Make room first: `megaplan du` shows what takes it.", e.Err)
	case errors.Is(e.Err, transfer.ErrCorrupt):
		d.Summary = "what came from MEGA is damaged"
		d.Detail += ". None of it was used. Try again; if it stays so, an older version may be whole: `megaplan versions PLACE` lists them."
	case errors.Is(e.Err, session.ErrNotSession):
		d.Summary, d.Detail = "MEGAPLAN_SESSION is no session", fmt.Sprintf("What MEGAPLAN_SESSION holds cannot be read: %v. `megaplan login -export` prints a new one.", e.Err)
	case errors.As(e.Err, &secret):
		d.Summary, d.Detail = "no way to sign in", fmt.Sprintf("%s (%s) cannot sign in.\n%v\nNothing was changed. Mend that argument of the account, then run the command again.", e.Email, e.Account, secret)
	case errors.Is(e.Err, errSessionLocked):
		d.Summary, d.Detail = "the session is locked", fmt.Sprintf("The session of %s (%s) is kept in a file that only the password opens, and no password is set. Set password_command, password_file, password or MEGAPLAN_PASSWORD; "+
			"or set MEGAPLAN_SESSION_KEY to a long random text and run `megaplan login` again.", e.Email, e.Account)
	case errors.Is(e.Err, errNoPassword):
		d.Summary, d.Detail = "a sign-in is needed", fmt.Sprintf("There is no session for %s (%s) and no password: set password_command, password_file or password, or MEGAPLAN_PASSWORD, or run `megaplan login` on a terminal.", e.Email, e.Account)
	case errors.Is(e.Err, api.EBLOCKED):
		r := remedies[api.Blocked]
		d.Summary, d.Detail = r.summary, fmt.Sprintf(r.detail, e.Email, e.Account)
	case errors.Is(e.Err, api.ErrSessionDead):
		d.Summary, d.Detail = "the session has ended", fmt.Sprintf("MEGA no longer knows the session of %s (%s); it was ended elsewhere. Run `megaplan login`.", e.Email, e.Account)
	case errors.As(e.Err, &network):
		d.Summary, d.Detail = "MEGA cannot be reached", fmt.Sprintf("%v\nCheck the network, then run the command again; nothing is lost.", e.Err)
	}
	return d
}
