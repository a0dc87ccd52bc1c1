package mega

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/megaplan/megaplan/config"
)

// limitBurst is how many bytes may pass at once under a bandwidth limit.
const limitBurst = 128 << 10

// limits are the bandwidth limits of an account and the clockwork that follows their timetables.
type limits struct {
	upload, download *rate.Limiter // nil: none

	mu    sync.Mutex
	timer *time.Timer
	ended bool
	apply []func(time.Time)
}

func newLimits(o Options) (*limits, error) {
	l := &limits{}
	var err error
	if l.upload, err = l.follow(o.UploadLimit); err != nil {
		return nil, fmt.Errorf("upload bandwidth: %w", err)
	}
	if l.download, err = l.follow(o.DownloadLimit); err != nil {
		return nil, fmt.Errorf("download bandwidth: %w", err)
	}
	if len(l.apply) > 0 {
		l.tick()
	}
	return l, nil
}

func (l *limits) follow(text string) (*rate.Limiter, error) {
	if text == "" || text == "off" {
		return nil, nil
	}
	table, err := config.ParseTimetable(text)
	if err != nil {
		return nil, err
	}
	limiter := rate.NewLimiter(rate.Inf, limitBurst)
	l.apply = append(l.apply, func(now time.Time) {
		limit := rate.Inf
		if bytes := table.Rate(now); bytes > 0 {
			limit = rate.Limit(bytes)
		}
		if limiter.Limit() != limit {
			limiter.SetLimit(limit)
		}
	})
	return limiter, nil
}

// tick sets what holds now and comes back with the next minute.
func (l *limits) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	now := time.Now()
	for _, apply := range l.apply {
		apply(now)
	}
	l.timer = time.AfterFunc(now.Truncate(time.Minute).Add(time.Minute).Sub(now), l.tick)
}

func (l *limits) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	if l.timer != nil {
		l.timer.Stop()
	}
}
