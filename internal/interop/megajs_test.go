package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// megajs drives the JavaScript library megajs through testdata/megajs.
type megajs struct {
	plainNames
	server server
}

func newMegajs(t *testing.T, s server) client {
	t.Helper()
	need(t, megajsMissing())
	return megajs{server: s}
}

func megajsMissing() string {
	if _, err := exec.LookPath("node"); err != nil {
		return "node is not on PATH"
	}
	if _, err := os.Stat(filepath.Join("testdata", "megajs", "node_modules", "megajs")); err != nil {
		return "megajs is not installed: npm ci --prefix internal/interop/testdata/megajs"
	}
	return ""
}

func (c megajs) run(t *testing.T, ops ...op) []result {
	t.Helper()
	return drive(t, exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "megajs", "driver.mjs")), c.server, ops)
}
