package filter

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// repository is a git work tree whose check-ignore is the oracle.
type repository struct {
	dir   string
	paths []string // directories end in a slash
}

// newRepository makes a tree of short names, each directory three levels deep.
func newRepository(t *testing.T, names []string) *repository {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal("these tests compare with git itself: install git")
	}
	r := &repository{dir: t.TempDir()}
	r.run(t, nil, git, "init", "-q")
	r.fill(t, "", names, 3)
	return r
}

func (r *repository) fill(t *testing.T, below string, names []string, depth int) {
	t.Helper()
	for i, name := range names {
		path := below + name
		if depth > 1 && i%2 == 0 {
			if err := os.Mkdir(filepath.Join(r.dir, path), 0o755); err != nil {
				t.Fatal(err)
			}
			r.paths = append(r.paths, path+"/")
			r.fill(t, path+"/", names, depth-1)
			continue
		}
		if err := os.WriteFile(filepath.Join(r.dir, path), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		r.paths = append(r.paths, path)
	}
}

func (r *repository) run(t *testing.T, stdin []byte, argv ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdin = r.dir, bytes.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 && len(exit.Stderr) == 0 {
		err = nil // nothing is ignored
	}
	if err != nil {
		t.Fatalf("%v: %v", argv, err)
	}
	return out
}

// decided maps each path to the line that decided, negative for a negated one, 0 for none.
func (r *repository) decided(t *testing.T, patterns string) map[string]int {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, ".git", "info", "exclude"), []byte(patterns), 0o644); err != nil {
		t.Fatal(err)
	}
	// Git looks itself whether a path is a directory; a final slash would leave it an empty last name.
	stdin := strings.ReplaceAll(strings.Join(r.paths, "\x00")+"\x00", "/\x00", "\x00")
	out := r.run(t, []byte(stdin), "git", "check-ignore", "--no-index", "--verbose", "--non-matching", "-z", "--stdin")
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(fields) != 4*len(r.paths) {
		t.Fatalf("git answered %d fields for %d paths", len(fields), len(r.paths))
	}
	lines := map[string]int{}
	for i := 0; i < len(fields); i += 4 {
		line, _ := strconv.Atoi(fields[i+1])
		if strings.HasPrefix(fields[i+2], "!") {
			line = -line
		}
		lines[fields[i+3]] = line
	}
	return lines
}

// ours walks to the path as a scan does and says which line decided, as decided does.
func ours(f *Filter, d Dir, path string) int {
	names := strings.Split(strings.TrimSuffix(path, "/"), "/")
	line := 0
	for i, name := range names {
		v := d.Judge(name, i < len(names)-1 || strings.HasSuffix(path, "/"))
		line = 0
		if v.Pattern.Where != "" {
			_, number, _ := strings.Cut(v.Pattern.Where, ":")
			line, _ = strconv.Atoi(number)
		}
		if v.Out {
			return line
		}
		d, line = d.Enter(name, v), -line
	}
	return line
}

func compare(t *testing.T, r *repository, patterns string) (wrong int) {
	t.Helper()
	f := New(Config{})
	d := f.Root().WithIgnoreFile("x", []byte(patterns))
	lines := r.decided(t, patterns)
	for _, path := range r.paths {
		want := lines[strings.TrimSuffix(path, "/")]
		if got := ours(f, d, path); got != want {
			wrong++
			t.Errorf("%q under %q: line %d decided, git says %d", path, patterns, got, want)
		}
	}
	return wrong
}

var oddNames = []string{"a", "b", "ab", "abc", "a.b", "B", "a b", "-", "!a", "#b", "]", "é", "c\xff", `a\b`}

func TestRule7_TableMeansWhatGitMeans(t *testing.T) {
	r := newRepository(t, oddNames)
	for _, patterns := range []string{
		"a", "a/", "/a", "/a/", "a/b", "/a/b", "a/*", "a/**", "a/**/b", "**/a", "**/a/b", "**", "/**", "*", "!a", "/", "//a", "",
		"**/", "a/**/", "***", "***/a", "a**/b", "c**/ab", "a**", "**a", "a/***/b", "**/**/a", "a/**/**/b", `**\/b`, `a\/b`,
		"?", "??", "a?b", "[ab]", "[!a]", "[^a]", "[!a]b", "[a-c]", "[c-a]", "[]a]", "[!]a]", "[a", "[]", "[!]", "[", "[[]", `[\]]`,
		"[a-]", "[-a]", "[]-a]", `[\a-\c]`, "[[:alpha:]]", "[[:alpha:]", "[[:nope:]]", "[[:upper:]]", "[![:lower:]]", "[[:a]", "[[:]a]", "a[/]b", "a[!x]b",
		`\a`, `\!a`, `\#b`, "#b", `a\`, `a\ b`, "a b", "a b   ", `a\   `, `a\b`, `a\\b`, "a\t", "\t", "   ",
		"a\r\nb\r\n", "a\nb", "\ufeffa\n", "a\n!a", "a/\n!a/b", "*\n!a", "*\n!*/\n!b", "/*\n!/a\n/a/*\n!/a/b", "!a\na",
		"*.b", "*b*", "a*c", "a*b*c", "*a*b*", "é", "?\xff", "c\xff", "c?", "é?", "[é]", "*/a", "*/*/a", "a/*/b", "*a/b", "a*/b", "a/?", "?/b", "a/b/",
	} {
		compare(t, r, patterns)
	}
}

func TestRule7_RandomPatternsMeanWhatGitMeans(t *testing.T) {
	r := newRepository(t, oddNames[:6])
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	pieces := []string{"a", "b", "c", "a", "b", "/", "/", "*", "**", "**/", "/**", "?", "[", "]", "[ab]", "[!a]", "[^b-]", "-", "!", `\`, ".", "[[:alpha:]]", " ", "#"}
	wrong := 0
	for range 150 {
		var text strings.Builder
		for range 1 + rng.IntN(5) {
			for range 1 + rng.IntN(8) {
				text.WriteString(pieces[rng.IntN(len(pieces))])
			}
			text.WriteString("\n")
		}
		if wrong += compare(t, r, text.String()); wrong > 10 {
			t.Fatal("too many differences")
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	var patterns []Pattern
	for i := range 35 {
		patterns = append(patterns, Pattern{Text: []string{"*.tmp%d", "node_modules%d/", "/build/out%d", "cache*%d", "**/x%d/*.o"}[i%5], Where: "x:1"})
		patterns[i].Text = fmt.Sprintf(patterns[i].Text, i)
	}
	f := New(Config{Exclude: patterns})
	d := f.Root().Enter("some", Verdict{included: -1}).Enter("directory", Verdict{included: -1})
	b.ReportAllocs()
	for b.Loop() {
		if d.Judge("photograph-2026.jpeg", false).Out {
			b.Fatal("out")
		}
	}
}
