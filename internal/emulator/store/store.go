// Package store keeps what an emulated MEGA server must remember: a log of
// opaque metadata records and the bytes of files ("blobs"). Memory and Open
// give the two implementations; one contract suite runs on both.
//
// A store promises that a record is either whole or absent after the process
// died at any moment, and that records come back in the order of Append.
package store

import (
	"errors"
	"io"
)

// Store is a metadata log beside a set of blobs. Append and Compact must not
// run at the same time; blob methods may be called from anywhere, also for
// different parts of one blob at once.
type Store interface {
	// Replay hands out every record in order. Call it once, before Append.
	// The record is only valid during the call.
	Replay(fn func(record []byte) error) error
	// Append adds one record. When it returns nil the record survives the
	// death of the process.
	Append(record []byte) error
	// Grown says how many bytes were appended since the last Compact.
	Grown() int64
	// Compact replaces all records by those that dump emits, at once: after
	// a crash either the old or the new records are there.
	Compact(dump func(emit func(record []byte) error) error) error

	// WriteBlob copies r into the blob at an offset, making the blob or
	// filling the gap with zeros where needed, and returns the bytes copied.
	WriteBlob(id uint64, off int64, r io.Reader) (int64, error)
	// ReadBlob returns exactly n bytes from an offset, or an error.
	ReadBlob(id uint64, off, n int64) (io.ReadCloser, error)
	// DeleteBlob removes a blob; a blob that is not there is no error.
	DeleteBlob(id uint64) error
	// Blobs lists the ids of all blobs, in no order.
	Blobs() ([]uint64, error)

	// Close releases everything. The store must not be used afterwards.
	Close() error
}

// ErrNoBlob is returned by ReadBlob when the blob, or the part asked for, is
// not there.
var ErrNoBlob = errors.New("no such blob or range")
