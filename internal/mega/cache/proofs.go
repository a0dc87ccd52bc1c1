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

// Proofs remembers proofs: one for each file and node.
type Proofs struct{ d *DB }

// factSize is a proof's fact: four numbers and the verdict.
const factSize = 33

func (p *Proof) fact() []byte {
	b := make([]byte, 0, factSize)
	for _, v := range []uint64{uint64(p.Size), uint64(p.MTime), uint64(p.CTime), p.Inode} {
		b = le.AppendUint64(b, v)
	}
	if p.Equal {
		return append(b, 1)
	}
	return append(b, 0)
}

func (p *Proof) setFact(b []byte) bool {
	if len(b) != factSize {
		return false
	}
	p.Identity = Identity{
		Size: int64(le.Uint64(b)), MTime: int64(le.Uint64(b[8:])), CTime: int64(le.Uint64(b[16:])), Inode: le.Uint64(b[24:]),
	}
	p.Equal = b[32] == 1
	return true
}

// proofsPerTx keeps transactions short, for other processes wait meanwhile.
const proofsPerTx = 5000

// Add remembers proofs, each in the place of an earlier one of the same file and node. Hand over many at a time: each call
// is at least one transaction.
func (p Proofs) Add(ctx context.Context, proofs ...Proof) error {
	for part := range slices.Chunk(proofs, proofsPerTx) {
		err := p.d.inTx(ctx, "remember proofs", func(tx *sql.Tx) error {
			insert, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO proofs (dir, name, handle, fact) VALUES (?, ?, ?, ?)")
			if err != nil {
				return err
			}
			defer insert.Close()
			for i := range part {
				one := &part[i]
				if _, err := insert.ExecContext(ctx, []byte(one.Dir), []byte(one.Name), int64(one.Handle), one.fact()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// In returns the proofs of the files directly in a directory, by name and handle.
func (p Proofs) In(ctx context.Context, dir string) ([]Proof, error) {
	return p.query(ctx, "WHERE dir = ?", []byte(dir))
}

// Of returns the proofs of one file, by handle.
func (p Proofs) Of(ctx context.Context, dir, name string) ([]Proof, error) {
	return p.query(ctx, "WHERE dir = ? AND name = ?", []byte(dir), []byte(name))
}

// Below returns the proofs of all files below a directory, by directory, name and handle. A hundred thousand take about a
// tenth of a second.
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
	return append(direct, below...), err
}

func (p Proofs) query(ctx context.Context, where string, args ...any) (list []Proof, err error) {
	err = p.d.use(ctx, "read proofs", func(db *sql.DB) error {
		list = nil
		rows, err := db.QueryContext(ctx, "SELECT dir, name, handle, fact FROM proofs "+where+" ORDER BY dir, name, handle", args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		var dir, name, fact sql.RawBytes
		for rows.Next() {
			var one Proof
			if err := rows.Scan(&dir, &name, &one.Handle, &fact); err != nil {
				return err
			}
			if !one.setFact(fact) {
				continue // no proof is safer than a strange one
			}
			one.Dir, one.Name = string(dir), string(name)
			if n := len(list); n > 0 && list[n-1].Dir == one.Dir {
				one.Dir = list[n-1].Dir // one string for a directory's files
			}
			list = append(list, one)
		}
		return rows.Err()
	})
	return list, err
}

// Forget removes the proofs that keep says no to, such as those of files and nodes that are gone.
func (p Proofs) Forget(ctx context.Context, keep func(Proof) bool) error {
	all, err := p.query(ctx, "")
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, keep)
	for part := range slices.Chunk(all, proofsPerTx) {
		err := p.d.inTx(ctx, "forget proofs", func(tx *sql.Tx) error {
			remove, err := tx.PrepareContext(ctx, "DELETE FROM proofs WHERE dir = ? AND name = ? AND handle = ?")
			if err != nil {
				return err
			}
			defer remove.Close()
			for _, one := range part {
				if _, err := remove.ExecContext(ctx, []byte(one.Dir), []byte(one.Name), int64(one.Handle)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
