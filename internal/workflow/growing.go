package workflow

import (
	"sync"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/scan"
)

// growing are the patterns of a backup's files that are appended to all the time.
func (p *Project) growing(a addr.Address) *filter.List {
	p.growths.mu.Lock()
	defer p.growths.mu.Unlock()
	if list, ok := p.growths.declared[a]; ok {
		return list
	}
	if p.growths.declared == nil {
		p.growths.declared = map[addr.Address]*filter.List{}
	}
	list := filter.NewList("growing", p.patterns(p.backup(a).Source.Growing))
	p.growths.declared[a] = list
	return list
}

// growths are the files declared to grow that this run has looked at. Their size and times say nothing about the part that
// counts, so it must have one checksum of a few spots whenever it is looked at: while it is compared, and when it is uploaded.
type growths struct {
	mu       sync.Mutex
	declared map[addr.Address]*filter.List
	seen     map[growthKey]*growth
}

// growthKey is the part of a file that the scan saw.
type growthKey struct {
	backup addr.Address
	path   string
	size   int64
}

// growth is how that part looked when it was looked at first. Grown says that once there was more, so that no proof may rest on
// the times of the scan (rule 11).
type growth struct {
	mu    sync.Mutex
	sum   crypt.CRC
	grown bool
}

// look returns what is known of a file, which is errChanged if it does not begin with what it began with.
func (g *growths) look(key growthKey, c *content) (*growth, error) {
	sum, exact, err := c.look()
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	known := g.seen[key]
	if known == nil {
		if g.seen == nil {
			g.seen = map[growthKey]*growth{}
		}
		known = &growth{sum: sum}
		g.seen[key] = known
	}
	g.mu.Unlock()
	return known, known.take(sum, exact)
}

// grown says whether a file was seen to be more than what the scan saw.
func (g *growths) grown(key growthKey) bool {
	g.mu.Lock()
	known := g.seen[key]
	g.mu.Unlock()
	if known == nil {
		return false
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	return known.grown
}

// check looks at the open file again.
func (g *growth) check(c *content) error {
	sum, exact, err := c.look()
	if err != nil {
		return err
	}
	return g.take(sum, exact)
}

func (g *growth) take(sum crypt.CRC, exact bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if sum != g.sum {
		return errChanged
	}
	g.grown = g.grown || !exact
	return nil
}

// look returns the checksum of what the scan saw, and whether the file is no more than that.
func (c *content) look() (sum crypt.CRC, exact bool, err error) {
	sum, err = crypt.ComputeCRC(c.file, c.want.Size)
	now, checkErr := scan.Check(c.file)
	switch {
	case checkErr != nil:
		return sum, false, checkErr
	case !now.Continues(c.want): // what a file that became too short made of the checksum is of no interest
		return sum, false, errChanged
	}
	return sum, now == c.want, err
}
