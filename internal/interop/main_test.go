package interop

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

// TestMain also serves as the go-mega client: its event poller cannot be
// stopped, so it lives in a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv(goMegaChild) != "" {
		if err := json.NewEncoder(os.Stdout).Encode(runGoMega(os.Stdin)); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(runTests(m))
}

// scratch is a directory for what all tests share.
var scratch string

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "megaplan-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	scratch = dir
	return m.Run()
}

// need skips the test when what it needs is missing, or fails it where nothing
// may be skipped.
func need(t *testing.T, missing string) {
	t.Helper()
	mode := os.Getenv("MEGAPLAN_INTEROP")
	switch {
	case mode == "off":
		t.Skip("MEGAPLAN_INTEROP=off")
	case missing == "":
	case mode == "required":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}
