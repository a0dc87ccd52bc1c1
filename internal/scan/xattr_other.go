//go:build !linux && !darwin

package scan

import "errors"

func xattrs(string) (map[string][]byte, error) { return nil, errors.ErrUnsupported }
