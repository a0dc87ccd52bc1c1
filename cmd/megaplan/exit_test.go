package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/planfile"
	"github.com/megaplan/megaplan/internal/workflow"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// TestRule30_TheFirstConditionDecides walks down the rule's list: each outcome also has everything that comes after it.
func TestRule30_TheFirstConditionDecides(t *testing.T) {
	refused := func(quota ...bool) error {
		e := &workflow.RefusedError{}
		for _, q := range quota {
			e.Refusals = append(e.Refusals, planner.Refusal{Quota: q})
		}
		return e
	}
	rest := outcome{partial: true, drift: true, changes: true, checks: true}
	with := func(err error) outcome {
		o := rest
		o.err = err
		return o
	}
	for _, tt := range []struct {
		name string
		o    outcome
		want int
	}{
		{"interrupted", with(errors.Join(workflow.ErrInterrupted, &api.LoginError{Reason: api.WrongPassword})), 130},
		{"context ended", with(fmt.Errorf("scan: %w", context.Canceled)), 130},
		{"wrong password", with(&api.LoginError{Reason: api.WrongPassword}), 8},
		{"blocked later", with(fmt.Errorf("upload: %w", api.EBLOCKED)), 8},
		{"leased", with(&state.LockedError{}), 6},
		{"limit", with(refused(false)), 7},
		{"limit and quota", with(refused(true, false)), 7},
		{"quota", with(refused(true)), 9},
		{"quota at MEGA", with(fmt.Errorf("upload: %w", api.EOVERQUOTA)), 9},
		{"part of the work", with(nil), 3},
		{"part of the work, then an error", with(errors.New("save")), 3},
		{"error", outcome{err: errors.New("usage"), drift: true, changes: true, checks: true}, 1},
		{"unreachable", outcome{err: &api.LoginError{Reason: api.Unreachable}}, 1},
		{"stale plan", outcome{err: planfile.ErrStale}, 1},
		{"drift", outcome{drift: true, changes: true, checks: true}, 4},
		{"changes", outcome{changes: true, checks: true}, 2},
		{"a check", outcome{checks: true}, 5},
		{"fine", outcome{}, 0},
	} {
		if got := tt.o.code(); got != tt.want {
			t.Errorf("%s: exit code %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestRule31_WithoutATerminalAnApprovalComesFirst: neither the configuration is read nor anything scanned before that is said.
func TestRule31_WithoutATerminalAnApprovalComesFirst(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "broken.mega.hcl"), []byte("this is no configuration {{{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"apply", "destroy"} {
		var out, errs bytes.Buffer
		if code := run([]string{"-chdir=" + dir, command}, strings.NewReader("yes\n"), &out, &errs); code != exitError {
			t.Errorf("%s ended with %d, want %d", command, code, exitError)
		}
		if !strings.Contains(errs.String(), "-auto-approve") {
			t.Errorf("%s said %q, want the way out", command, errs.String())
		}
	}
}

// TestInterruptedSaysWhatIsKept: only an apply or a restore is gone on with.
func TestInterruptedSaysWhatIsKept(t *testing.T) {
	for gentle, want := range map[bool]string{false: "did not come to its end", true: "completes the rest"} {
		var out bytes.Buffer
		a := newApp(nil, &out, &out)
		if gentle {
			a.signals.beGentle(func() {})
		}
		a.outcome.err = fmt.Errorf("verify: %w", context.Canceled)
		a.report(a.outcome.err)
		a.close()
		if got := out.String(); !strings.Contains(got, want) || !strings.Contains(got, "interrupted") {
			t.Errorf("gentle %v: %q", gentle, got)
		}
	}
}
