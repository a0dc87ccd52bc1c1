package ui

import (
	"fmt"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"

	"github.com/megaplan/megaplan/executor"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/planner"
)

const (
	// barsShown is how many large files have a bar of their own; the rest are counted.
	barsShown = 6
	// barFrom is the size from which a file is worth a bar.
	barFrom = 4 << 20
	// redraw is how often the terminal is redrawn, plainEvery how often a line is written elsewhere.
	redraw     = 150 * time.Millisecond
	plainEvery = 10 * time.Second
)

// Progress shows an apply while it runs: bars on a terminal, a line every ten seconds elsewhere. Its methods may be called
// from any goroutine.
type Progress struct {
	screen *Screen
	writer progress.Writer // nil off a terminal
	total  *progress.Tracker
	done   chan struct{}
	idle   sync.WaitGroup

	mu           sync.Mutex
	began        time.Time
	bytes, sent  int64
	count, ended int64
	failed       int64
	bars         map[planner.ActionID]*progress.Tracker
	partly       map[planner.ActionID]int64
	wait         mega.Wait
	message      string
	lastSent     int64
	lastAt       time.Time
}

// StartProgress begins to show the plan being applied; Stop ends it.
func (s *Screen) StartProgress(p *planner.Plan) *Progress {
	pr := &Progress{
		screen: s, done: make(chan struct{}), began: time.Now(), lastAt: time.Now(), count: int64(len(p.Actions)),
		bars: map[planner.ActionID]*progress.Tracker{}, partly: map[planner.ActionID]int64{},
	}
	for i := range p.Actions {
		if moves(&p.Actions[i]) {
			pr.bytes += p.Actions[i].Bytes
		}
	}
	if s.Live {
		pr.startBars()
	}
	pr.idle.Go(pr.tick)
	return pr
}

func moves(a *planner.Action) bool { return a.Kind == planner.Upload || a.Kind == planner.Update }

func (p *Progress) startBars() {
	w := progress.NewWriter()
	w.SetOutputWriter(p.screen.Err)
	w.SetUpdateFrequency(redraw)
	w.SetTerminalWidth(p.screen.Width)
	w.SetTrackerLength(max(10, p.screen.Width/5))
	w.SetMessageLength(max(20, p.screen.Width-p.screen.Width/5-46))
	style := progress.StyleBlocks
	style.Visibility = progress.StyleVisibility{ETA: true, Percentage: true, Speed: true, Value: true, Tracker: true, Pinned: true}
	if p.screen.Color {
		style.Colors = progress.StyleColorsExample
	}
	w.SetStyle(style)
	p.total = &progress.Tracker{Message: "Uploading", Total: max(1, p.bytes), Units: progress.UnitsBytes, AutoStopDisabled: true}
	if p.bytes == 0 {
		p.total.Message, p.total.Total, p.total.Units = "Applying", max(1, p.count), progress.UnitsDefault
	}
	w.AppendTracker(p.total)
	p.writer = w
	p.idle.Go(w.Render)
}

// Event takes what the executor tells.
func (p *Progress) Event(e executor.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case executor.Started:
		p.addBarLocked(e.Action)
	case executor.Progress:
		p.advanceLocked(e.Action, e.Bytes)
	case executor.Done, executor.Failed, executor.Skipped:
		p.endLocked(e)
	}
}

func (p *Progress) addBarLocked(a *planner.Action) {
	if p.writer == nil || !moves(a) || a.Bytes < barFrom || len(p.bars) >= barsShown {
		return
	}
	t := &progress.Tracker{
		Message: "  " + fit(Printable(a.Path.Base()), 40), Total: a.Bytes, Units: progress.UnitsBytes,
		RemoveOnCompletion: true, AutoStopDisabled: true,
	}
	p.bars[a.ID] = t
	p.writer.AppendTracker(t)
}

func (p *Progress) advanceLocked(a *planner.Action, n int64) {
	p.sent += n
	p.partly[a.ID] += n
	if p.total != nil && p.bytes > 0 {
		p.total.Increment(n)
	}
	if bar := p.bars[a.ID]; bar != nil {
		bar.Increment(n)
	}
}

// endLocked settles an action's bytes: a retried or resumed file may have told fewer or more than its size.
func (p *Progress) endLocked(e executor.Event) {
	p.ended++
	told := p.partly[e.Action.ID]
	delete(p.partly, e.Action.ID)
	if e.Kind != executor.Done {
		p.failed++
	} else if moves(e.Action) && told != e.Action.Bytes {
		p.sent += e.Action.Bytes - told
		if p.total != nil && p.bytes > 0 {
			p.total.Increment(e.Action.Bytes - told)
		}
	}
	if p.total != nil && p.bytes == 0 {
		p.total.Increment(1)
	}
	if bar := p.bars[e.Action.ID]; bar != nil {
		bar.MarkAsDone()
		delete(p.bars, e.Action.ID)
	}
}

// Waiting shows a back-off with its countdown.
func (p *Progress) Waiting(w mega.Wait) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wait = w
}

// Say pins a message below the bars, such as that the run is stopping.
func (p *Progress) Say(message string) {
	p.mu.Lock()
	p.message = message
	live := p.writer != nil
	p.mu.Unlock()
	if !live {
		p.screen.Note("%s", message)
	}
}

// Stop ends the display and waits for the last redraw.
func (p *Progress) Stop() {
	close(p.done)
	if p.writer != nil {
		p.mu.Lock()
		p.writer.SetPinnedMessages()
		if p.failed == 0 && p.ended == p.count {
			p.total.MarkAsDone()
		}
		p.mu.Unlock()
		time.Sleep(redraw) // the writer has no flush: one more frame shows the final values
		p.writer.Stop()
	}
	p.idle.Wait()
}

func (p *Progress) tick() {
	every := plainEvery
	if p.writer != nil {
		every = redraw
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case now := <-ticker.C:
			p.show(now)
		}
	}
}

func (p *Progress) show(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var notes []string
	if wait := p.wait.Until.Sub(now); wait > 0 {
		notes = append(notes, fmt.Sprintf("Waiting: %s, next try in %s (try %d)", p.wait.Reason, wait.Round(time.Second), p.wait.Attempt))
	}
	if p.message != "" {
		notes = append(notes, p.message)
	}
	if p.writer != nil {
		counts := fmt.Sprintf("%s of %s actions", Count(p.ended), Count(p.count))
		if p.failed > 0 {
			counts += ", " + Count(p.failed) + " failed"
		}
		p.writer.SetPinnedMessages(append([]string{counts}, notes...)...)
		return
	}
	rate := float64(p.sent-p.lastSent) / max(now.Sub(p.lastAt).Seconds(), 0.001)
	p.lastSent, p.lastAt = p.sent, now
	p.screen.Note("%s of %s actions, %s of %s, %s/s", Count(p.ended), Count(p.count), Size(p.sent), Size(p.bytes), Size(int64(rate)))
	for _, n := range notes {
		p.screen.Note("%s", n)
	}
}
