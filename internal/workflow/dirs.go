package workflow

import (
	"os"
	"path/filepath"
	"strings"
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
