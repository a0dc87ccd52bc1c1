package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/internal/addr"
)

// Resolve finds the backups and folders that a person means by an address on the command line: one instance, or all
// instances of a block with for_each. The error of an unknown address suggests a known one.
func (c *Config) Resolve(text string) ([]addr.Address, error) {
	all := c.Managed()
	a, err := addr.Parse(text)
	if err == nil {
		var found []addr.Address
		for _, candidate := range all {
			if candidate == a || !a.Keyed && candidate.Block() == a {
				found = append(found, candidate)
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	names := make([]string, len(all))
	for i, candidate := range all {
		names[i] = candidate.String()
	}
	hint := fmt.Sprintf("there are: %s", listed(names))
	if best := nearestAddress(strings.TrimSpace(text), names); best != "" {
		hint = fmt.Sprintf("did you mean %s?", best)
	}
	return nil, fmt.Errorf("the configuration has no backup or folder %s; %s", text, hint)
}

// Managed lists the addresses that have something in an account, sorted.
func (c *Config) Managed() []addr.Address {
	var all []addr.Address
	for _, b := range c.Backups {
		all = append(all, b.Address)
	}
	for _, f := range c.Folders {
		all = append(all, f.Address)
	}
	slices.SortFunc(all, addr.Address.Compare)
	return all
}
