package workflow

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/state"
)

// Finding is one thing doctor looked at: whether it is well, and what to do if not.
type Finding struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

// clockTolerance is how far the clock may be off before doctor says so: one-time codes last 30 seconds.
const clockTolerance = 20 * time.Second

// Doctor looks at everything that commonly goes wrong. Each finding stands for itself: one that is not well does not stop the
// next.
func (p *Project) Doctor(ctx context.Context) []Finding {
	findings := []Finding{p.checkState(ctx), p.checkCache(), p.checkKeyring()}
	for i := range p.Config.Accounts {
		findings = append(findings, p.checkAccount(ctx, i)...)
	}
	for i := range p.Config.Backups {
		if f, ok := p.checkSource(i); ok {
			findings = append(findings, f)
		}
	}
	return findings
}

// lockedFor is how long the state's document may be locked before doctor says so.
const lockedFor = time.Minute

func (p *Project) checkState(ctx context.Context) Finding {
	f := Finding{What: "state"}
	doc, err := p.State(ctx)
	lock := state.LockInfo{}
	if err == nil {
		lock, err = p.store.Locked(ctx)
	}
	switch {
	case err != nil:
		f.Detail, f.Remedy = err.Error(), "See that the state's file or server can be read; an earlier copy lies beside the file, or in what the server keeps of it."
	case lock.ID != "":
		f.OK = time.Since(lock.Since) < lockedFor
		f.Detail = fmt.Sprintf("the document is locked by %s of %s (process %d, lock %s) since %s", lock.Operation, lock.Host, lock.PID, lock.ID, lock.Since.Local().Format(time.DateTime))
		if !f.OK {
			f.Remedy = "It is locked for moments only. If that run is dead: megaplan force-unlock " + lock.ID
		}
	case len(doc.Leases) > 0:
		f = ofLeases(doc.Leases)
	default:
		f.OK, f.Detail = true, fmt.Sprintf("serial %d, %d addresses, not locked", doc.Serial, len(doc.Resources))
		f.Remedy = p.stateRisk()
	}
	return f
}

// ofLeases tells of the run that has been silent for longest, which is the one that may be dead.
func ofLeases(leases []state.Lease) Finding {
	l := slices.MinFunc(leases, func(a, b state.Lease) int { return a.Heartbeat.Compare(b.Heartbeat) })
	f := Finding{What: "state", OK: !l.Stale(time.Now()), Detail: fmt.Sprintf("in use by %s of %s (process %d, lock %s) since %s, last sign of life %s ago",
		l.Operation, l.Host, l.PID, l.ID, l.Since.Local().Format(time.DateTime), time.Since(l.Heartbeat).Round(time.Second))}
	if n := len(leases) - 1; n > 0 {
		f.Detail += fmt.Sprintf("; runs besides: %d", n)
	}
	if !f.OK {
		f.Remedy = "If that run is dead: megaplan force-unlock " + l.ID
	}
	return f
}

func (p *Project) checkCache() Finding {
	f := Finding{What: "cache", OK: true, Detail: cacheDir(p.Getenv)}
	if err := p.usableCache(); err != nil {
		f.OK, f.Detail, f.Remedy = false, err.Error(), "Set MEGAPLAN_CACHE_DIR to a directory that can be written; it may be a new one, which costs one reading of the whole account."
	}
	return f
}

func (p *Project) checkKeyring() Finding {
	switch {
	case p.Getenv("MEGAPLAN_SESSION") != "":
		return Finding{What: "session store", OK: true, Detail: "MEGAPLAN_SESSION is set"}
	case session.SystemKeyring() != nil:
		return Finding{What: "session store", OK: true, Detail: "the system's keyring"}
	case p.usableState() != nil:
		return Finding{What: "session store", Detail: p.usableState().Error(), Remedy: "Set MEGAPLAN_STATE_DIR to a directory that can be written, or MEGAPLAN_SESSION to what `megaplan login -export` prints."}
	case p.Getenv("MEGAPLAN_SESSION_KEY") != "":
		return Finding{What: "session store", OK: true, Detail: "a file encrypted under MEGAPLAN_SESSION_KEY"}
	}
	return Finding{
		What: "session store", OK: true, Detail: "no keyring: a file encrypted under the account's password",
		Remedy: "Every run needs the password then, though not a sign-in. Set MEGAPLAN_SESSION_KEY to do without.",
	}
}

func (p *Project) checkAccount(ctx context.Context, i int) []Finding {
	decl := &p.Config.Accounts[i]
	f := Finding{What: decl.Address.String()}
	acct, err := p.connect(ctx, decl.Address)
	if err == nil {
		err = p.bringUp(ctx, acct)
	}
	if err != nil {
		d := Explain(p.accountError(decl.Address, err))[0]
		f.Detail, f.Remedy = d.Summary, d.Detail
		return []Finding{f}
	}
	quota, err := acct.client.Quota(ctx)
	if err != nil {
		f.Detail = err.Error()
		return []Finding{f}
	}
	f.OK, f.Detail = true, fmt.Sprintf("signed in as %s, %s nodes, %s of %s used", decl.Email,
		humanize.Comma(int64(acct.read.Nodes)), humanize.IBytes(uint64(max(0, quota.Used))), humanize.IBytes(uint64(max(0, quota.Total))))
	clock := Finding{What: decl.Address.String() + " clock", OK: true}
	skew := acct.client.ClockSkew()
	clock.Detail = fmt.Sprintf("%s off MEGA's", skew.Abs().Round(time.Second))
	if skew.Abs() > clockTolerance {
		clock.OK, clock.Remedy = false, "Set this machine's clock (NTP): one-time codes fail and expiry is withheld while it is wrong."
	}
	return []Finding{f, clock}
}

// checkSource looks at the sources of this host.
func (p *Project) checkSource(i int) (Finding, bool) {
	b := &p.Config.Backups[i]
	if b.Source.Host != "" && b.Source.Host != p.Host {
		return Finding{}, false
	}
	f := Finding{What: b.Address.String() + " source", Detail: b.Source.Path}
	info, err := os.Stat(b.Source.Path)
	switch {
	case err != nil:
		f.Detail, f.Remedy = err.Error(), "Mount the disk or mend the path; nothing is deleted while the source is missing."
	case !info.IsDir():
		f.Detail, f.Remedy = b.Source.Path+" is no directory", "A source is a directory."
	default:
		f.OK = true
	}
	return f, true
}
