package config

import (
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/diag"
)

// TestVariablePrecedence gives one variable a value in every way and takes them away one by one.
func TestVariablePrecedence(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "x.mega.hcl", `
variable "v" {
  default = "default"
}
output "v" {
  value = var.v
}
`)
	value := func(opts Options) string {
		t.Helper()
		cfg, list := Load(dir, opts)
		if list.HasErrors() {
			t.Fatal(list)
		}
		return strings.Trim(string(cfg.Outputs[0].JSON), `"`)
	}
	check := func(opts Options, want string) {
		t.Helper()
		if got := value(opts); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	check(Options{}, "default")
	env := []string{"MEGAPLAN_VAR_v=env", "MEGAPLAN_VAR_undeclared=ignored"}
	check(Options{Environ: env}, "env")
	write(t, dir, "megaplan.megavars", `v = "megaplan"`)
	check(Options{Environ: env}, "megaplan")
	write(t, dir, "b.auto.megavars", `v = "b"`)
	check(Options{Environ: env}, "b")
	write(t, dir, "c.auto.megavars.json", `{"v": "c"}`)
	write(t, dir, "a.auto.megavars", `v = "a"`)
	check(Options{Environ: env}, "c")
	write(t, dir, "given.megavars", `v = "file"`)
	check(Options{Environ: env, Assign: []Assignment{{File: "given.megavars"}}}, "file")
	check(Options{Assign: []Assignment{{File: "given.megavars"}, {Name: "v", Value: "flag"}}}, "flag")
	check(Options{Assign: []Assignment{{Name: "v", Value: "flag"}, {File: "given.megavars"}}}, "file")
}

func TestVariableValues(t *testing.T) {
	tests := map[string]struct {
		declared, given, want string // want is the output's JSON, or the error
	}{
		"text":              {`type = string`, `a "b" ${c}`, `"a \"b\" ${c}"`},
		"number":            {`type = number`, `12.5`, `12.5`},
		"bool":              {`type = bool`, `true`, `true`},
		"no type is text":   {``, `[1]`, `"[1]"`},
		"list":              {`type = list(string)`, `["a", "b"]`, `["a","b"]`},
		"set":               {`type = set(string)`, `["b", "a", "b"]`, `["a","b"]`},
		"object, optional":  {`type = object({ a = string, b = optional(number, 5) })`, `{ a = 1 }`, `{"a":"1","b":5}`},
		"null is default":   {"nullable = false\ndefault = [3]\ntype = list(any)", `null`, `[3]`},
		"null":              {"default = [3]\ntype = list(any)", `null`, `null`},
		"null, no default":  {"nullable = false\ntype = list(any)", `null`, `null from -var v is no value, and it has no default`},
		"not a number":      {`type = number`, `many`, `The variable "v" is number; -var v does not fit: a number is required`},
		"not HCL":           {`type = list(string)`, `[`, `The value of "v" from -var v is not written in HCL`},
		"reference":         {`type = list(string)`, `[a]`, `The value of "v" from -var v is a constant and cannot refer to anything`},
		"wrong inside":      {`type = list(object({ n = number }))`, `[{ n = "x" }]`, `at [0].n, a number is required`},
		"call":              {`type = list(string)`, `[upper("a")]`, `The value of "v" from -var v: Functions may not be called here.`},
		"condition":         {"type = number\nvalidation {\ncondition = var.v > local.least\nerror_message = \"More than ${local.least}.\"\n}", `1`, `var.v: More than 2.`},
		"condition met":     {"type = number\nvalidation {\ncondition = var.v > local.least\nerror_message = \"More.\"\n}", `3`, `3`},
		"condition unknown": {"validation {\ncondition = local.no > 1\nerror_message = \"More.\"\n}", `3`, `There is no local.no`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			opts := testOptions()
			opts.Assign = []Assignment{{Name: "v", Value: tt.given}}
			src := "variable \"v\" {\n" + tt.declared + "\n}\nlocals {\n  least = 2\n}\noutput \"v\" {\n  value = var.v\n}\n"
			cfg, list := loadText(t, "x.mega.hcl", src, opts)
			if cfg != nil {
				if got := string(cfg.Outputs[0].JSON); got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
				return
			}
			if len(list) != 1 || !strings.Contains(list.Error(), tt.want) {
				t.Errorf("got %v, want one error with %q", list, tt.want)
			}
		})
	}
}

func TestUndeclaredVariables(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "x.mega.hcl", "variable \"hosts\" {\n  default = 1\n}\n")
	write(t, dir, "x.auto.megavars", "host = 2\npassword = \"hunter2-long\"\n")
	write(t, dir, "broken.megavars", "pw = \"hunter2-long\n")
	_, list := Load(dir, Options{Assign: []Assignment{
		{Name: "hots", Value: "1"}, {File: "broken.megavars"}, {File: "none.megavars"},
	}})
	want := []string{
		`undeclared variable: The variable "hots" is given a value by -var hots, but it is not declared. Did you mean "hosts"?`,
		`unreadable file: The file of variables none.megavars cannot be read: no such file or directory`,
		`broken.megavars:1: invalid multi-line string: `,
		`broken.megavars:1: unterminated template string: `,
		`x.auto.megavars:1: undeclared variable: The variable "host" is given a value by x.auto.megavars, but it is not declared. Did you mean "hosts"?`,
		`x.auto.megavars:2: undeclared variable: The variable "password" is given a value by x.auto.megavars, but it is not declared.`,
	}
	for i, w := range want {
		if i >= len(list) || !strings.HasPrefix(list[i].String(), w) {
			t.Errorf("diagnostic %d: want %q, got %v", i, w, list)
			break
		}
	}
	var text strings.Builder
	if err := list.WriteText(&text, diag.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "hunter2") {
		t.Errorf("a secret is shown: %s", text.String())
	}
}

// TestSecretsAreNotShown makes mistakes with a secret in every place a value can come from.
func TestSecretsAreNotShown(t *testing.T) {
	const secret = "s3cr3t value"
	dir := t.TempDir()
	write(t, dir, "x.mega.hcl", `
variable "a" {
  type      = number
  sensitive = true
}
variable "b" {
  type      = number
  sensitive = true
}
variable "c" {
  type      = list(number)
  sensitive = true
}
variable "d" {
  sensitive = true
}
variable "e" {
  default   = "`+secret+`${local.x}"
  sensitive = true
}
`)
	write(t, dir, "x.auto.megavars", "b = \""+secret+"\"\nc = [\""+secret+"\"]\nd = \""+secret+"${x}\"\n")
	_, list := Load(dir, Options{Environ: []string{"MEGAPLAN_VAR_a=" + secret}})
	if len(list) != 5 {
		t.Errorf("want five errors, got %v", list)
	}
	for _, d := range list {
		if strings.Contains(d.String(), secret) || d.Snippet != nil && strings.Contains(d.Snippet.Code, secret) {
			t.Errorf("a secret is shown: %v %+v", d, d.Snippet)
		}
	}
}

// TestRule26_Digest asks which changes make a saved plan stale.
func TestRule26_Digest(t *testing.T) {
	const src = `
variable "v" {
  default   = 1
  sensitive = true
}
output "e" {
  value = env("PLACE")
}
output "t" {
  value = plantimestamp()
}
`
	digest := func(name, src string, change func(*Options)) string {
		opts := testOptions()
		change(&opts)
		cfg, list := loadText(t, name, src, opts)
		if list.HasErrors() {
			t.Fatal(list)
		}
		return cfg.Digest
	}
	same := func(*Options) {}
	base := digest("x.mega.hcl", src, same)
	if got := digest("x.mega.hcl", src, func(o *Options) { o.Now = o.Now.AddDate(1, 0, 0); o.Home = "/root" }); got != base {
		t.Error("the time and the home directory change the digest")
	}
	for name, got := range map[string]string{
		"a space":            digest("x.mega.hcl", src+" ", same),
		"a file's name":      digest("y.mega.hcl", src, same),
		"a variable":         digest("x.mega.hcl", src, func(o *Options) { o.Assign = []Assignment{{Name: "v", Value: "2"}} }),
		"a variable's type":  digest("x.mega.hcl", src, func(o *Options) { o.Assign = []Assignment{{Name: "v", Value: "1"}} }),
		"what env() returns": digest("x.mega.hcl", src, func(o *Options) { o.Environ = nil }),
	} {
		if got == base {
			t.Errorf("%s does not change the digest", name)
		}
	}
}

// TestRule26_DigestOfPlainVariables takes the way without secrets.
func TestRule26_DigestOfPlainVariables(t *testing.T) {
	digests := map[string]bool{}
	for _, value := range []string{"a", "b", "a"} {
		opts := testOptions()
		opts.Assign = []Assignment{{Name: "v", Value: value}}
		cfg, list := loadText(t, "x.mega.hcl", "variable \"v\" {\n}\n", opts)
		if list.HasErrors() {
			t.Fatal(list)
		}
		digests[cfg.Digest] = true
	}
	if len(digests) != 2 {
		t.Errorf("two values have %d digests", len(digests))
	}
}

func TestRule26_DigestOfFilesRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "x.mega.hcl", "output \"f\" {\n  value = file(\"note\")\n}\n")
	digests := map[string]bool{}
	for _, text := range []string{"one", "two", "one"} {
		write(t, dir, "note", text)
		cfg, list := Load(dir, testOptions())
		if list.HasErrors() {
			t.Fatal(list)
		}
		digests[cfg.Digest] = true
	}
	if len(digests) != 2 {
		t.Errorf("two contents have %d digests", len(digests))
	}
}
