package workflow

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/megaplan/megaplan/internal/atomicfile"
	"github.com/megaplan/megaplan/internal/mega/session"
)

// cacheDir holds what can be lost: MEGAPLAN_CACHE_DIR, or megaplan in the user's cache directory.
func cacheDir(getenv func(string) string) string {
	if dir := getenv("MEGAPLAN_CACHE_DIR"); dir != "" {
		return dir
	}
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	return filepath.Join(base, "megaplan")
}

// stateDir holds sessions: MEGAPLAN_STATE_DIR, or megaplan in the user's state directory (XDG: ~/.local/state).
func stateDir(getenv func(string) string) string {
	if dir := getenv("MEGAPLAN_STATE_DIR"); dir != "" {
		return dir
	}
	if dir := getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "megaplan")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.Join(os.TempDir(), "megaplan-state")
	}
	return filepath.Join(home, ".local", "state", "megaplan")
}

// dirError says that a directory cannot be used, and which variable names another one.
type dirError struct {
	variable string
	err      error
}

func (e *dirError) Error() string { return e.err.Error() }

// Unwrap returns what the system said.
func (e *dirError) Unwrap() error { return e.err }

// usableCache says whether the cache has a place. It is asked before a sign-in, which would be for nothing.
func (p *Project) usableCache() error {
	if err := writable(cacheDir(p.Getenv)); err != nil {
		return &dirError{"MEGAPLAN_CACHE_DIR", err}
	}
	return nil
}

// usableState says whether sessions have a place. A session that is not kept costs a sign-in at every run, and too many of them
// block an account.
func (p *Project) usableState() error {
	if session.SystemKeyring() != nil {
		return nil
	}
	if err := writable(stateDir(p.Getenv)); err != nil {
		return &dirError{"MEGAPLAN_STATE_DIR", err}
	}
	return nil
}

// writable makes a directory if need be and tries to write into it.
func writable(dir string) error {
	if err := atomicfile.MkdirAll(dir); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return fmt.Errorf("write into %s: %w", dir, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// Hostname is this host's name: MEGAPLAN_HOST, or what the system says (rule 5).
func Hostname() string {
	if host := os.Getenv("MEGAPLAN_HOST"); host != "" {
		return host
	}
	host, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return strings.ToLower(host)
}
