package emulator

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// chance is a fault that strikes at random.
type chance struct {
	spec FaultSpec
	rate float64
}

// newFaultQueue reads a list such as "seed=1,cs:eagain:0.05,storage:509:0.01":
// place, kind and probability. The seed makes the draws repeatable for equal
// orders of requests; it is 1 when absent.
func newFaultQueue(text string) (*faultQueue, error) {
	q := &faultQueue{}
	seed := uint64(1)
	for _, item := range strings.Split(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		if value, ok := strings.CutPrefix(item, "seed="); ok {
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("fault seed %q: want a number", value)
			}
			seed = n
			continue
		}
		c, err := parseChance(item)
		if err != nil {
			return nil, err
		}
		q.random = append(q.random, c)
	}
	q.rng = rand.New(rand.NewPCG(seed, seed))
	return q, nil
}

func parseChance(item string) (chance, error) {
	parts := strings.Split(item, ":")
	if len(parts) != 3 {
		return chance{}, fmt.Errorf("fault %q: want place:kind:rate", item)
	}
	rate, err := strconv.ParseFloat(parts[2], 64)
	if err != nil || !(rate >= 0 && rate <= 1) {
		return chance{}, fmt.Errorf("fault %q: the rate must be from 0 to 1", item)
	}
	c := chance{spec: FaultSpec{Place: Place(parts[0]), Kind: parts[1]}, rate: rate}
	return c, c.spec.check()
}
