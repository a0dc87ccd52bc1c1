package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/golden"
)

// TestManual keeps docs/configuration.md equal to the schema; -update writes it.
func TestManual(t *testing.T) {
	golden.Check(t, "../docs/configuration.md", Manual())
}

var fenced = regexp.MustCompile("(?ms)^```hcl\n(.*?)^```")

// TestDocumentedBlocks reads every hcl block of README and docs by the schema.
func TestDocumentedBlocks(t *testing.T) {
	files, err := filepath.Glob("../docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	if _, err := os.Stat("../README.md"); err == nil {
		files = append(files, "../README.md")
	}
	count := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fenced.FindAllSubmatchIndex(src, -1) {
			count++
			name := fmt.Sprintf("%s:%d.mega.hcl", filepath.Base(file), strings.Count(string(src[:m[0]]), "\n")+1)
			block := src[m[2]:m[3]]
			if list := CheckSyntax(name, block); len(list) > 0 {
				t.Errorf("%s: %v", name, list)
			}
			if formatted, _ := Format(name, block); string(formatted) != string(block) {
				t.Errorf("%s is not formatted; megaplan fmt writes:\n%s", name, formatted)
			}
		}
	}
	if count < len(Schema())-1 {
		t.Errorf("found %d hcl blocks only", count)
	}
}

// TestSchemaIsSound reads every default, and asks for a meaning of everything.
func TestSchemaIsSound(t *testing.T) {
	e := newEvaluator(t.TempDir(), testOptions())
	var walk func(where string, b *Block)
	walk = func(where string, b *Block) {
		if b.Meaning == "" {
			t.Errorf("%s has no meaning", where)
		}
		for i := range b.Attributes {
			a := &b.Attributes[i]
			at := where + "." + a.Name
			if a.Meaning == "" {
				t.Errorf("%s has no meaning", at)
			}
			if _, ok := converters[a.Kind]; !ok && !a.static() && a.Kind != KindAny {
				t.Errorf("%s has kind %q, which nothing reads", at, a.Kind)
			}
			if a.Required && a.Default != "" {
				t.Errorf("%s is required and has a default", at)
			}
			if a.Default != "" {
				e.defaultValue(a) // panics if it does not read
			}
		}
		for i := range b.Blocks {
			walk(where+"."+b.Blocks[i].Type, &b.Blocks[i])
		}
		for label, v := range b.Variants {
			walk(where+"."+label, &v)
		}
	}
	for _, b := range Schema() {
		walk(b.Type, &b)
		if b.Example == "" {
			t.Errorf("%s has no example", b.Type)
		}
	}
}

func TestFormat(t *testing.T) {
	got, list := Format("x.mega.hcl", []byte("account \"main\" {\nemail=\"a@b\"\n  use_https   =true\n}\n"))
	if want := "account \"main\" {\n  email     = \"a@b\"\n  use_https = true\n}\n"; string(got) != want || list != nil {
		t.Errorf("got %q, %v, want %q", got, list, want)
	}
	broken := "account \"main\" {\n"
	got, list = Format("x.mega.hcl", []byte(broken))
	if string(got) != broken || !list.HasErrors() || list[0].Snippet == nil {
		t.Errorf("got %q, %v", got, list)
	}
	_, list = Format("x.megavars", []byte("pw = \"hunter2\n"))
	if !list.HasErrors() || list[0].Snippet != nil {
		t.Errorf("a broken file of values: %v", list)
	}
}

func TestFormatFiles(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"sub", ".megaplan"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"b.mega.hcl", "a.megavars", "c.mega.hcl.json", ".x.mega.hcl", "sub/d.mega.hcl", ".megaplan/e.mega.hcl", "f.hcl"} {
		write(t, dir, name, "")
	}
	for recursive, want := range map[bool]string{false: "a.megavars b.mega.hcl", true: "a.megavars b.mega.hcl sub/d.mega.hcl"} {
		got, err := FormatFiles(dir, recursive)
		for i, name := range got {
			got[i], _ = filepath.Rel(dir, name)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("recursive %v: got %q, %v, want %q", recursive, got, err, want)
		}
	}
	if _, err := FormatFiles(filepath.Join(dir, "no"), false); err == nil {
		t.Error("a missing directory is no error")
	}
}
