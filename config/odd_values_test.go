package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var assignment = regexp.MustCompile(`^(\s+[a-z_]+\s*=) .*$`)

// TestOddValues puts values of every type where the sample of the design has others, one place at a time (a
// quarter of the values in each place, to be quick), and takes every line away once: whatever happens, it is a
// diagnostic with a place, never a panic, and never an unexplained nil.
func TestOddValues(t *testing.T) {
	src, err := os.ReadFile("testdata/design/backups.mega.hcl")
	if err != nil {
		t.Fatal(err)
	}
	odd := []string{
		`null`, `[]`, `{}`, `true`, `-1`, `1e400`, `""`, `"x"`, `[null]`, `toset([])`, `tolist([1, 2])`, `sensitive("abcd")`,
		`[sensitive("abcd")]`, `jsondecode("null")`, `account.main`, `backup.www`, `source.www["web1"]`, `backup.documents.key`,
		`local.none`, `each.value`, `"\u0000"`, `{ address = "account.main" }`, `[for x in [1]: x]`, `(1)`,
	}
	lines := strings.Split(string(src), "\n")
	try := func(i int, replacement string) {
		changed := strings.Join(append(append(append([]string{}, lines[:i]...), replacement), lines[i+1:]...), "\n")
		cfg, list := newEvaluator("/etc/backup", testOptions()).load(inputs{files: Files{"x.mega.hcl": []byte(changed)}})
		if (cfg == nil) != list.HasErrors() {
			t.Errorf("line %d as %q: configuration %v with %v", i+1, replacement, cfg != nil, list)
		}
		for _, d := range list {
			if d.Subject.IsZero() || d.Snippet == nil || d.Detail == "" {
				t.Errorf("line %d as %q: no place or no detail: %v", i+1, replacement, d)
			}
			if strings.Contains(d.String(), "abcd") {
				t.Errorf("line %d as %q: a sensitive value is shown: %v", i+1, replacement, d)
			}
		}
	}
	for i, line := range lines {
		try(i, "")
		if m := assignment.FindStringSubmatch(line); m != nil {
			for k := i % 4; k < len(odd); k += 4 {
				try(i, m[1]+" "+odd[k])
			}
		}
	}
}
