package workflow

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/megaplan/megaplan/internal/tree"
)

// FileVersion is one state of a file's content through time.
type FileVersion struct {
	// Number counts from 1, the oldest that MEGA still has.
	Number  int
	Current bool
	Node    tree.Node
	// Snapshot is the one that holds it at Path; empty for MEGA's own versions.
	Snapshot string
	Path     tree.Path
	// Unchanged says that the snapshot before has the same, by size, date and sparse CRC.
	Unchanged bool
}

// File is a remote file with its history, newest first.
type File struct {
	Entry
	Versions []FileVersion
}

// Versions returns the files at a place, each with its versions, whoever made them.
func (p *Project) Versions(ctx context.Context, place string) ([]File, error) {
	return p.versions(ctx, place, p.find)
}

// History is Versions, but of a path below an address that keeps snapshots it returns what each of them has.
func (p *Project) History(ctx context.Context, place string) ([]File, error) {
	return p.versions(ctx, place, p.findEach)
}

func (p *Project) versions(ctx context.Context, place string, find finding) ([]File, error) {
	spots, err := p.places(ctx, place, find)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, s := range spots {
		if len(s.dated) > 0 {
			files = append(files, s.throughSnapshots())
		}
		for _, n := range s.nodes {
			if !n.Kind.HasContent() {
				continue
			}
			versions, err := s.versions(n)
			if err != nil {
				return nil, err
			}
			files = append(files, File{s.entry(s.path, n), versions})
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s is a folder, not a file: `megaplan ls %s` shows what is in it", place, place)
	}
	return files, nil
}

// throughSnapshots makes one file of what the snapshots have.
func (s *Spot) throughSnapshots() File {
	file := File{Entry: s.entry(s.path, s.dated[0].node)}
	for i, d := range s.dated {
		unchanged := i+1 < len(s.dated) && alike(d.node, s.dated[i+1].node)
		file.Versions = append(file.Versions, FileVersion{
			Number: len(s.dated) - i, Node: d.node, Snapshot: d.snapshot, Path: d.path, Unchanged: unchanged,
		})
	}
	return file
}

// alike says whether two files have equal fingerprints.
func alike(a, b tree.Node) bool {
	return a.Size == b.Size && a.HasFingerprint && b.HasFingerprint && a.MTime == b.MTime && a.CRC == b.CRC
}

func (s *Spot) versions(current tree.Node) ([]FileVersion, error) {
	older, err := s.account.client.Versions(current.Handle)
	if err != nil {
		return nil, err
	}
	out := []FileVersion{{Number: len(older) + 1, Current: true, Node: current, Path: s.path}}
	for i, n := range older {
		out = append(out, FileVersion{Number: len(older) - i, Node: n, Path: s.path})
	}
	return out, nil
}

// newestFile picks the file that a name stands for where several share it.
func newestFile(files []File) File {
	return slices.MaxFunc(files, func(a, b File) int { return cmp.Compare(a.Node.Created, b.Node.Created) })
}
