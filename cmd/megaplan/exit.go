package main

import (
	"context"
	"errors"

	"github.com/megaplan/megaplan/internal/workflow"
)

// outcome is everything about a finished command that its exit code may depend on.
type outcome struct {
	err error
	// partial: did part of its work, or could not read something.
	partial bool
	// drift: drift found drift, or verify a difference.
	drift bool
	// changes: plan -detailed-exitcode with an action, fmt -check would rewrite.
	changes bool
	// checks: a check failed, where that counts.
	checks bool
}

// The exit codes of SEMANTICS.md rule 30.
const (
	exitOK          = 0
	exitError       = 1
	exitChanges     = 2
	exitPartial     = 3
	exitDrift       = 4
	exitCheck       = 5
	exitLocked      = 6
	exitRefused     = 7
	exitSignIn      = 8
	exitQuota       = 9
	exitInterrupted = 130
)

// exitHelp is the table as every command's help shows it.
const exitHelp = `Exit codes: 0 fine; 1 error, nothing changed; 2 changes pending (plan -detailed-exitcode, fmt -check); 3 done in part;
4 drift, or verify found a difference; 5 a check failed; 6 locked; 7 a safety limit refused; 8 sign-in refused or
blocked; 9 over quota; 130 interrupted.`

// code picks the exit code: the first of rule 30's list that applies.
func (o outcome) code() int {
	var refused *workflow.RefusedError
	switch {
	case errors.Is(o.err, workflow.ErrInterrupted), errors.Is(o.err, context.Canceled):
		return exitInterrupted
	case workflow.IsSignIn(o.err):
		return exitSignIn
	case workflow.IsLocked(o.err):
		return exitLocked
	case errors.As(o.err, &refused) && !refused.OnlyQuota():
		return exitRefused
	case refused != nil || workflow.IsOverQuota(o.err):
		return exitQuota
	case o.partial:
		return exitPartial
	case o.err != nil:
		return exitError
	case o.drift:
		return exitDrift
	case o.changes:
		return exitChanges
	case o.checks:
		return exitCheck
	}
	return exitOK
}
