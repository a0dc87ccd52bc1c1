package scan

import (
	"errors"
	"fmt"
	"io"
	"os"
)

var (
	// errReplaced says that a directory became something else since it was listed.
	errReplaced = errors.New("replaced during the scan")
	// errNoFile says that a name is not a regular file.
	errNoFile = errors.New("not a regular file")
)

// readRegular reads an open file that must be regular. A limit below zero means to read only that many bytes of it; else
// a longer file is an error.
func readRegular(f *os.File, limit int) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	if limit < 0 {
		head := make([]byte, -limit)
		n, err := io.ReadFull(f, head)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil
		}
		return head[:n], err
	}
	content, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(content) > limit {
		return nil, fmt.Errorf("longer than %d bytes", limit)
	}
	return content, err
}
