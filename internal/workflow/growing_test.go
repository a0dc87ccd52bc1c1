package workflow

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/executor"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/planner"
)

var docs = addr.New(addr.Backup, "docs")

// scanned is a project with one backup, whose logs are declared to grow, and what the scan saw of a file of it.
func scanned(t *testing.T, name, text string) (p *Project, path string, saw scan.Identity) {
	t.Helper()
	root := t.TempDir()
	path = filepath.Join(root, name)
	write(t, path, text)
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	p = twoAccounts("main")
	p.sources, p.started = map[addr.Address]*scan.Source{}, map[addr.Address]time.Time{docs: time.Now().Add(time.Hour)}
	p.Config.Backups = []config.Backup{{
		Address: docs, Account: addr.New(addr.Account, "main"), Source: config.Source{Path: root, Growing: []config.Pattern{{Text: "*.log"}}},
	}}
	source, err := scan.OpenSource(root, scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close() })
	p.sources[docs] = source // what Close would close
	f, saw, err := source.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return p, path, saw
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func appendText(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// readWhile opens a file as the scan saw it, does something to it, and says whether it is still that.
func (p *Project) readWhile(t *testing.T, name string, saw scan.Identity, do func()) (opened, after error) {
	t.Helper()
	c, err := p.openContent(docs, name, false, saw)
	if err != nil {
		return err, nil
	}
	do()
	after = c.unchanged()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return nil, after
}

const first = "what the scan saw\n"

func TestRule27_WhatIsReadIsWhatTheScanSaw(t *testing.T) {
	grow := func(t *testing.T, path string) { appendText(t, path, "more\n") }
	for name, c := range map[string]struct {
		file           string
		before, during func(t *testing.T, path string)
		opened, after  error
		proof          bool // may be made
	}{
		"nothing happens":                  {file: "a.txt", proof: true},
		"nothing happens to a log":         {file: "a.log", proof: true},
		"a file grew":                      {file: "a.txt", before: grow, opened: errGrew},
		"a file grows":                     {file: "a.txt", during: grow, after: errGrew},
		"a log grew":                       {file: "a.log", before: grow},
		"a log grows":                      {file: "a.log", during: grow},
		"a log is cut off":                 {file: "a.log", before: func(t *testing.T, path string) { write(t, path, "less") }, opened: errChanged},
		"a log is cut off while it's read": {file: "a.log", during: func(t *testing.T, path string) { write(t, path, "less") }, after: errChanged},
		"a log is written anew while it's read": {
			file: "a.log", during: func(t *testing.T, path string) { write(t, path, "quite another text than it was") }, after: errChanged,
		},
		"a log is another file": {file: "a.log", before: func(t *testing.T, path string) {
			write(t, path+"~", first+"more\n")
			if err := os.Rename(path+"~", path); err != nil {
				t.Fatal(err)
			}
		}, opened: errChanged},
	} {
		t.Run(name, func(t *testing.T) {
			p, path, saw := scanned(t, c.file, first)
			if c.before != nil {
				c.before(t, path)
			}
			opened, after := p.readWhile(t, c.file, saw, func() {
				if c.during != nil {
					c.during(t, path)
				}
			})
			if !errors.Is(opened, c.opened) || !errors.Is(after, c.after) {
				t.Errorf("opened: %v, want %v; after: %v, want %v", opened, c.opened, after, c.after)
			}
			if _, proof := p.proofOf(docs, c.file, saw, 1); proof != c.proof && c.opened == nil && c.after == nil {
				t.Errorf("a proof is made: %v, want %v (rule 11)", proof, c.proof)
			}
		})
	}
}

// TestRule11_OneRunSeesOneBeginning: what was compared is what is uploaded, though the file was cut off and is longer again.
func TestRule11_OneRunSeesOneBeginning(t *testing.T) {
	p, path, saw := scanned(t, "a.log", first)
	appendText(t, path, "more\n")
	if opened, after := p.readWhile(t, "a.log", saw, func() {}); opened != nil || after != nil {
		t.Fatalf("%v, %v", opened, after)
	}
	write(t, path, "quite another text, and longer than it was")
	local := planner.Local{Path: "a.log", Size: saw.Size, MTime: saw.MTime, CTime: saw.CTime, Dev: saw.Dev, Inode: saw.Inode}
	if _, err := p.openLocal(planner.Target{Address: docs}, local); !errors.Is(err, executor.ErrChanged) {
		t.Errorf("it was opened for its upload: %v", err)
	}
}
