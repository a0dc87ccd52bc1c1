package ui

import (
	"fmt"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/verify"
)

// VerifyView is what a command shows of a verification.
type VerifyView interface {
	// StartVerify begins to show how far it is: bytes read here, and fetched.
	StartVerify() VerifyRun
	Verified(v Verification)
	// VerifySummary ends it.
	VerifySummary(all []Verification)
}

// VerifyRun shows a running verification. Verifying may be called from any goroutine.
type VerifyRun interface {
	Verifying(read, fetched int64)
	Stop()
}

// Verification is what became of one backup.
type Verification struct {
	Address addr.Address
	Source  string
	// NotHere is another host that has the source; NotThere: never applied; Failure: the source cannot be read.
	NotHere  string
	NotThere bool
	Failure  string
	// Snapshot is what was proven of a backup that keeps snapshots; it began at Began.
	Snapshot   string
	Began, Now time.Time
	// Local says that the source was compared, Seed how the sample was drawn.
	Local   bool
	Sampled bool
	Seed    uint64
	Result  verify.Result
	Took    time.Duration
}

var verdictStyles = map[verify.Verdict]Style{
	verify.Differs: Deleting, verify.Damaged: Deleting, verify.MissingHere: Deleting, verify.MissingThere: Deleting,
	verify.Changed: Changing, verify.CannotTell: Changing, verify.Grown: Plain, verify.Equal: Plain,
}

// Verified shows one backup's result.
func (s *Screen) Verified(v Verification) {
	name := s.paint(Bold, v.Address.String())
	switch {
	case v.NotThere:
		s.printf("%s: not applied yet, so there is nothing to verify.\n", name)
		return
	case v.Failure != "":
		s.printf("%s: %s\n", name, Printable(v.Failure))
		return
	case v.NotHere != "" && v.Result.Fetched == 0 && v.Result.Unfetched == 0 && len(v.Result.Findings) == 0:
		s.printf("%s: not here: its source is on host %s (-download proves it from anywhere).\n", name, Printable(v.NotHere))
		return
	}
	if v.Snapshot != "" {
		name += " " + Printable(v.Snapshot) + " (of " + Ago(v.Began, v.Now) + ")"
	}
	r := &v.Result
	if v.Local {
		s.printf("%s: %s, %s proven equal in %s, %s downloaded%s.\n", name, Plural(r.Counts[verify.Equal], "file"), Size(r.EqualBytes),
			took(v.Took), Size(r.DownloadedBytes), verifyRest(v))
	}
	if r.Fetched > 0 || r.Unfetched > 0 {
		rest := ""
		if r.Unfetched > 0 {
			rest = fmt.Sprintf(", %s not fetched (-seed=%d)", Count(r.Unfetched), v.Seed)
		}
		whole := r.Fetched - r.Counts[verify.Damaged]
		s.printf("%s: %s of %s proven on the server, %s downloaded%s.\n", name, Count(whole), Plural(r.Fetched, "file"), Size(r.DownloadedBytes), rest)
	}
	s.findings(r.Findings)
}

// took writes how long something took, to three digits or so.
func took(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

func verifyRest(v Verification) string {
	text := ""
	if v.Result.Unsampled > 0 {
		text += fmt.Sprintf(", %s not in the sample (-seed=%d)", Count(v.Result.Unsampled), v.Seed)
	}
	if v.Result.Unmanaged > 0 {
		text += fmt.Sprintf(", %s there that are not ours", Count(v.Result.Unmanaged))
	}
	return text
}

func (s *Screen) findings(all []verify.Finding) {
	shown := all
	if !s.Verbose {
		shown = all[:min(len(all), foldAbove)]
	}
	width := 0
	for i := range shown {
		width = max(width, runewidth.StringWidth(Printable(string(shown[i].Path))))
	}
	width = min(width, max(24, s.Width/2))
	for i := range shown {
		f := &shown[i]
		s.printf("  %s  %s   %s\n", s.paint(verdictStyles[f.Verdict], pad(string(f.Verdict), 18)), pad(fit(Printable(string(f.Path)), width), width), findingText(f))
	}
	if rest := int64(len(all) - len(shown)); rest > 0 {
		s.printf("  %s\n", s.paint(Dim, Count(rest)+" more (-verbose lists all)"))
	}
}

func findingText(f *verify.Finding) string {
	text := ""
	if f.Here != 0 {
		text = "here " + minute(f.Here)
	}
	if f.There != 0 && f.Verdict != verify.CannotTell {
		if text != "" {
			text += ", "
		}
		text += "there " + minute(f.There)
		if f.Other {
			text += " by another client"
		}
	}
	if f.Detail != "" {
		if text != "" {
			text += "; "
		}
		text += Printable(f.Detail)
	}
	if f.Expected {
		text += " (kept, as configured)"
	}
	return text
}

func minute(seconds int64) string { return time.Unix(seconds, 0).Local().Format("2006-01-02 15:04") }

// VerifySummary counts what was found.
func (s *Screen) VerifySummary(all []Verification) {
	var differences, unread, changed, grown int64
	other := false
	since := "the last apply"
	for i := range all {
		r := &all[i].Result
		differences += r.Differences()
		unread += r.Unread()
		changed += r.Counts[verify.Changed]
		grown += r.Counts[verify.Grown]
		other = other || r.Counts[verify.Differs] > 0
		if all[i].Snapshot != "" {
			since = "the snapshot"
		}
	}
	if changed > 0 {
		s.printf("%s changed here since %s: not proven, and no difference. `megaplan plan` shows them.\n", Plural(changed, "file"), since)
	}
	if grown > 0 {
		s.printf("%s grown since %s: proven as far as it is there, and no difference.\n", Plural(grown, "file"), since)
	}
	if unread > 0 {
		s.printf("%s could not be read.\n", Plural(unread, "file"))
	}
	if differences > 0 {
		s.printf("%s.\n", Plural(differences, "difference"))
		if other && since == "the last apply" {
			s.printf("To get back what the backup has: megaplan restore ADDRESS -include=FILE -overwrite=always\n")
			s.printf("To back up what is here: megaplan apply -checksum\n")
		}
	}
}

// verifyProgress shows a verification as an apply is shown.
type verifyProgress struct{ *Progress }

// StartVerify implements VerifyView.
func (s *Screen) StartVerify() VerifyRun {
	p := s.startCounting("", 0, 0)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = false
	return verifyProgress{p}
}

// Verifying implements VerifyRun.
func (p verifyProgress) Verifying(read, fetched int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent += read + fetched
}
