package restore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"

	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
)

// tempPrefix begins the names of files that are being written.
const tempPrefix = ".megaplan-restore-"

// Look finds out what is at the target under the names that the input's tree has. It follows no links and changes nothing.
func Look(target string, in Input) (Local, error) {
	in.Local = Local{FoldsCase: foldsCase(target)}
	root, err := os.OpenRoot(target)
	if errors.Is(err, fs.ErrNotExist) {
		return in.Local, nil
	}
	if err != nil {
		return Local{}, err
	}
	defer root.Close()
	l := looker{in: &in, builder: tree.NewBuilder(tree.Node{Kind: tree.Dir})}
	if err := l.level(root, top(&in), "", tree.Root); err != nil {
		return Local{}, err
	}
	in.Local.Tree = l.builder.Build()
	in.Local.Leftovers = l.leftovers
	return in.Local, nil
}

type looker struct {
	in        *Input
	builder   *tree.Builder
	leftovers []string
}

func (l *looker) level(dir *os.Root, ids []tree.ID, at string, id tree.ID) error {
	if err := l.findLeftovers(dir, at); err != nil {
		return err
	}
	for _, n := range l.in.byName(ids) {
		if refusal(l.in.Tree.Name(n.ids[0]), n.name, l.in.Windows) != "" {
			continue
		}
		info, err := dir.Lstat(n.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		added := l.builder.Add(id, localNode(n.name, info))
		if !info.IsDir() {
			continue
		}
		if err := l.below(dir, n, join(at, n.name), added); err != nil {
			return err
		}
	}
	return nil
}

func (l *looker) below(dir *os.Root, n named, at string, id tree.ID) error {
	sub, err := openReal(dir, n.name)
	if errors.Is(err, fs.ErrPermission) {
		return nil // what is in it fails one by one
	}
	if err != nil {
		return err
	}
	defer sub.Close()
	return l.level(sub, children(l.in.Tree, n.ids), at, id)
}

func (l *looker) findLeftovers(dir *os.Root, at string) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	list, err := f.Readdirnames(-1)
	for _, name := range list {
		if strings.HasPrefix(name, tempPrefix) {
			l.leftovers = append(l.leftovers, join(at, name))
		}
	}
	return err
}

func localNode(name string, info fs.FileInfo) tree.Node {
	n := tree.Node{Name: name, MTime: info.ModTime().UnixNano()}
	switch mode := info.Mode(); {
	case mode.IsDir():
		n.Kind = tree.Dir
		n.Meta, _ = scan.Meta{HasMode: true, Mode: bitsOf(mode)}.Encode()
	case mode.IsRegular():
		n.Kind, n.Size = tree.File, info.Size()
	case mode&fs.ModeSymlink != 0:
		n.Kind, n.Size = tree.Symlink, info.Size()
	default:
		n.Kind, n.Why = tree.Unknown, tree.Special
	}
	return n
}

// openReal opens a directory that is no link. os.Root follows links that stay inside, which would write elsewhere in the
// target than the plan says.
func openReal(dir *os.Root, name string) (*os.Root, error) {
	sub, err := dir.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	opened, err := sub.Stat(".")
	if err == nil {
		var there fs.FileInfo
		if there, err = dir.Lstat(name); err == nil && !os.SameFile(there, opened) {
			err = &fs.PathError{Op: "open", Path: name, Err: errLink}
		}
	}
	if err != nil {
		return nil, errors.Join(err, sub.Close())
	}
	return sub, nil
}

var errLink = errors.New("a symbolic link is in the way")

// foldsCase finds out whether the target ignores case, from names that are there: nothing is written. Where no name tells,
// the system's habit counts.
func foldsCase(target string) bool {
	for at := filepath.Clean(target); ; at = filepath.Dir(at) {
		base := filepath.Base(at)
		swapped := strings.Map(swapCase, base)
		info, err := os.Lstat(at)
		if err == nil && swapped != base {
			other, err := os.Lstat(filepath.Join(filepath.Dir(at), swapped))
			return err == nil && os.SameFile(info, other)
		}
		if filepath.Dir(at) == at {
			return runtime.GOOS == "windows" || runtime.GOOS == "darwin"
		}
	}
}

func swapCase(r rune) rune {
	if r > unicode.MaxASCII {
		return r
	}
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}
