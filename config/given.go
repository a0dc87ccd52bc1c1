package config

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/megaplan/megaplan/internal/diag"
)

// Assignment is one -var or one -var-file; of several the later wins.
type Assignment struct {
	Name, Value string // of -var
	File        string // of -var-file; relative to the configuration
}

// given is a value for a variable and where it came from.
type given struct {
	expr hcl.Expression // of a file
	text string         // of everything else
	from string         // for messages
	at   hcl.Range      // zero unless it is in a file
	// strict says that the variable must be declared.
	strict bool
}

// envPrefix starts the names of environment variables that hold values.
const envPrefix = "MEGAPLAN_VAR_"

// gather collects the values for variables from everywhere, least important first.
func (e *evaluator) gather(varFiles []string) {
	for _, entry := range e.opts.Environ {
		name, text, _ := strings.Cut(entry, "=")
		if name, ok := strings.CutPrefix(name, envPrefix); ok {
			e.given[name] = given{text: text, from: "the environment variable " + envPrefix + name}
		}
	}
	for _, name := range varFiles {
		e.gatherFile(filepath.Join(e.dir, name), name)
	}
	for _, a := range e.opts.Assign {
		switch {
		case a.File == "":
			e.given[a.Name] = given{text: a.Value, from: "-var " + a.Name, strict: true}
		case filepath.IsAbs(a.File):
			e.gatherFile(a.File, a.File)
		default:
			e.gatherFile(filepath.Join(e.dir, a.File), a.File)
		}
	}
	for _, name := range sortedKeys(e.given) {
		e.checkDeclared(name, e.given[name])
	}
}

func (e *evaluator) checkDeclared(name string, g given) {
	if !g.strict || e.byName["var."+name] != nil {
		return
	}
	e.add(g.at, "undeclared variable", "The variable %q is given a value by %s, but it is not declared.%s", name, g.from, didYouMean(name, e.variableNames()))
	if g.expr != nil {
		e.keepGiven(g) // it may be a secret under a misspelt name
	} else {
		e.keep(g.text)
	}
}

func (e *evaluator) gatherFile(path, name string) {
	src, err := os.ReadFile(path)
	if err != nil {
		e.list = append(e.list, diag.Errorf("unreadable file", "The file of variables %s cannot be read: %v", name, cause(err))...)
		return
	}
	parsed, diags := parse(name, src)
	if diags.HasErrors() {
		// No snippet: which of the values are secret cannot be known.
		e.hcl(diags)
		return
	}
	e.varFiles[name] = src
	attrs, diags := parsed.Body.JustAttributes()
	e.hcl(diags)
	for _, a := range attrs {
		e.given[a.Name] = given{expr: a.Expr, from: name, at: a.Expr.Range(), strict: true}
	}
}
