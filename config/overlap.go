package config

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
)

// claim is a remote path that a backup or folder declares.
type claim struct {
	address addr.Address
	account string // two account blocks for the same account are one
	path    string // NFC
	at      diag.Range
}

func (c claim) isBackup() bool { return c.address.Kind == addr.Backup }

// claimKey is one place in one account.
type claimKey struct{ account, path string }

// checkPaths holds rule 2: every remote path has one owner.
func (e *evaluator) checkPaths() {
	claims := e.claims()
	owners := map[claimKey]claim{}
	for _, c := range claims {
		key := claimKey{c.account, c.path}
		if first, taken := owners[key]; taken {
			e.addAt(c, "path declared twice", "%s and %s (%s) have the same path %q in the same account. Every path has one owner: change one of them, or remove it.", c.address, first.address, first.at, c.path)
			continue
		}
		owners[key] = c
	}
	for _, c := range claims {
		e.checkAbove(c, owners)
	}
	e.checkCase(claims)
}

func (e *evaluator) addAt(c claim, summary, format string, args ...any) {
	list := diag.Errorf(summary, format, args...)
	list[0].Subject, list[0].Address = c.at, c.address.String()
	e.list = append(e.list, list...)
}

// claims lists what is declared, in the order in which it is written.
func (e *evaluator) claims() []claim {
	account := e.accountKey()
	var out []claim
	for _, b := range e.config.Backups {
		if b.Path == "/" {
			continue // an error of its own, and everything would lie below it
		}
		out = append(out, claim{b.Address, account(b.Account), norm.NFC.String(b.Path), e.pathRange(b.Address)})
	}
	for _, f := range e.config.Folders {
		out = append(out, claim{f.Address, account(f.Account), norm.NFC.String(f.Path), e.pathRange(f.Address)})
	}
	slices.SortFunc(out, func(a, b claim) int {
		return cmp.Or(
			strings.Compare(a.at.Filename, b.at.Filename),
			cmp.Compare(a.at.Start.Byte, b.at.Start.Byte),
			a.address.Compare(b.address),
		)
	})
	return out
}

// accountKey returns what tells accounts apart, however many blocks declare one.
func (e *evaluator) accountKey() func(addr.Address) string {
	accounts := map[addr.Address]string{}
	for _, a := range e.config.Accounts {
		accounts[a.Address] = a.Endpoint + " " + strings.ToLower(a.Email)
	}
	return func(a addr.Address) string { return cmp.Or(accounts[a], a.String()) }
}

func (e *evaluator) pathRange(a addr.Address) diag.Range {
	return plainRange(e.byName[a.Block().String()].body.at("path"))
}

// checkAbove looks for a backup above a path.
func (e *evaluator) checkAbove(c claim, owners map[claimKey]claim) {
	for above := c.path; above != "/"; {
		above = path.Dir(above)
		owner, declared := owners[claimKey{c.account, above}]
		if declared && owner.isBackup() {
			if c.isBackup() {
				e.addAt(c, "backup below a backup", "%s at %q lies inside %s (%s) at %q, which mirrors a source of its own: what one writes the other would take for deleted. Move one of them.", c.address, c.path, owner.address, owner.at, owner.path)
			} else {
				e.addAt(c, "folder inside a backup", "%s at %q lies inside %s (%s) at %q, whose source says which folders it has. Remove the folder, or move one of them.", c.address, c.path, owner.address, owner.at, owner.path)
			}
			return
		}
	}
}

// checkCase warns about paths, whole or in part, that differ in case only.
func (e *evaluator) checkCase(claims []claim) {
	fold := cases.Fold()
	type seen struct {
		path string
		by   claim
	}
	spellings := map[claimKey]seen{}
	for _, c := range claims {
		for p := c.path; p != "/"; p = path.Dir(p) {
			key := claimKey{c.account, fold.String(p)}
			first, known := spellings[key]
			switch {
			case !known:
				spellings[key] = seen{p, c}
			case first.path != p && path.Base(first.path) != path.Base(p):
				e.addAt(c, "paths differ only in case", "%s says %q where %s (%s) says %q. MEGA keeps both apart; file systems of Windows and macOS do not, so they cannot be restored there side by side.", c.address, p, first.by.address, first.by.at, first.path)
				e.list[len(e.list)-1].Severity = diag.Warning
			}
		}
	}
}
