package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// snapper makes snapshots by hand, with dates of its choice, as an apply of another day would have.
type snapper struct {
	ts     *testscript.TestScript
	client *mega.Client
	// have is what it uploaded: equal content is copied on the server, as by an apply.
	have map[[sha256.Size]byte]mega.Uploaded
}

// makeSnapshot makes a snapshot of a directory: snap DIR REMOTE [incomplete] [pin] [tag=TAG] [unmarked].
func makeSnapshot(ts *testscript.TestScript, _ bool, args []string) {
	s := openSnapper(ts)
	defer func() { ts.Check(s.client.Close()) }()
	ctx := context.Background()
	parent := s.client.RootHandle()
	for _, name := range strings.Split(strings.Trim(path.Dir(args[1]), "/"), "/") {
		parent = s.folder(ctx, parent, name)
	}
	m := snapshot.Mark{Host: "laptop", Complete: true}
	m.Began, _, _ = snapshot.ParseName(path.Base(args[1]))
	root := s.folder(ctx, parent, path.Base(args[1]))
	s.fill(ctx, ts.MkAbs(args[0]), root, &m)
	marked := true
	for _, arg := range args[2:] {
		tag, tagged := strings.CutPrefix(arg, "tag=")
		switch {
		case tagged:
			m.Tags = append(m.Tags, tag)
		case arg == "incomplete":
			m.Complete = false
		case arg == "pin":
			m.Pin = true
		case arg == "unmarked":
			marked = false
		default:
			ts.Fatalf("snap has no option %s", arg)
		}
	}
	if marked {
		ts.Check(s.client.SetAttributes(ctx, root, map[string]string{snapshot.Attribute: m.Text()}))
	}
}

// openSnapper signs in, and learns what is on MEGA already from what it put there before.
func openSnapper(ts *testscript.TestScript) *snapper {
	ctx := context.Background()
	o := mega.Options{Endpoint: ts.Getenv("MEGA_URL"), Budget: 20 * time.Second}
	signed, err := mega.SignIn(ctx, o, "user@example.com", redact.New("correct horse"), nil)
	ts.Check(err)
	client, err := mega.Open(o, signed)
	ts.Check(err)
	_, err = client.Refresh(ctx)
	ts.Check(err)
	return &snapper{ts, client, ts.Value(snapped{}).(map[[sha256.Size]byte]mega.Uploaded)}
}

// snapped is the key of what a script's snapshots hold.
type snapped struct{}

func (s *snapper) folder(ctx context.Context, parent tree.Handle, name string) tree.Handle {
	children, err := s.client.Children(parent)
	s.ts.Check(err)
	for _, n := range children {
		if n.Name == name {
			return n.Handle
		}
	}
	made, err := s.client.CreateFolders(ctx, []mega.NewFolder{{Parent: parent, Name: name}})
	s.ts.Check(err)
	return made[0]
}

func (s *snapper) fill(ctx context.Context, dir string, root tree.Handle, m *snapshot.Mark) {
	folders := map[string]tree.Handle{".": root}
	s.ts.Check(filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(dir, file)
		if err != nil || relErr != nil || rel == "." {
			return errors.Join(err, relErr)
		}
		parent := folders[filepath.Dir(rel)]
		if d.IsDir() {
			folders[rel] = s.folder(ctx, parent, d.Name())
			return nil
		}
		return s.put(ctx, file, d, parent, m)
	}))
}

func (s *snapper) put(ctx context.Context, file string, d fs.DirEntry, parent tree.Handle, m *snapshot.Mark) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	m.Files, m.Bytes = m.Files+1, m.Bytes+info.Size()
	meta, _ := scan.Meta{HasMode: true, Mode: uint32(info.Mode().Perm())}.Encode()
	sum := sha256.Sum256(content)
	if old, ok := s.have[sum]; ok {
		_, err = s.client.Copy(ctx, mega.Copy{From: old.Handle, Parent: parent, Name: d.Name(), Meta: meta, CRC: old.CRC, MTime: info.ModTime().Unix()})
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	up, err := s.client.Upload(ctx, mega.Upload{Parent: parent, Name: d.Name(), Meta: meta, File: f})
	s.have[sum] = up
	return errors.Join(err, f.Close())
}
