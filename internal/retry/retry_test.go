package retry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/megaplan/megaplan/internal/retry"
)

// busy is a temporary failure that may ask for a pause.
type busy struct{ after time.Duration }

func (busy) Error() string                   { return "busy" }
func (busy) Temporary() bool                 { return true }
func (b busy) RetryAfter() time.Duration     { return b.after }
func failing(context.Context) (int, error)   { return 0, busy{} }
func permanent(context.Context) (int, error) { return 0, errPermanent }

var errPermanent = errors.New("no such thing")

func TestDoRepeatsTemporaryFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waits []retry.Wait
		calls := 0
		started := time.Now()
		got, err := retry.Do(t.Context(), retry.Policy{}, func(w retry.Wait) { waits = append(waits, w) },
			func(context.Context) (string, error) {
				calls++
				if calls < 4 {
					return "", fmt.Errorf("call %d: %w", calls, busy{})
				}
				return "done", nil
			})
		if err != nil || got != "done" || calls != 4 {
			t.Fatalf("got %q, %v after %d calls", got, err, calls)
		}
		if len(waits) != 3 {
			t.Fatalf("%d waits reported, want 3", len(waits))
		}
		var total time.Duration
		middle := retry.DefaultInitial
		for i, w := range waits {
			if w.Attempt != i+1 || !errors.Is(w.Reason, busy{}) {
				t.Errorf("wait %d = %+v", i, w)
			}
			if w.Delay < middle/2 || w.Delay > middle*3/2+1 {
				t.Errorf("wait %d lasts %s, want %s give or take a half", i, w.Delay, middle)
			}
			total += w.Delay
			if want := started.Add(total); !w.Until.Equal(want) {
				t.Errorf("wait %d ends %s, want %s", i, w.Until, want)
			}
			middle *= 2
		}
		if elapsed := time.Since(started); elapsed != total {
			t.Errorf("took %s, the waits add up to %s", elapsed, total)
		}
	})
}

func TestDoPausesStayBelowTheMaximum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := retry.Policy{Budget: time.Hour, Initial: time.Second, Max: 4 * time.Second}
		longest := time.Duration(0)
		_, err := retry.Do(t.Context(), p, func(w retry.Wait) { longest = max(longest, w.Delay) }, failing)
		if err == nil || longest > 6*time.Second || longest < 4*time.Second {
			t.Errorf("longest pause %s, err %v", longest, err)
		}
	})
}

func TestDoSpendsTheBudget(t *testing.T) {
	for _, budget := range []time.Duration{0, time.Second, 3 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			started := time.Now()
			_, err := retry.Do(t.Context(), retry.Policy{Budget: budget}, nil, failing)
			want := budget
			if want == 0 {
				want = retry.DefaultBudget
			}
			var spent *retry.Error
			if !errors.As(err, &spent) || !errors.Is(err, busy{}) || retry.Temporary(err) {
				t.Fatalf("err = %v", err)
			}
			elapsed := time.Since(started)
			if elapsed > want || spent.Elapsed != elapsed || spent.Attempts < 2 {
				t.Errorf("gave up after %s (%+v), budget %s", elapsed, spent, want)
			}
		})
	}
}

func TestDoObeysTheErrorsOwnPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, calls := time.Now(), 0
		_, err := retry.Do(t.Context(), retry.Policy{}, nil, func(context.Context) (int, error) {
			if calls++; calls == 1 {
				return 0, busy{after: 90 * time.Second}
			}
			return 1, nil
		})
		if err != nil || time.Since(started) != 90*time.Second {
			t.Errorf("err %v after %s, want none after 90s", err, time.Since(started))
		}
		_, err = retry.Do(t.Context(), retry.Policy{}, nil, func(context.Context) (int, error) {
			return 0, busy{after: time.Hour}
		})
		if time.Since(started) != 90*time.Second || err == nil {
			t.Errorf("a pause beyond the budget was waited for: %v", err)
		}
	})
}

// hopeless is a temporary failure that is not worth more than five seconds.
type hopeless struct{ busy }

func (hopeless) Patience() time.Duration { return 5 * time.Second }

func TestDoShortensTheBudgetForHopelessFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		_, err := retry.Do(t.Context(), retry.Policy{}, nil, func(context.Context) (int, error) { return 0, hopeless{} })
		var spent *retry.Error
		if elapsed := time.Since(started); !errors.As(err, &spent) || elapsed > 5*time.Second || elapsed < time.Second {
			t.Errorf("err %v after %s", err, elapsed)
		}
	})
}

func TestDoStops(t *testing.T) {
	tests := map[string]struct {
		policy retry.Policy
		op     func(context.Context) (int, error)
		want   error
	}{
		"permanent":   {retry.Policy{}, permanent, errPermanent},
		"no patience": {retry.Policy{Budget: -1}, failing, busy{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			_, err := retry.Do(t.Context(), test.policy, nil, func(ctx context.Context) (int, error) {
				calls++
				return test.op(ctx)
			})
			if !errors.Is(err, test.want) || calls != 1 {
				t.Errorf("err %v after %d calls", err, calls)
			}
		})
	}
}

func TestDoObeysTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		interrupted := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(interrupted) })
		started := time.Now()
		_, err := retry.Do(ctx, retry.Policy{Initial: time.Minute, Max: time.Minute}, nil, failing)
		if !errors.Is(err, interrupted) || !errors.Is(err, busy{}) {
			t.Errorf("err = %v", err)
		}
		if elapsed := time.Since(started); elapsed != time.Second {
			t.Errorf("stopped after %s, want 1s", elapsed)
		}
	})
}

func TestTemporaryAsksTheOutermost(t *testing.T) {
	if retry.Temporary(errPermanent) || retry.Temporary(nil) {
		t.Error("an error without the method is temporary")
	}
	if !retry.Temporary(fmt.Errorf("post: %w", busy{})) {
		t.Error("a wrapped temporary error is not temporary")
	}
	if retry.Temporary(&retry.Error{Err: busy{}}) {
		t.Error("a spent budget is temporary")
	}
}
