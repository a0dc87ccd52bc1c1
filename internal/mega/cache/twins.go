package cache

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Pair is two nodes, in either order.
type Pair struct{ A, B Handle }

func (p Pair) sorted() Pair { return Pair{min(p.A, p.B), max(p.A, p.B)} }

// Twins remembers which nodes hold the same content and which do not, where that had to be downloaded. It stays true, since a
// node's content never changes; it is forgotten when nobody has asked for so long that the nodes have probably gone.
type Twins struct{ d *DB }

// twinsLife is how long what was found out is kept.
const twinsLife = 180 * 24 * time.Hour

// twinsTable is made when there is something to put into it. It is beside the version's tables: a program that does not know it
// leaves it alone.
const twinsTable = `CREATE TABLE IF NOT EXISTS twins (
	a INTEGER NOT NULL, b INTEGER NOT NULL, same INTEGER NOT NULL, found INTEGER NOT NULL, PRIMARY KEY (a, b)
) WITHOUT ROWID`

// Twins returns the part that remembers which nodes hold the same content.
func (d *DB) Twins() Twins { return Twins{d} }

// Load returns what is known of the pairs.
func (t Twins) Load(ctx context.Context, pairs []Pair) (known map[Pair]bool, err error) {
	err = t.d.use(ctx, "read compared nodes", func(db *sql.DB) error {
		known = map[Pair]bool{}
		var tables int
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'twins'").Scan(&tables); err != nil || tables == 0 {
			return err
		}
		find, err := db.PrepareContext(ctx, "SELECT same FROM twins WHERE a = ? AND b = ?")
		if err != nil {
			return err
		}
		defer find.Close()
		for _, p := range pairs {
			var same bool
			key := p.sorted()
			switch err := find.QueryRowContext(ctx, int64(key.A), int64(key.B)).Scan(&same); {
			case err == nil:
				known[p] = same
			case !errors.Is(err, sql.ErrNoRows):
				return err
			}
		}
		return nil
	})
	return known, err
}

// Add remembers what was found out about pairs.
func (t Twins) Add(ctx context.Context, found map[Pair]bool) error {
	now := time.Now()
	return t.d.inTx(ctx, "remember compared nodes", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, twinsTable); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM twins WHERE found < ?", now.Add(-twinsLife).Unix()); err != nil {
			return err
		}
		for p, same := range found {
			key := p.sorted()
			_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO twins (a, b, same, found) VALUES (?, ?, ?, ?)", int64(key.A), int64(key.B), same, now.Unix())
			if err != nil {
				return err
			}
		}
		return nil
	})
}
