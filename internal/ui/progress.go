package ui

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/megaplan/megaplan/executor"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/planner"
)

const (
	// barFrom is the size from which a file is worth a bar of its own, barsShown how many have one; the rest are counted.
	barFrom   = 4 << 20
	barsShown = 4
	// redraw is how often the terminal is redrawn, plainEvery how often a line is written elsewhere.
	redraw     = 150 * time.Millisecond
	plainEvery = 10 * time.Second
	// plainWait is the shortest pause that is worth a line off a terminal.
	plainWait = time.Second
	// rateOver is the stretch of time over which the rate is taken, so that it neither jumps nor lags.
	rateOver = 5 * time.Second
)

// Progress shows an apply while it runs: bars on a terminal, a line every ten seconds elsewhere. Its methods may be called
// from any goroutine.
type Progress struct {
	screen *Screen
	live   *liveArea // nil off a terminal
	done   chan struct{}
	idle   sync.WaitGroup

	mu           sync.Mutex
	bytes, sent  int64
	count, ended int64
	failed       int64
	files        map[uint32]*moving
	noun         string // what is counted
	total        bool   // how much there is to do is known
	small        int64  // small files ended
	wait         mega.Wait
	told         time.Time // when a line about a wait was written off a terminal
	message      string
	past         []mark // of the last rateOver and a little more
}

// moving is a file in flight.
type moving struct {
	name        string
	size, moved int64
}

// mark is how far things were at a time.
type mark struct {
	at          time.Time
	sent, small int64
}

// StartProgress begins to show the plan being applied; Stop ends it.
func (s *Screen) StartProgress(p *planner.Plan) *Progress {
	bytes := int64(0)
	for i := range p.Actions {
		if p.Actions[i].Sends() {
			bytes += p.Actions[i].Bytes
		}
	}
	return s.startCounting("actions", int64(len(p.Actions)), bytes)
}

// startCounting begins to show work on so many things and bytes.
func (s *Screen) startCounting(noun string, count, bytes int64) *Progress {
	pr := &Progress{screen: s, done: make(chan struct{}), noun: noun, total: true, count: count, bytes: bytes, files: map[uint32]*moving{}, past: []mark{{at: time.Now()}}}
	every := plainEvery
	if s.Live {
		pr.live, every = &liveArea{w: s.Err, width: s.Width}, redraw
	}
	pr.idle.Go(func() { pr.tick(every) })
	return pr
}

// Event takes what the executor tells.
func (p *Progress) Event(e executor.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := uint32(e.Action.ID)
	switch e.Kind {
	case executor.Started:
		if e.Action.Sends() {
			p.files[id] = &moving{name: Printable(e.Action.Path.Base()), size: e.Action.Bytes}
		}
	case executor.Progress:
		p.advanceLocked(id, e.Bytes)
	case executor.Withdrawn:
		delete(p.files, id)
	case executor.Done, executor.Failed, executor.Skipped:
		p.endLocked(id, e.Kind == executor.Done)
	}
}

func (p *Progress) advanceLocked(id uint32, n int64) {
	p.sent += n
	if f := p.files[id]; f != nil {
		f.moved += n
	}
}

// endLocked settles an action's bytes: a retried or resumed file may have told fewer or more than its size.
func (p *Progress) endLocked(id uint32, well bool) {
	p.ended++
	if !well {
		p.failed++
	}
	f := p.files[id]
	if f == nil {
		return
	}
	delete(p.files, id)
	if well {
		p.sent += f.size - f.moved
	}
	if f.size < barFrom {
		p.small++
	}
}

// Waiting shows a back-off with its countdown. Off a terminal it is a line at once, though not one for each of many that wait.
func (p *Progress) Waiting(w mega.Wait) {
	p.mu.Lock()
	p.wait = w
	now := time.Now()
	line := p.waitLocked(now)
	tell := p.live == nil && w.Until.Sub(now) >= plainWait && now.Sub(p.told) >= plainEvery
	if tell {
		p.told = now
	}
	p.mu.Unlock()
	if tell {
		p.screen.Note("%s", line)
	}
}

// waitLocked is the line about the back-off under way, empty if there is none.
func (p *Progress) waitLocked(now time.Time) string {
	left := p.wait.Until.Sub(now)
	if left <= 0 {
		return ""
	}
	return fmt.Sprintf("  waiting: %s, next try in %s (try %d)", p.wait.Reason, max(time.Second, left.Round(time.Second)), p.wait.Attempt+1)
}

// Say keeps a message below the bars, such as that the run is stopping.
func (p *Progress) Say(message string) {
	p.mu.Lock()
	p.message = message
	p.mu.Unlock()
	if p.live == nil {
		p.screen.Note("%s", message)
	}
}

// Stop ends the display.
func (p *Progress) Stop() {
	close(p.done)
	p.idle.Wait()
	if p.live != nil {
		p.live.draw(nil)
	}
}

func (p *Progress) tick(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case now := <-ticker.C:
			lines := p.lines(now)
			if p.live != nil {
				p.live.draw(lines)
				continue
			}
			for _, l := range lines {
				p.screen.Note("%s", l)
			}
		}
	}
}

// lines is what there is to see now: the whole, the largest files, and what is waited for.
func (p *Progress) lines(now time.Time) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.wholeLocked(now)
	if p.live != nil {
		lines = append(lines, p.filesLocked()...)
	}
	if line := p.waitLocked(now); line != "" {
		lines = append(lines, line)
	}
	if p.message != "" && p.live != nil {
		lines = append(lines, p.message)
	}
	return lines
}

func (p *Progress) wholeLocked(now time.Time) []string {
	bytes, files := p.rateLocked(now)
	if !p.total {
		return []string{fmt.Sprintf("%s   %s/s", Size(p.sent), Size(int64(bytes)))}
	}
	text := fmt.Sprintf("%s of %s %s", Count(p.ended), Count(p.count), p.noun)
	if p.failed > 0 {
		text += fmt.Sprintf(", %s failed", Count(p.failed))
	}
	if p.bytes == 0 {
		return []string{bar(p.ended, p.count, p.barWidth()) + text}
	}
	actions := text
	text = fmt.Sprintf("%s of %s   %s/s", Size(p.sent), Size(p.bytes), Size(int64(bytes)))
	if eta := time.Duration(float64(p.bytes-p.sent) / max(bytes, 1) * float64(time.Second)); p.sent < p.bytes && bytes > 0 {
		text += "   ETA " + eta.Round(time.Second).String()
	}
	if files >= 1 {
		actions += fmt.Sprintf(", %.0f small files a second", files)
	}
	text = bar(p.sent, p.bytes, p.barWidth()) + text
	if p.live != nil && runewidth.StringWidth(text)+3+len(actions) >= p.screen.Width {
		return []string{text, "  " + actions}
	}
	return []string{text + "   " + actions}
}

func (p *Progress) barWidth() int {
	if p.live == nil {
		return 0
	}
	return p.screen.Width / 5
}

// rateLocked returns bytes and small files a second over the last seconds.
func (p *Progress) rateLocked(now time.Time) (bytes, files float64) {
	p.past = append(p.past, mark{now, p.sent, p.small})
	// The newest mark that is old enough stays, so that lines written seldom have one to compare with.
	for len(p.past) > 2 && now.Sub(p.past[1].at) >= rateOver {
		p.past = p.past[1:]
	}
	first := p.past[0]
	seconds := now.Sub(first.at).Seconds()
	if seconds <= 0 {
		return 0, 0
	}
	return float64(p.sent-first.sent) / seconds, float64(p.small-first.small) / seconds
}

// filesLocked shows the largest files in flight.
func (p *Progress) filesLocked() []string {
	var large []*moving
	for _, f := range p.files {
		if f.size >= barFrom {
			large = append(large, f)
		}
	}
	slices.SortFunc(large, func(a, b *moving) int {
		if a.size != b.size {
			return int(min(1, max(-1, b.size-a.size)))
		}
		if a.name < b.name {
			return -1
		}
		return 1
	})
	var lines []string
	for _, f := range large[:min(len(large), barsShown)] {
		name := max(16, p.screen.Width-p.screen.Width/5-24)
		lines = append(lines, fmt.Sprintf("  %s %9s  %s", pad(fit(f.name, name), name), Size(f.size), bar(f.moved, f.size, p.screen.Width/8)))
	}
	if rest := int64(len(p.files) - len(lines)); rest > 0 && len(lines) > 0 {
		lines = append(lines, fmt.Sprintf("  + %s more in flight", Count(rest)))
	}
	return lines
}
