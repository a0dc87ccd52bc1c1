package config

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
)

// checkStateFolder holds rule 2 for the folder in which an account keeps the state: what is in it is nobody's.
func (e *evaluator) checkStateFolder() {
	b := &e.config.Backend
	if b.Type != "mega" {
		return
	}
	dir := norm.NFC.String(b.Options["path"])
	if dir == "/" {
		list := diag.Errorf("the state needs a folder", "backend \"mega\" cannot keep the state in all of the account: name a folder for it, as in %q.", "/.megaplan")
		list[0].Subject = b.Range
		e.list = append(e.list, list...)
		return
	}
	keeper, err := addr.Parse(b.Options["account"])
	if err != nil {
		return // an error of its own
	}
	account := e.accountKey()
	for _, c := range e.claims() {
		switch {
		case c.account != account(keeper):
		case within(c.path, dir):
			e.addAt(c, "path inside the state's folder", "%s at %q lies in %q, where the state is kept (%s): what is there is megaplan's own. Move one of them.", c.address, c.path, dir, b.Range)
		case c.isBackup() && within(dir, c.path):
			e.addAt(c, "backup around the state's folder", "%s at %q holds %q, where the state is kept (%s), and would take it for a part of its own. Move one of them.", c.address, c.path, dir, b.Range)
		}
	}
	e.checkImports(account(keeper), dir)
}

// checkImports keeps import blocks away from the state's folder.
func (e *evaluator) checkImports(keeper, dir string) {
	account := e.accountKey()
	of := map[addr.Address]string{}
	for _, b := range e.config.Backups {
		of[b.Address] = account(b.Account)
	}
	for _, f := range e.config.Folders {
		of[f.Address] = account(f.Account)
	}
	for _, im := range e.config.Imports {
		p := norm.NFC.String(im.Path)
		if of[im.To] == keeper && (within(p, dir) || within(dir, p)) {
			list := diag.Errorf("import of the state's folder", "%q is or holds %q, where the state is kept (%s): it cannot be %s.", im.Path, dir, e.config.Backend.Range, im.To)
			list[0].Subject = im.Range
			e.list = append(e.list, list...)
		}
	}
}

// within says whether a path is dir or lies below it.
func within(p, dir string) bool {
	return p == dir || dir == "/" || strings.HasPrefix(p, dir+"/")
}
