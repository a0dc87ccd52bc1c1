package cache

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// uploadLife is how long MEGA's upload addresses are good for, as far as clients know.
const uploadLife = 48 * time.Hour

// Upload is an upload under way, as another process needs it to go on.
type Upload struct {
	Source Identity // of the file when the upload began
	URL    string
	// Key is the file key, encrypted by the caller: the database keeps it as it comes.
	Key     []byte
	Started time.Time
	Done    []Done
}

// Done is a run of chunks the storage server has confirmed.
type Done struct {
	First int // chunk
	MACs  []crypt.MAC
}

// Uploads remembers uploads under way, each under a key the caller chooses.
type Uploads struct{ d *DB }

// Load returns the upload under the key; false if there is none, or if it is older than its address lives.
func (u Uploads) Load(ctx context.Context, key string) (up Upload, found bool, err error) {
	// One statement sees one state: never the chunks of another upload.
	const query = `SELECT u.started, u.source, u.url, u.secret, c.first, c.macs
		FROM uploads u LEFT JOIN chunks c ON c.key = u.key WHERE u.key = ? ORDER BY c.first`
	err = u.d.use(ctx, "read upload journal", func(db *sql.DB) error {
		up, found = Upload{}, false
		rows, err := db.QueryContext(ctx, query, []byte(key))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := up.scan(rows); err != nil {
				return err
			}
			found = time.Since(up.Started) <= uploadLife
		}
		return rows.Err()
	})
	if err != nil || !found {
		return Upload{}, false, err
	}
	return up, true, nil
}

// scan reads one row: the upload again, and one more run of chunks, if there are any.
func (up *Upload) scan(rows *sql.Rows) error {
	var started int64
	var source, macs []byte
	var first sql.NullInt64
	if err := rows.Scan(&started, &source, &up.URL, &up.Key, &first, &macs); err != nil {
		return err
	}
	var file Proof
	if !file.setFact(source) {
		return errors.New("a strange identity")
	}
	up.Source, up.Started = file.Identity, time.Unix(0, started)
	if !first.Valid {
		return nil
	}
	d := Done{First: int(first.Int64)}
	for mac := range slices.Chunk(macs, len(crypt.MAC{})) {
		if len(mac) == len(crypt.MAC{}) {
			d.MACs = append(d.MACs, crypt.MAC(mac))
		}
	}
	up.Done = append(up.Done, d)
	return nil
}

// Begin remembers a new upload in the place of any other under the key, and forgets those that are too old.
func (u Uploads) Begin(ctx context.Context, key string, up Upload) error {
	source := Proof{Identity: up.Source}
	return u.d.inTx(ctx, "write upload journal", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM uploads WHERE key = ? OR started < ?", []byte(key), time.Now().Add(-uploadLife).UnixNano()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO uploads (key, started, source, url, secret) VALUES (?, ?, ?, ?, ?)",
			[]byte(key), up.Started.UnixNano(), source.fact(), up.URL, up.Key)
		for _, d := range up.Done {
			if err == nil {
				err = addChunks(ctx, tx, key, d)
			}
		}
		return err
	})
}

// Add remembers chunks that were confirmed. An upload that was forgotten meanwhile stays forgotten.
func (u Uploads) Add(ctx context.Context, key string, d Done) error {
	return u.d.inTx(ctx, "write upload journal", func(tx *sql.Tx) error { return addChunks(ctx, tx, key, d) })
}

func addChunks(ctx context.Context, tx *sql.Tx, key string, d Done) error {
	macs := make([]byte, 0, len(d.MACs)*len(crypt.MAC{}))
	for _, m := range d.MACs {
		macs = append(macs, m[:]...)
	}
	_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO chunks (key, first, macs) SELECT key, ?, ? FROM uploads WHERE key = ?", d.First, macs, []byte(key))
	return err
}

// Delete forgets an upload; it need not be there.
func (u Uploads) Delete(ctx context.Context, key string) error {
	return u.d.inTx(ctx, "write upload journal", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM uploads WHERE key = ?", []byte(key))
		return err
	})
}
