package emulator_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
)

// TestEmbedded gives out addresses under its own name, which lead back to it,
// also after a restart.
func TestEmbedded(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		e, err := emulator.Embed(emulator.Options{Dir: dir, NewKey: emulatortest.SharedKey}, oldAccount)
		must(t, "embed", err)
		client := &http.Client{Transport: e.Transport}
		res, err := client.Post(emulator.EmbeddedURL+"/cs", "", strings.NewReader(`[{"a":"us0","user":"`+oldAccount.Email+`"}]`))
		must(t, "post", err)
		text, err := io.ReadAll(res.Body)
		must(t, "read", err)
		must(t, "close", res.Body.Close())
		if string(text) != `[{"v":1}]` {
			t.Errorf("us0: %s", text)
		}
		must(t, "close", e.Close())
	}
	wrong := oldAccount
	wrong.Password = "other"
	if e, err := emulator.Embed(emulator.Options{Dir: dir}, wrong); err == nil {
		t.Errorf("another password was accepted: %v", e.Close())
	}
}
