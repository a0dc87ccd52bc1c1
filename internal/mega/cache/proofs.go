package cache

import (
	"context"
	"database/sql"
	"slices"
	"strings"
)

// Identity tells whether a local file is still the one that was looked at. Times are in nanoseconds.
type Identity struct {
	Size, MTime, CTime int64
	Inode              uint64
}

// Proof is what is known of a local file's content against a node's: equal, because the node was uploaded from it or its
// MAC matched, or different. It holds as long as the file has that identity (rule 9); a node's content never changes.
type Proof struct {
	// Dir and Name are the file's absolute path in bytes, with slashes; the root directory is "/".
	Dir, Name string
	Identity
	Handle Handle
	Equal  bool
}

// Proofs remembers proofs: one for each file and node, and the latest few of a file. They lie in packs, each with proofs of one
// directory: a row for every proof would cost a plan more than all else it reads.
type Proofs struct{ d *DB }

// proofsPerTx keeps transactions short, for other processes wait meanwhile.
const proofsPerTx = 5000

// Add remembers proofs, each in the place of an earlier one of the same file and node. Hand over many at a time: each call
// is at least one transaction.
func (p Proofs) Add(ctx context.Context, proofs ...Proof) error {
	for part := range slices.Chunk(proofs, proofsPerTx) {
		part = slices.Clone(part)
		slices.SortStableFunc(part, func(a, b Proof) int { return strings.Compare(a.Dir, b.Dir) })
		err := p.d.inTx(ctx, "remember proofs", func(tx *sql.Tx) error {
			for len(part) > 0 {
				n := slices.IndexFunc(part, func(one Proof) bool { return one.Dir != part[0].Dir })
				if n < 0 {
					n = len(part)
				}
				if err := addPack(ctx, tx, part[0].Dir, part[:n]); err != nil {
					return err
				}
				part = part[n:]
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// addPack adds proofs of one directory. Packs that are not much larger than the new one become one with it, so that a
// directory has few of them and each proof is rewritten seldom.
func addPack(ctx context.Context, tx *sql.Tx, dir string, proofs []Proof) error {
	pack := appendPack(nil, latest(proofs))
	from, err := smallPacks(ctx, tx, dir, len(pack))
	if err != nil {
		return err
	}
	if from > 0 {
		var earlier []Proof
		err := eachPack(ctx, tx, func(_ string, pack []byte) { earlier = readPack(earlier, dir, pack) },
			"WHERE dir = ? AND id >= ? ORDER BY id", []byte(dir), from)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM packs WHERE dir = ? AND id >= ?", []byte(dir), from); err != nil {
			return err
		}
		pack = appendPack(nil, latest(append(earlier, proofs...)))
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO packs (dir, pack) VALUES (?, ?)", []byte(dir), pack)
	return err
}

// smallPacks returns the first of a directory's newest packs that belong into one with a new one of that size; 0 for none.
func smallPacks(ctx context.Context, tx *sql.Tx, dir string, size int) (from int64, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT id, length(pack) FROM packs WHERE dir = ? ORDER BY id DESC", []byte(dir))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var length int
		if err := rows.Scan(&id, &length); err != nil {
			return 0, err
		}
		if length > 2*size {
			break
		}
		from, size = id, size+length
	}
	return from, rows.Err()
}

// In returns the proofs of the files directly in a directory, by name and handle.
func (p Proofs) In(ctx context.Context, dir string) ([]Proof, error) {
	return p.query(ctx, "WHERE dir = ?", []byte(dir))
}

// Below returns the proofs of all files below a directory, by directory, name and handle. A hundred thousand take about
// fifteen milliseconds.
func (p Proofs) Below(ctx context.Context, root string) ([]Proof, error) {
	// What begins with "root/" sorts before "root0", for '0' follows '/'.
	from := strings.TrimSuffix(root, "/") + "/"
	to := from[:len(from)-1] + "0"
	var direct []Proof
	if root != from {
		var err error
		if direct, err = p.In(ctx, root); err != nil {
			return nil, err
		}
	}
	// Not one query with OR, for which SQLite sorts.
	below, err := p.query(ctx, "WHERE dir >= ? AND dir < ?", []byte(from), []byte(to))
	if len(direct) == 0 {
		return below, err
	}
	return append(direct, below...), err
}

func (p Proofs) query(ctx context.Context, where string, args ...any) (list []Proof, err error) {
	err = p.d.use(ctx, "read proofs", func(db *sql.DB) error {
		var bytes int
		if err := db.QueryRowContext(ctx, "SELECT coalesce(sum(length(pack)), 0) FROM packs "+where, args...).Scan(&bytes); err != nil {
			return err
		}
		list = slices.Grow([]Proof(nil), bytes/usualProof)
		var dir string
		first, packs := 0, 0 // of the directory that is being read
		err := eachPack(ctx, db, func(d string, pack []byte) {
			if packs == 0 || d != dir {
				dir, first, packs = d, len(list), 0
			}
			list = readPack(list, dir, pack)
			if packs++; packs > 1 {
				list = append(list[:first], latest(list[first:])...)
			}
		}, where+" ORDER BY dir, id", args...)
		return err
	})
	return list, err
}

// eachPack hands over packs that are valid during the call.
func eachPack(ctx context.Context, db interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}, take func(dir string, pack []byte), where string, args ...any,
) error {
	rows, err := db.QueryContext(ctx, "SELECT dir, pack FROM packs "+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var dir, pack sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&dir, &pack); err != nil {
			return err
		}
		take(string(dir), pack)
	}
	return rows.Err()
}
