package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/diag"
)

func testOptions() Options {
	return Options{
		Hostname: "laptop", Home: "/home/me", Version: "0.3.0",
		Now: time.Date(2026, 3, 1, 2, 30, 0, 0, time.UTC), Environ: []string{"PLACE=/srv"},
	}
}

// loadText loads one file as if it were a whole directory.
func loadText(t testing.TB, name, src string, opts Options) (*Config, diag.List) {
	t.Helper()
	return newEvaluator(t.TempDir(), opts).load(inputs{files: Files{name: []byte(src)}})
}

var expectation = regexp.MustCompile(`# (ERROR|WARNING): (.*)$`)

// TestErrorFiles loads configurations whose comments say what is wrong on their line: everything that is said must be
// expected on that line, and everything expected must be said.
func TestErrorFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.mega.hcl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no error files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".mega.hcl"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			checkExpectations(t, filepath.Base(file), string(src))
		})
	}
}

func checkExpectations(t *testing.T, name, src string) {
	cfg, list := loadText(t, name, src, testOptions())
	if list.HasErrors() != (cfg == nil) {
		t.Errorf("errors: %v, but the configuration is %v", list.HasErrors(), cfg)
	}
	said := map[int][]diag.Diagnostic{}
	for _, d := range list {
		said[d.Subject.Start.Line] = append(said[d.Subject.Start.Line], d)
		if strings.Contains(d.String(), "hunter2") || d.Snippet != nil && strings.Contains(d.Snippet.Code, "hunter2") {
			t.Errorf("a secret is shown: %v %+v", d, d.Snippet)
		}
	}
	for i, line := range strings.Split(src, "\n") {
		m := expectation.FindStringSubmatch(line)
		got := said[i+1]
		delete(said, i+1)
		switch {
		case m == nil && len(got) > 0:
			t.Errorf("line %d: nothing expected, got %v", i+1, diag.List(got))
		case m == nil:
		case len(got) != 1:
			t.Errorf("line %d: want one %s with %q, got %d: %v", i+1, m[1], m[2], len(got), diag.List(got))
		default:
			text := got[0].Summary + ": " + strings.Join(strings.Fields(got[0].Detail), " ")
			if !strings.Contains(text, m[2]) || !strings.EqualFold(got[0].Severity.String(), m[1]) {
				t.Errorf("line %d:\n got %s %s\nwant %s with %q", i+1, got[0].Severity, text, m[1], m[2])
			}
		}
	}
	for line, got := range said {
		t.Errorf("line %d is outside the file: %v", line, diag.List(got))
	}
}
