//go:build !linux && !darwin

package restore

import (
	"io/fs"
	"os"

	"github.com/megaplan/megaplan/internal/scan"
)

// lock needs nothing here: a file that is open cannot be removed.
func lock(*os.File) bool { return true }

// freeBytes is not known here.
func freeBytes(string) (int64, bool) { return 0, false }

// isOwn says that what is there is a file.
func isOwn(info fs.FileInfo) bool { return info.Mode().IsRegular() }

// own leaves owners alone: those of other systems mean nothing here.
func (r *run) own(*os.File, *scan.Owner) (bool, error) { return false, nil }

func setXAttrs(*os.File, map[string][]byte) []error { return nil }

// linkAttributes leaves links as they are made: their dates cannot be set here.
func (r *run) linkAttributes(*os.Root, string, *Entry) []error { return nil }
