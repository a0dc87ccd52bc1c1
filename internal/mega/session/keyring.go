package session

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/zalando/go-keyring"
)

const (
	keyringService = "megaplan"
	// keyringPatience is long enough for a person to unlock the keyring, and ends a service that hangs.
	keyringPatience = 30 * time.Second
)

// errNoEntry says that a keyring works and has nothing under a name.
var errNoEntry = errors.New("no such entry in the keyring")

// Keyring keeps secrets by name. Its errors other than those of a missing entry mean that it cannot be used.
type Keyring interface {
	Get(name string) (string, error)
	Set(name, secret string) error
	Delete(name string) error
}

// SystemKeyring is the keyring of the operating system, or nil where there is plainly none and where MEGAPLAN_KEYRING is
// "off", as for tests that must not touch the keyring of whoever runs them.
func SystemKeyring() Keyring {
	if os.Getenv("MEGAPLAN_KEYRING") == "off" {
		return nil
	}
	if runtime.GOOS == "linux" && !hasBus() {
		// Asking anyway would start a message bus that outlives us.
		return nil
	}
	return systemKeyring{}
}

func hasBus() bool {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	_, err := os.Stat(filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "bus"))
	return err == nil
}

type systemKeyring struct{}

func (systemKeyring) Get(name string) (string, error) {
	var secret string
	err := patiently(func() (err error) {
		secret, err = keyring.Get(keyringService, name)
		return err
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

func (systemKeyring) Set(name, secret string) error {
	return patiently(func() error { return keyring.Set(keyringService, name, secret) })
}

func (systemKeyring) Delete(name string) error {
	return patiently(func() error { return keyring.Delete(keyringService, name) })
}

// patiently gives up on a keyring that does not answer. Its goroutine ends when the keyring does answer.
func patiently(do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	timer := time.NewTimer(keyringPatience)
	defer timer.Stop()
	select {
	case err := <-done:
		if errors.Is(err, keyring.ErrNotFound) {
			return errNoEntry
		}
		return err
	case <-timer.C:
		return errors.New("the keyring does not answer")
	}
}
