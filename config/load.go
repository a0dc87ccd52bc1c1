package config

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
)

// Options are what a configuration may depend on besides its files; nothing else of the process is looked at.
type Options struct {
	// Assign are -var and -var-file in the order given.
	Assign []Assignment
	// Environ is the environment, as os.Environ returns it: MEGAPLAN_VAR_name and the function env.
	Environ []string
	// Hostname is this machine's name, after MEGAPLAN_HOST.
	Hostname string
	// Home is the directory that ~ stands for.
	Home string
	// Now is what plantimestamp returns.
	Now time.Time
	// Version is megaplan's own, for required_version; "" is not checked.
	Version string
}

// Load reads and evaluates the configuration of a directory. It needs no network and no credentials. The list holds
// everything that is wrong, and warnings; the Config is nil if any of it is an error.
func Load(dir string, opts Options) (*Config, diag.List) {
	_, cfg, list := load(dir, opts)
	return cfg, list
}

// load is Load, and what is left to evaluate more with.
func load(dir string, opts Options) (*evaluator, *Config, diag.List) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, diag.Errorf("unreadable directory", "The directory %s cannot be found: %v", dir, err)
	}
	found, list := readDir(abs, dir)
	if list.HasErrors() {
		return nil, nil, list
	}
	e := newEvaluator(abs, opts)
	cfg, list := e.load(found)
	return e, cfg, list
}

// inputs are the files of a directory.
type inputs struct {
	files    Files    // the configuration
	varFiles []string // values that load by themselves, least important first
}

func readDir(abs, shown string) (inputs, diag.List) {
	in := inputs{files: Files{}}
	entries, err := os.ReadDir(abs)
	if err != nil {
		return in, diag.Errorf("unreadable directory", "The directory %s cannot be read: %v", shown, cause(err))
	}
	var list diag.List
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case strings.HasPrefix(name, ".") || entry.IsDir():
		case isConfigFile(name):
			src, err := readRegular(filepath.Join(abs, name))
			if err != nil {
				list = append(list, diag.Errorf("unreadable file", "The file %s cannot be read: %v", name, cause(err))...)
				continue
			}
			in.files[name] = []byte(src)
		case isVariableFile(name):
			in.varFiles = append(in.varFiles, name)
		}
	}
	if len(in.files) == 0 && len(list) == 0 {
		list = diag.Errorf("no configuration", "The directory %s holds no file *.mega.hcl or *.mega.hcl.json. `megaplan init` writes a first one; -chdir=DIR names another directory.", shown)
	}
	// megaplan.megavars comes before every *.auto.megavars, and these in order of name.
	slices.SortFunc(in.varFiles, func(a, b string) int {
		if auto := strings.Contains(a, ".auto."); auto != strings.Contains(b, ".auto.") {
			if auto {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	return in, list
}

// Exists says whether a directory holds a configuration.
func Exists(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return !strings.HasPrefix(e.Name(), ".") && !e.IsDir() && isConfigFile(e.Name())
	}), err
}

// cause drops the path from an error about a file whose name is already said.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

func isConfigFile(name string) bool {
	return strings.HasSuffix(name, ".mega.hcl") || strings.HasSuffix(name, ".mega.hcl.json")
}

func isVariableFile(name string) bool {
	base := strings.TrimSuffix(name, ".json")
	return base == "megaplan.megavars" || strings.HasSuffix(base, ".auto.megavars")
}

func newEvaluator(dir string, opts Options) *evaluator {
	e := &evaluator{
		opts: opts, dir: dir,
		byName: map[string]*node{}, defaults: map[*Attribute]any{},
		variables: map[string]cty.Value{}, given: map[string]given{}, varFiles: Files{},
		sources: map[addr.Address]Source{}, badBlocks: map[string]bool{},
		config: &Config{Dir: dir}, reads: &reads{seen: map[string]string{}},
	}
	e.functions = e.functionTable()
	return e
}

func (e *evaluator) load(in inputs) (*Config, diag.List) {
	e.files = in.files
	all := &body{schema: language, attrs: map[string]*hcl.Attribute{}, blocks: map[string][]*body{}}
	unreadable := false
	for _, name := range sortedKeys(in.files) {
		parsed, diags := parse(name, in.files[name])
		e.hcl(diags)
		if diags.HasErrors() {
			unreadable = true
			continue
		}
		file := &body{}
		e.readBody(parsed.Body, language, file)
		for kind, blocks := range file.blocks {
			all.blocks[kind] = append(all.blocks[kind], blocks...)
		}
	}
	e.declare(all)
	if unreadable {
		// It may declare what the other files refer to, so nothing that needs evaluation can be said about them.
		return nil, e.finish(in.files)
	}
	e.gather(in.varFiles)
	e.evaluateAll(all)
	shown := maps.Clone(in.files)
	maps.Copy(shown, e.varFiles)
	list := e.finish(shown)
	if list.HasErrors() {
		return nil, list
	}
	e.config.Files = in.files
	e.config.sort()
	e.config.Digest = e.digest(in.files)
	return e.config, list
}

// parse reads one file in the syntax its name says; what it returns besides errors may be incomplete, or nil.
func parse(name string, src []byte) (*hcl.File, hcl.Diagnostics) {
	p := hclparse.NewParser()
	if strings.HasSuffix(name, ".json") {
		return p.ParseJSON(src, name)
	}
	return p.ParseHCL(src, name)
}

// declare makes a node of everything that has a name.
func (e *evaluator) declare(all *body) {
	for _, b := range all.blocks["locals"] {
		for _, name := range sortedKeys(b.attrs) {
			a := b.attrs[name]
			e.addNode(&node{root: "local", name: name, declared: a.NameRange, expr: a.Expr})
		}
	}
	for _, b := range all.blocks["variable"] {
		e.addNode(&node{root: "var", name: b.label, declared: b.declared, body: b})
	}
	for _, kind := range []addr.Kind{addr.Account, addr.Source, addr.Folder, addr.Backup, addr.Check, addr.Output} {
		for _, b := range all.blocks[string(kind)] {
			e.addNode(&node{root: string(kind), name: b.label, declared: b.declared, body: b})
		}
	}
}

func (e *evaluator) addNode(n *node) {
	if first := e.byName[n.String()]; first != nil {
		e.add(n.declared, "declared twice", "%s is already declared at %s; every one needs a name of its own.", n, plainRange(first.declared))
		return
	}
	e.byName[n.String()] = n
	if n.root == string(addr.Account) {
		e.accountNames = append(e.accountNames, n.name)
	}
	e.nodes = append(e.nodes, n)
}

func (e *evaluator) evaluateAll(all *body) {
	for _, m := range all.blocks["megaplan"] {
		e.checkVersion(m)
	}
	e.backend(all.blocks["megaplan"])
	for _, n := range e.nodes {
		e.visit(n, n.declared)
	}
	for _, b := range all.blocks["variable"] {
		if n := e.byName["var."+b.label]; n.body == b {
			e.validate(n)
		}
	}
	e.checkPaths()
	e.renames(all)
	e.checkStateFolder()
}

// checkVersion compares required_version with the running one.
func (e *evaluator) checkVersion(b *body) {
	o := e.decode(&body{schema: &Block{Attributes: b.schema.Attributes}, declared: b.declared, attrs: b.attrs}, scope{})
	want := get[version.Constraints](o, "required_version")
	if e.opts.Version == "" || want == nil {
		return
	}
	own, err := version.NewVersion(e.opts.Version)
	if err != nil {
		return // a build without a number of its own
	}
	// A pre-release of the version that is asked for will do.
	if !want.Check(own.Core()) {
		e.add(o.at("required_version"), "unsupported version", "This is megaplan %s; the configuration asks for %q. Use another megaplan, or change required_version if that is wrong.", own, want.String())
	}
}

func (c *Config) sort() {
	slices.SortFunc(c.Accounts, func(a, b Account) int { return a.Address.Compare(b.Address) })
	slices.SortFunc(c.Sources, func(a, b Source) int { return a.Address.Compare(b.Address) })
	slices.SortFunc(c.Folders, func(a, b Folder) int { return a.Address.Compare(b.Address) })
	slices.SortFunc(c.Backups, func(a, b Backup) int { return a.Address.Compare(b.Address) })
	slices.SortFunc(c.Checks, func(a, b Check) int { return a.Address.Compare(b.Address) })
	slices.SortFunc(c.Outputs, func(a, b Output) int { return strings.Compare(a.Name, b.Name) })
}
