package cache

import (
	"context"
	"fmt"
)

// HoldLock runs do while c holds its directory's lock.
func HoldLock(ctx context.Context, c *Cache, do func()) error {
	unlock, err := c.store.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	do()
	return nil
}

// CountUploads counts rows, whatever their age.
func CountUploads(d *DB) (n int) {
	if err := d.db.QueryRow("SELECT count(*) FROM uploads").Scan(&n); err != nil {
		panic(err)
	}
	return n
}

// SetVersion makes the database look like another version's.
func SetVersion(d *DB, version int) {
	if _, err := d.db.Exec(fmt.Sprint("PRAGMA user_version = ", version)); err != nil {
		panic(err)
	}
}

// CountPacks counts the packs of proofs.
func CountPacks(d *DB) (n int) {
	if err := d.db.QueryRow("SELECT count(*) FROM packs").Scan(&n); err != nil {
		panic(err)
	}
	return n
}

// The form of a pack, to attack it.
var (
	AppendPack = appendPack
	ReadPack   = readPack
)
