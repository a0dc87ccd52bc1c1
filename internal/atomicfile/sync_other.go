//go:build !unix

package atomicfile

// SyncDir does nothing where directories cannot be opened for syncing; the file system's own journal orders renames there.
func SyncDir(string) error { return nil }
