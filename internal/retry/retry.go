// Package retry repeats what may succeed later: it asks the error whether it is temporary, waits with growing,
// jittered pauses inside a budget of minutes, and tells a callback about every wait so that people see a countdown
// instead of silence. It knows nothing of protocols; an error answers for itself (see Temporary).
package retry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Defaults of a Policy's zero fields.
const (
	DefaultBudget  = 10 * time.Minute
	DefaultInitial = 250 * time.Millisecond
	DefaultMax     = 30 * time.Second
)

// Policy says how long and how often. The zero value is the default policy.
type Policy struct {
	// Budget is how long after the first failure a new attempt may still begin; negative: never repeat.
	Budget time.Duration
	// Initial is the first pause; each further one doubles up to Max. Every pause is spread by half of itself
	// in both directions.
	Initial, Max time.Duration
}

// Wait describes one pause before the next attempt.
type Wait struct {
	Reason  error     // what the last attempt failed with
	Attempt int       // how many attempts have failed so far
	Until   time.Time // when the next attempt begins
	Delay   time.Duration
}

// Error is returned when the budget is spent. It unwraps to the last failure.
type Error struct {
	Attempts int
	Elapsed  time.Duration
	Err      error
}

func (e *Error) Error() string {
	return fmt.Sprintf("given up after %d attempts in %s: %v", e.Attempts, e.Elapsed.Round(time.Millisecond), e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Temporary is false: the patience was used up.
func (e *Error) Temporary() bool { return false }

// Temporary reports whether err says of itself, by a method Temporary() bool, that the same thing may succeed
// later. The outermost error that has the method decides.
func Temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// After returns the pause err asks for by a method RetryAfter() time.Duration; zero: none asked for.
func After(err error) time.Duration {
	var a interface{ RetryAfter() time.Duration }
	if errors.As(err, &a) {
		return max(0, a.RetryAfter())
	}
	return 0
}

// Do calls op until it succeeds, fails for good, the budget is spent (an *Error) or ctx ends. A failure with a method
// Patience() time.Duration shortens the budget to that. notify, which may be nil, is called before each pause. When ctx ends during a pause the result wraps both ctx's cause and the last failure.
func Do[T any](ctx context.Context, p Policy, notify func(Wait), op func(context.Context) (T, error)) (T, error) {
	var zero T
	pauses := p.pauses()
	var firstFailure time.Time
	for attempt := 1; ; attempt++ {
		result, err := op(ctx)
		if err == nil {
			return result, nil
		}
		if !Temporary(err) || ctx.Err() != nil {
			return zero, err
		}
		now := time.Now()
		if firstFailure.IsZero() {
			firstFailure = now
		}
		elapsed := now.Sub(firstFailure)
		delay := max(pauses.NextBackOff(), After(err))
		if elapsed+delay > p.budget(err) {
			return zero, &Error{Attempts: attempt, Elapsed: elapsed, Err: err}
		}
		if notify != nil {
			notify(Wait{Reason: err, Attempt: attempt, Until: now.Add(delay), Delay: delay})
		}
		if cause := sleep(ctx, delay); cause != nil {
			return zero, fmt.Errorf("%w while waiting after: %w", cause, err)
		}
	}
}

// budget is the policy's, or less when the failure itself is worth less patience.
func (p Policy) budget(err error) time.Duration {
	budget := p.Budget
	if budget == 0 {
		budget = DefaultBudget
	}
	var short interface{ Patience() time.Duration }
	if errors.As(err, &short) && short.Patience() > 0 {
		budget = min(budget, short.Patience())
	}
	return budget
}

func (p Policy) pauses() *backoff.ExponentialBackOff {
	b := &backoff.ExponentialBackOff{
		InitialInterval:     p.Initial,
		MaxInterval:         p.Max,
		Multiplier:          2,
		RandomizationFactor: 0.5,
	}
	if b.InitialInterval <= 0 {
		b.InitialInterval = DefaultInitial
	}
	if b.MaxInterval <= 0 {
		b.MaxInterval = DefaultMax
	}
	b.MaxInterval = max(b.MaxInterval, b.InitialInterval)
	b.Reset()
	return b
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
