package restore_test

import "testing"

func smallDisk(t *testing.T, _ int) string {
	t.Skip("no small file system")
	return ""
}
