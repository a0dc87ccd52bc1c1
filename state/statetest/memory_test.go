package statetest

import (
	"testing"

	"github.com/megaplan/megaplan/state"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	Test(t, func(*testing.T) func() state.Backend {
		m := &Memory{}
		return func() state.Backend { return m }
	})
}
