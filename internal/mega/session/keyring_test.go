package session

import (
	"errors"
	"testing"

	"github.com/zalando/go-keyring"
)

func TestSystemKeyring(t *testing.T) {
	keyring.MockInit()
	k := systemKeyring{}
	if _, err := k.Get("nobody"); !errors.Is(err, errNoEntry) {
		t.Errorf("a missing entry: %v", err)
	}
	store, s := NewStore(Options{Dir: t.TempDir(), Keyring: k}), sampleSession()
	if where, err := store.Save(s, Best); err != nil || where != InKeyring {
		t.Fatalf("saved in %q, %v", where, err)
	}
	if got, where, err := store.Load(s.Endpoint, s.Email); err != nil || where != InKeyring || got.Master != s.Master {
		t.Errorf("loaded %+v from %q, %v", got, where, err)
	}
	if err := store.Delete(s.Endpoint, s.Email); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.Load(s.Endpoint, s.Email); !errors.Is(err, ErrNone) {
		t.Errorf("after Delete: %v", err)
	}
}

func TestKeyringThatIsSwitchedOff(t *testing.T) {
	t.Setenv("MEGAPLAN_KEYRING", "off")
	if SystemKeyring() != nil {
		t.Error("a keyring is used although it is switched off")
	}
}

func TestKeyringIsTriedWhereABusMayBe(t *testing.T) {
	t.Setenv("MEGAPLAN_KEYRING", "")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	if SystemKeyring() == nil {
		t.Error("a keyring that may be there is not tried")
	}
}
