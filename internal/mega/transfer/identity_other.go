//go:build !unix

package transfer

import "os"

// Identify looks at an open file.
func Identify(f *os.File) (Identity, error) {
	st, err := f.Stat()
	if err != nil {
		return Identity{}, err
	}
	return Identity{Size: st.Size(), MTime: st.ModTime().UnixNano()}, nil
}
