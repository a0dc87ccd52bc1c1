package transfer

import "sync"

// progressCounter passes progress on and remembers the sum, so that it can be taken back.
type progressCounter struct {
	report func(n int64) // may be nil

	mu  sync.Mutex
	sum int64
}

func (c *progressCounter) add(n int64) {
	if n == 0 {
		return
	}
	c.mu.Lock()
	c.sum += n
	c.mu.Unlock()
	if c.report != nil {
		c.report(n)
	}
}

// reset takes everything back.
func (c *progressCounter) reset() {
	c.mu.Lock()
	sum := c.sum
	c.mu.Unlock()
	c.add(-sum)
}
