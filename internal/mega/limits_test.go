package mega

import (
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

// TestBandwidthFollowsItsTimetable lets two days go by.
func TestBandwidthFollowsItsTimetable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		midnight := time.Date(2000, 1, 2, 0, 0, 0, 0, time.Local)
		time.Sleep(time.Until(midnight) + time.Second/2)
		l, err := newLimits(Options{UploadLimit: "08:00,2M 19:00,off", DownloadLimit: "Mon-12:30,512k Tue-00:00,off"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.stop()
		for _, step := range []struct {
			at       time.Duration // since midnight of a Sunday
			up, down rate.Limit
		}{
			{0, rate.Inf, rate.Inf},
			{7*time.Hour + 59*time.Minute + 59*time.Second, rate.Inf, rate.Inf},
			{8*time.Hour + time.Second, 2 << 20, rate.Inf},
			{19*time.Hour + time.Second, rate.Inf, rate.Inf},
			{36*time.Hour + 31*time.Minute, 2 << 20, 512 << 10},
			{48*time.Hour + time.Minute, rate.Inf, rate.Inf},
		} {
			time.Sleep(time.Until(midnight.Add(step.at)))
			synctest.Wait()
			if up, down := l.upload.Limit(), l.download.Limit(); up != step.up || down != step.down {
				t.Errorf("at %s: up %v, down %v, want %v and %v", time.Now().Format("Mon 15:04:05"), up, down, step.up, step.down)
			}
		}
	})
}

// TestALimitThatBeginsHoldsBackWhoIsSending changes the limit while somebody waits for it.
func TestALimitThatBeginsHoldsBackWhoIsSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		morning := time.Date(2000, 1, 2, 7, 59, 59, 0, time.Local)
		time.Sleep(time.Until(morning))
		l, err := newLimits(Options{UploadLimit: "08:00,64k 09:00,off"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.stop()
		const piece = 64 << 10
		sent := 0
		for time.Since(morning) < 61*time.Second {
			if err := l.upload.WaitN(t.Context(), piece); err != nil {
				t.Fatal(err)
			}
			if sent++; l.upload.Limit() == rate.Inf {
				time.Sleep(100 * time.Millisecond)
			}
		}
		// Ten in the free second, two of burst, then one a second.
		if sent < 60 || sent > 75 {
			t.Errorf("sent %d pieces of 64 KiB in a minute at 64 KiB a second", sent)
		}
	})
}
