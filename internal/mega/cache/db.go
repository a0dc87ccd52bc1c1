package cache

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/megaplan/megaplan/internal/atomicfile"
)

const (
	dbName = "proofs.db"
	// dbVersion is the schema's; a database of another version is set aside, for it is a cache.
	dbVersion = 2
	dbSchema  = `
CREATE TABLE packs (id INTEGER PRIMARY KEY, dir BLOB NOT NULL, pack BLOB NOT NULL);
CREATE INDEX packs_dir ON packs (dir, id);
CREATE TABLE uploads (
	key BLOB PRIMARY KEY, started INTEGER NOT NULL, source BLOB NOT NULL, url TEXT NOT NULL, secret BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE chunks (
	key BLOB NOT NULL REFERENCES uploads (key) ON DELETE CASCADE, first INTEGER NOT NULL, macs BLOB NOT NULL,
	PRIMARY KEY (key, first)
) WITHOUT ROWID;
CREATE INDEX uploads_started ON uploads (started);
PRAGMA user_version = 2;`
)

// DB is the database beside the tree: Proofs, Twins and Uploads. It is safe for concurrent use, also by several processes. One
// that turns out to be damaged is set aside and begun anew, so that callers never hear of it; what it held is lost, as in
// every cache.
type DB struct {
	store store

	mu     sync.RWMutex // held for writing while the database is replaced
	db     *sql.DB
	closed bool
}

// OpenDB opens the database in dir, the directory of the cache, and makes both if need be.
func OpenDB(dir string) (*DB, error) {
	d := &DB{store: store{dir: dir}}
	if err := atomicfile.MkdirAll(dir); err != nil {
		return nil, err
	}
	err := d.open()
	if isCorrupt(err) {
		err = d.heal(context.Background())
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", d.path(), err)
	}
	return d, nil
}

func (d *DB) path() string { return filepath.Join(d.store.dir, dbName) }

// Close lets go of the database.
func (d *DB) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.db == nil {
		return nil
	}
	d.closed = true
	return d.db.Close()
}

// Proofs returns the part that remembers which local files equal which nodes.
func (d *DB) Proofs() Proofs { return Proofs{d} }

// Uploads returns the part that remembers uploads under way.
func (d *DB) Uploads() Uploads { return Uploads{d} }

// open opens or makes the database and looks at it.
func (d *DB) open() error {
	// SQLite would make it readable for all; its other files take the permissions of this one.
	f, err := os.OpenFile(d.path(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	name := filepath.ToSlash(d.path())
	if name[0] != '/' {
		name = "/" + name // a drive letter
	}
	if !filepath.IsAbs(d.path()) {
		name = filepath.ToSlash(d.path())
	}
	const options = "?_pragma=busy_timeout(30000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)&_txlock=immediate"
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: name}).EscapedPath()+options)
	if err != nil {
		return err
	}
	if err := prepare(db); err != nil {
		return errors.Join(err, db.Close())
	}
	d.db = db
	return nil
}

// prepare makes the tables, unless they are there.
func prepare(db *sql.DB) error {
	version, _, err := look(db)
	if err != nil || version == dbVersion {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	// Another process may have been faster.
	version, tables, err := look(tx)
	if err != nil || version == dbVersion {
		return err
	}
	if version != 0 || tables != 0 {
		return errVersion
	}
	if _, err := tx.Exec(dbSchema); err != nil {
		return err
	}
	return tx.Commit()
}

func look(db interface {
	QueryRow(string, ...any) *sql.Row
},
) (version, tables int, err error) {
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return 0, 0, err
	}
	err = db.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables)
	return version, tables, err
}

// errVersion is a database that another version of megaplan made.
var errVersion = errors.New("made by another version")

// isCorrupt says whether the database is beyond use.
func isCorrupt(err error) bool {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff { // the rest says where exactly
		case sqlitelib.SQLITE_CORRUPT, sqlitelib.SQLITE_NOTADB:
			return true
		}
	}
	return errors.Is(err, errVersion)
}

// use runs do on the database. If it is damaged, do runs once more on a fresh one.
func (d *DB) use(ctx context.Context, doing string, do func(*sql.DB) error) error {
	err := d.try(do)
	if isCorrupt(err) {
		if err = d.heal(ctx); err == nil {
			err = d.try(do)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

func (d *DB) try(do func(*sql.DB) error) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return fs.ErrClosed
	}
	return do(d.db)
}

// inTx runs do in one transaction.
func (d *DB) inTx(ctx context.Context, doing string, do func(*sql.Tx) error) error {
	return d.use(ctx, doing, func(db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // after Commit it does nothing
		if err := do(tx); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// heal sets a damaged database aside and opens a new one, unless another process has done so.
func (d *DB) heal(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return fs.ErrClosed
	}
	if d.db != nil {
		_ = d.db.Close() // it is damaged: whatever it says
		d.db = nil
	}
	unlock, err := d.store.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if d.open() == nil {
		var verdict string
		if err := d.db.QueryRow("PRAGMA quick_check(1)").Scan(&verdict); err == nil && verdict == "ok" {
			return nil
		}
		_ = d.db.Close()
		d.db = nil
	}
	if err := os.Rename(d.path(), d.path()+".damaged"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, rest := range []string{"-wal", "-shm"} {
		if err := os.Remove(d.path() + rest); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return d.open()
}
