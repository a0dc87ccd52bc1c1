package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// reads remembers what functions read outside the configuration, because a saved plan depends on it.
type reads struct {
	seen map[string]string
}

// largestFile bounds what a function takes into memory.
const largestFile = 16 << 20

func (e *evaluator) envFunc() function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "name", Type: cty.String}},
		VarParam: &function.Parameter{Name: "otherwise", Type: cty.String},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if len(args) > 2 {
				return cty.UnknownVal(cty.String), errors.New("wants a name and at most one value for when it is not set")
			}
			name := args[0].AsString()
			value, ok := lookupEnv(e.opts.Environ, name)
			if !ok && len(args) == 2 {
				value = args[1].AsString()
			}
			e.reads.seen["env "+name] = value
			return cty.StringVal(value), nil
		},
	})
}

// lookupEnv finds the last setting of a name, which is the one that counts.
func lookupEnv(environ []string, name string) (string, bool) {
	for i := len(environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(environ[i], name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// pathFunc makes a function of a path to text.
func (e *evaluator) pathFunc(f func(localPath) string) function.Function {
	return textFunc(func(s string) (string, error) {
		p, err := expand(s, e.dir, e.opts.Home)
		return f(p), err
	})
}

func (e *evaluator) pathExpandFunc() function.Function {
	return textFunc(func(s string) (string, error) { return expandHome(s, e.opts.Home) })
}

func (e *evaluator) readFile(name string) (string, error) {
	p, err := expand(name, e.dir, e.opts.Home)
	if err != nil {
		return "", err
	}
	text, err := readRegular(p.abs)
	if err != nil {
		return "", fmt.Errorf("%s cannot be read: %w", name, cause(err))
	}
	e.reads.seen["file "+name] = text
	return text, nil
}

func readRegular(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("it is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, largestFile+1))
	if err == nil && len(b) > largestFile {
		err = errors.New("it is larger than 16 MiB")
	}
	return string(b), err
}

func (e *evaluator) fileFunc(base64Encoded bool) function.Function {
	return textFunc(func(name string) (string, error) {
		text, err := e.readFile(name)
		switch {
		case err != nil:
			return "", err
		case base64Encoded:
			return base64.StdEncoding.EncodeToString([]byte(text)), nil
		case !utf8.ValidString(text):
			return "", fmt.Errorf("%s is not UTF-8 text; filebase64 reads any file", name)
		}
		return text, nil
	})
}

func (e *evaluator) fileExistsFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name := args[0].AsString()
			p, err := expand(name, e.dir, e.opts.Home)
			if err != nil {
				return cty.UnknownVal(cty.Bool), function.NewArgError(0, err)
			}
			info, err := os.Stat(p.abs)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return cty.UnknownVal(cty.Bool), function.NewArgErrorf(0, "%s: %w", name, cause(err))
			}
			exists := err == nil && info.Mode().IsRegular()
			e.reads.seen["exists "+name] = fmt.Sprint(exists)
			return cty.BoolVal(exists), nil
		},
	})
}

// fileSetFunc lists the files below a directory that a pattern matches, with slashes and relative to it.
func (e *evaluator) fileSetFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "directory", Type: cty.String}, {Name: "pattern", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Set(cty.String)),
		Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
			p, err := expand(args[0].AsString(), e.dir, e.opts.Home)
			if err != nil {
				return cty.UnknownVal(t), function.NewArgError(0, err)
			}
			pattern := args[1].AsString()
			names, err := doublestar.Glob(os.DirFS(p.abs), pattern, doublestar.WithFilesOnly())
			if err != nil {
				return cty.UnknownVal(t), function.NewArgErrorf(1, "%q is no pattern", pattern)
			}
			e.reads.seen["set "+args[0].AsString()+" "+pattern] = strings.Join(names, "\x00")
			values := make([]cty.Value, len(names))
			for i, n := range names {
				values[i] = cty.StringVal(filepath.ToSlash(n))
			}
			if len(values) == 0 {
				return cty.SetValEmpty(cty.String), nil
			}
			return cty.SetVal(values), nil
		},
	})
}

// templateFileFunc fills a template from a file; inside it every function but this one may be called.
func (e *evaluator) templateFileFunc(functions map[string]function.Function) function.Function {
	render := func(args []cty.Value) (cty.Value, error) {
		name := args[0].AsString()
		text, err := e.readFile(name)
		if err != nil {
			return cty.DynamicVal, function.NewArgError(0, err)
		}
		expr, diags := hclsyntax.ParseTemplate([]byte(text), name, hcl.InitialPos)
		if diags.HasErrors() {
			return cty.DynamicVal, templateError(diags)
		}
		if t := args[1].Type(); !t.IsObjectType() && !t.IsMapType() {
			return cty.DynamicVal, function.NewArgErrorf(1, "wants an object or a map of values")
		}
		v, diags := expr.Value(&hcl.EvalContext{Variables: args[1].AsValueMap(), Functions: functions})
		if diags.HasErrors() {
			return cty.DynamicVal, templateError(diags)
		}
		return v, nil
	}
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}, {Name: "values", Type: cty.DynamicPseudoType}},
		Type:   function.StaticReturnType(cty.DynamicPseudoType),
		Impl:   func(args []cty.Value, _ cty.Type) (cty.Value, error) { return render(args) },
	})
}

// templateError keeps the place inside the template.
func templateError(diags hcl.Diagnostics) error {
	first := diags.Errs()[0]
	d, ok := errors.AsType[*hcl.Diagnostic](first)
	if !ok || d.Subject == nil {
		return first
	}
	return fmt.Errorf("%s:%d: %s", d.Subject.Filename, d.Subject.Start.Line, d.Detail)
}
