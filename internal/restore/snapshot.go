package restore

import (
	"regexp"
	"time"

	"github.com/megaplan/megaplan/internal/tree"
)

// snapshotName is how snapshots are called: the start of their scan, with a number where two began in one second (rule 23).
var snapshotName = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z)(-\d+)?$`)

// SnapshotTime reads a snapshot's name.
func SnapshotTime(name string) (time.Time, bool) {
	parts := snapshotName.FindStringSubmatch(name)
	if parts == nil {
		return time.Time{}, false
	}
	t, err := time.Parse("2006-01-02T15-04-05Z", parts[1])
	return t, err == nil
}

// Snapshot returns the newest snapshot below root that is not after a time. Unfinished ones have other names.
func Snapshot(t *tree.Tree, root tree.ID, at time.Time) (tree.ID, bool) {
	best, found := tree.None, false
	var bestTime time.Time
	first, end := t.Children(root)
	for id := first; id < end; id++ {
		began, ok := SnapshotTime(t.Name(id))
		if !ok || t.Kind(id) != tree.Dir || began.After(at) {
			continue
		}
		if !found || !began.Before(bestTime) {
			best, bestTime, found = id, began, true
		}
	}
	return best, found
}
