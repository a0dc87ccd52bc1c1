package ui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/restore"
)

// RestoreView is what a command shows of a restore.
type RestoreView interface {
	RestorePlan(r RestoreHead, p *restore.Plan)
	// StartRestore begins to show a restore.
	StartRestore(p *restore.Plan) RestoreRun
	// Restored sums a restore up.
	Restored(r RestoreHead, p *restore.Plan, report restore.Report, took time.Duration)
}

// RestoreRun shows a running restore. Its methods may be called from any goroutine.
type RestoreRun interface {
	Restoring(restore.Event)
	Waiting(mega.Wait)
	Say(string)
	Stop()
}

// RestoreHead says what is restored and where to.
type RestoreHead struct {
	From, Target string
	// At is the time asked for; Paths is since when the paths were as they are restored. Zero: now, today's.
	At, Paths time.Time
	// Snapshot is what is restored of several, if there are any; it began at Began and is as old as Now says. Incomplete says
	// that something could not be read when it was made.
	Snapshot   string
	Began, Now time.Time
	Incomplete bool
	// Short is how many bytes the target's disk lacks, 0 where it has the room.
	Short int64
}

var (
	_ RestoreRun = (*restoreProgress)(nil)
	_ RestoreRun = (*Stream)(nil)
)

var restoreLooks = map[restore.Op]look{
	restore.Create:  {"+", Creating, "restore"},
	restore.Replace: {"~", Changing, "overwrite"},
	restore.Finish:  {"^", Changing, "set mode"},
}

// RestorePlan shows what a restore would do.
func (s *Screen) RestorePlan(r RestoreHead, p *restore.Plan) {
	s.printf("%s -> %s%s\n\n", s.paint(Bold, Printable(r.From)), Printable(r.Target), r.when())
	s.restoreLines(p)
	s.restoreSkips("not restored", p.Skipped)
	s.restoreSkips("restored without something", p.Notes)
	if n := int64(len(p.Leftovers)); n > 0 {
		s.printf("  %s\n\n", s.paint(Dim, Plural(n, "temporary file")+" of a restore that was cut off, of no more use: to be removed"))
	}
	t := p.Totals()
	if p.Idle() && t.Equal == 0 {
		s.printf("Nothing to restore: %s.\n", r.nothing(t))
		return
	}
	if p.Idle() {
		s.printf("Nothing to restore: %s here already.\n", are(t.Equal, "file"))
		return
	}
	s.printf("Restore: %s to write (%s)%s.\n", Plural(t.Files, "file"), Size(t.Bytes), restoreRest(t))
	if r.Short > 0 {
		s.printf("%s the disk of %s lacks %s for all of it. What fits is restored; -include picks what matters most.\n", s.paint(Bold, "Warning:"), Printable(r.Target), Size(r.Short))
	}
}

func (r RestoreHead) when() string {
	switch {
	case r.Snapshot != "":
		text := ", snapshot " + Printable(r.Snapshot) + " (of " + Ago(r.Began, r.Now) + ")"
		if r.Incomplete {
			text += ", which is incomplete: something could not be read when it was made"
		}
		return text
	case r.At.IsZero():
		return ""
	}
	text := ", as it was at " + r.At.Local().Format("2006-01-02 15:04:05")
	if r.Paths.IsZero() {
		return text + " (under today's paths: the state does not reach back so far)"
	}
	return text + " (paths as applied at " + r.Paths.Local().Format("2006-01-02 15:04:05") + ")"
}

// nothing says why there is nothing to restore where nothing is here either.
func (r RestoreHead) nothing(t restore.Totals) string {
	switch {
	case t.Chosen+t.Problems+t.Gone > 0:
		return "nothing else is there"
	case r.At.IsZero():
		return "there are no such files"
	}
	return "there were no such files then"
}

func are(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return Plural(n, noun) + " are"
}

func restoreRest(t restore.Totals) string {
	var b strings.Builder
	for _, part := range []struct {
		n    int64
		noun string
		text string
	}{
		{t.Replaced, "", " to overwrite"},
		{t.Links, "hard link", ""},
		{t.Dirs, "new directory", ""},
		{t.Equal, "", " equal already"},
		{t.Chosen, "", " left as they are here"},
		{t.Problems, "", " that cannot be restored"},
		{t.Gone, "", " gone from MEGA"},
	} {
		switch {
		case part.n == 0:
		case part.noun != "":
			fmt.Fprintf(&b, ", %s", Plural(part.n, part.noun))
		default:
			fmt.Fprintf(&b, ", %s%s", Count(part.n), part.text)
		}
	}
	return b.String()
}

// restoreLines lists entries; without -verbose many are folded by the directory they are in.
func (s *Screen) restoreLines(p *restore.Plan) {
	var shown []*restore.Entry
	for i := range p.Entries {
		if e := &p.Entries[i]; e.Op != restore.Equal && (e.Kind != restore.Directory || s.Verbose) {
			shown = append(shown, e)
		}
	}
	var rows []restoreRow
	for _, e := range shown {
		rows = append(rows, rowOf(e))
	}
	rest := 0
	if !s.Verbose && len(shown) > foldAbove {
		rows = foldedRows(shown)
		rest = max(0, len(rows)-foldAbove)
		rows = rows[:len(rows)-rest]
	}
	width := 0
	for _, r := range rows {
		width = max(width, runewidth.StringWidth(r.name))
	}
	width = min(width, max(24, s.Width/2))
	for _, r := range rows {
		head := fmt.Sprintf("  %s %s   %s", r.look.sign, pad(fit(r.name, width), width), pad(r.look.word, 9))
		s.printf("%s %s\n", s.paint(r.look.style, head), strings.TrimRight(padLeft(r.size, 9)+"   "+r.note, " "))
	}
	if rest > 0 {
		s.printf("  %s\n", s.paint(Dim, Count(int64(rest))+" more (-verbose lists all)"))
	}
	if len(rows) > 0 {
		s.printf("\n")
	}
}

// restoreRow is a line of a restore's plan.
type restoreRow struct {
	look             look
	name, size, note string
}

func rowOf(e *restore.Entry) restoreRow {
	r := restoreRow{look: restoreLooks[e.Op], name: shownPath(e), note: kindNote(e)}
	if e.Kind == restore.File {
		r.size = Size(e.Size)
	}
	return r
}

// foldedRows sums entries up by what happens to them and the first directory on their way.
func foldedRows(entries []*restore.Entry) []restoreRow {
	type key struct {
		op  restore.Op
		dir string
	}
	type sum struct {
		key
		files, bytes int64
		only         *restore.Entry
	}
	byKey := map[key]*sum{}
	var all []*sum
	for _, e := range entries {
		dir, _, below := strings.Cut(e.Path, "/")
		if !below {
			dir = "."
		}
		k := key{e.Op, dir}
		if byKey[k] == nil {
			byKey[k] = &sum{key: k, only: e}
			all = append(all, byKey[k])
		}
		byKey[k].files++
		byKey[k].bytes += e.Size
	}
	rows := make([]restoreRow, len(all))
	for i, f := range all {
		if f.files == 1 {
			rows[i] = rowOf(f.only)
			continue
		}
		rows[i] = restoreRow{look: restoreLooks[f.op], name: Printable(f.dir) + "/ …", size: Size(f.bytes), note: Plural(f.files, "file")}
	}
	return rows
}

func shownPath(e *restore.Entry) string {
	if e.Kind == restore.Directory {
		return Printable(e.Path) + "/"
	}
	return Printable(e.Path)
}

func kindNote(e *restore.Entry) string {
	switch e.Kind {
	case restore.Symlink:
		return "symbolic link"
	case restore.Hardlink:
		return "hard link to " + Printable(e.LinkTo)
	}
	if e.Begun {
		return "goes on where it was cut off"
	}
	return ""
}

func (s *Screen) restoreSkips(title string, skips []restore.Skip) {
	if len(skips) == 0 {
		return
	}
	s.printf("  %s:\n", title)
	width := 0
	for i, k := range skips {
		if i < foldAbove || s.Verbose {
			width = max(width, runewidth.StringWidth(Printable(k.Path)))
		}
	}
	width = min(width, max(24, s.Width/2))
	for i, k := range skips {
		if i == foldAbove && !s.Verbose {
			s.printf("    %s\n", s.paint(Dim, Count(int64(len(skips)-i))+" more (-verbose lists all)"))
			break
		}
		files := ""
		if k.Files > 1 {
			files = ", " + Plural(k.Files, "file")
		}
		s.printf("    %s   %s%s\n", pad(fit(Printable(k.Path), width), width), skipText(k), files)
	}
	s.printf("\n")
}

func skipText(k restore.Skip) string {
	switch {
	case k.Why == "":
		return k.Reason
	case k.Why == restore.Exists:
		return k.Reason + "; -overwrite=older or -overwrite=always replaces it"
	}
	return string(k.Why) + ": " + Printable(k.Reason)
}

// restoreProgress shows a restore as an apply is shown.
type restoreProgress struct {
	*Progress
	// ids of entries in flight, and the last one given; guarded by Progress.mu.
	ids  map[*restore.Entry]uint32
	last uint32
}

// StartRestore implements RestoreView.
func (s *Screen) StartRestore(p *restore.Plan) RestoreRun {
	t := p.Totals()
	return &restoreProgress{Progress: s.startCounting("files", t.Files+t.Links, t.Bytes), ids: map[*restore.Entry]uint32{}}
}

// Restoring implements RestoreRun.
func (p *restoreProgress) Restoring(e restore.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Kind == restore.Started {
		p.last++
		p.ids[e.Entry] = p.last
		p.files[p.last] = &moving{name: Printable(e.Entry.Path[strings.LastIndexByte(e.Entry.Path, '/')+1:]), size: e.Entry.Size}
		return
	}
	id := p.ids[e.Entry]
	if e.Kind == restore.Progress {
		p.advanceLocked(id, e.Bytes)
		return
	}
	delete(p.ids, e.Entry)
	p.endLocked(id, e.Kind == restore.Done)
}

// Restored implements RestoreView.
func (s *Screen) Restored(r RestoreHead, p *restore.Plan, report restore.Report, lasted time.Duration) {
	s.restoreFailures(report)
	text := fmt.Sprintf("Restored: %s (%s) to %s in %s", Plural(report.Done, "file"), Size(report.Bytes), Printable(r.Target), took(lasted))
	if report.Equal > 0 {
		text += fmt.Sprintf(", %s equal already", Count(report.Equal))
	}
	if n := int64(len(report.Failures)); n > 0 {
		text += fmt.Sprintf(", %s", Plural(n, "failure"))
	}
	switch {
	case report.Full:
		if report.Left > 0 {
			text += fmt.Sprintf(", %s left", Count(report.Left))
		}
		text += "; the disk is full: make room and run the same command again to go on"
	case report.Left > 0:
		text += fmt.Sprintf(", %s left; run the same command again to go on", Count(report.Left))
	}
	s.printf("%s.\n", text)
}

// restoreFailures lists what went wrong; what was not tried because of its directory is counted with that.
func (s *Screen) restoreFailures(report restore.Report) {
	var shown, above int
	for _, f := range report.Failures {
		if errors.Is(f.Err, restore.ErrAbove) {
			above++
			continue
		}
		if shown++; shown <= failuresShown || s.Verbose {
			s.Note("  %s: %s", Printable(f.Entry.Path), Printable(strings.ReplaceAll(f.Err.Error(), "\n", "; ")))
		}
	}
	if shown > failuresShown && !s.Verbose {
		s.Note("  %s more (-verbose lists all)", Count(int64(shown-failuresShown)))
	}
	if above > 0 {
		s.Note("  %s below directories that could not be made", Count(int64(above)))
	}
}
