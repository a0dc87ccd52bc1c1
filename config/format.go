package config

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/megaplan/megaplan/internal/diag"
)

// Format returns the text of a file in the usual layout. A file with a syntax error stays as it is, and the list says
// why; name is for that list.
func Format(name string, src []byte) ([]byte, diag.List) {
	var p problems
	_, diags := parse(name, src)
	p.hcl(diags)
	if diags.HasErrors() {
		if isConfigFile(filepath.Base(name)) {
			return src, p.finish(Files{name: src})
		}
		return src, p.finish(nil) // values may be secrets, so no line of them is shown
	}
	return hclwrite.Format(src), nil
}

// FormatFiles lists the files that Format is for: *.mega.hcl and *.megavars of a directory, or of all directories
// below it. Hidden directories are left out. Names start with dir and are sorted.
func FormatFiles(dir string, recursive bool) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == dir:
			return nil
		case d.IsDir() && (!recursive || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || strings.HasPrefix(d.Name(), "."):
			return nil
		case strings.HasSuffix(d.Name(), ".mega.hcl") || strings.HasSuffix(d.Name(), ".megavars"):
			out = append(out, path)
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}

// CheckSyntax reads one file by the schema alone: unknown words and missing arguments are found, references and values
// are not looked at.
func CheckSyntax(name string, src []byte) diag.List {
	var p problems
	parsed, diags := parse(name, src)
	p.hcl(diags)
	if !diags.HasErrors() {
		p.readBody(parsed.Body, language, &body{declared: hcl.Range{Filename: name}})
	}
	return p.finish(Files{name: src})
}
