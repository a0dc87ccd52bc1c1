package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pkg is what the rules look at: one directory of Go files.
type pkg struct {
	path    string   // below the module
	doc     string   // the package comment, wherever it stands
	imports []string // of the package and of its in-package tests
	xtest   []string // of its external tests
	clock   []string // uses of the wall clock, as file:call
}

// load reads the imports of every package of the module. It parses files
// instead of asking the build system, so files for other platforms and behind
// build tags count too.
func load(t *testing.T) []pkg {
	t.Helper()
	root := moduleRoot(t)
	found := map[string]*pkg{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != root && (skipDir(d.Name()) || otherModule(name)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		return addFile(found, root, name)
	})
	if err != nil {
		t.Fatalf("read the module: %v", err)
	}
	var all []pkg
	for _, p := range found {
		slices.Sort(p.imports)
		p.imports = slices.Compact(p.imports)
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b pkg) int { return strings.Compare(a.path, b.path) })
	return all
}

func skipDir(name string) bool {
	return name == "testdata" || name == "node_modules" || name == "vendor" ||
		strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// otherModule reports whether a directory is a module of its own, as code
// generators are.
func otherModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}

func addFile(found map[string]*pkg, root, name string) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(root, filepath.Dir(name))
	if err != nil {
		return err
	}
	key := filepath.ToSlash(rel)
	p := found[key]
	if p == nil {
		p = &pkg{path: key}
		found[key] = p
	}
	test := strings.HasSuffix(name, "_test.go")
	// A command's tests have to be in package main to run it.
	external := test && (file.Name.Name == "main" || strings.HasSuffix(file.Name.Name, "_test"))
	if file.Doc != nil && (!external || !strings.HasSuffix(file.Name.Name, "_test")) {
		p.doc += file.Doc.Text()
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		if external {
			p.xtest = append(p.xtest, imported)
		} else {
			p.imports = append(p.imports, imported)
		}
	}
	if !test {
		p.clock = append(p.clock, clockCalls(file, path.Base(filepath.ToSlash(name)))...)
	}
	return nil
}

// clockCalls lists the calls that read or wait for the wall clock.
func clockCalls(file *ast.File, name string) []string {
	reads := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	var calls []string
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok && id.Name == "time" && slices.Contains(reads, sel.Sel.Name) {
			calls = append(calls, name+": time."+sel.Sel.Name)
		}
		return true
	})
	return calls
}
