package planner

import (
	"path"
	"strings"

	"github.com/megaplan/megaplan/internal/tree"
)

// placeName is a name in a row's folder.
type placeName struct {
	parent int32
	name   string
}

// rename finds a free name for a row's node: what rclone would call it, "name-1.ext". Nothing of the source has the name, so
// the node is nobody's from then on.
func (t *target) rename(i int32) {
	r := t.rows[i]
	name := t.remote().Name(r.remote)
	ext := ""
	if t.remote().Kind(r.remote) != tree.Dir {
		ext = path.Ext(name)
	}
	if ext == name {
		ext = ""
	}
	stem := strings.TrimSuffix(name, ext)
	for n := int64(1); ; n++ {
		p := placeName{r.parent, stem + "-" + decimal(n) + ext}
		if t.inUse(p) {
			continue
		}
		if t.given == nil {
			t.given, t.names = map[placeName]bool{}, map[int32]string{}
		}
		t.given[p], t.names[i] = true, p.name
		return
	}
}

// inUse says whether anything has a name in a row's folder or one that is merged into it, on either side.
func (t *target) inUse(p placeName) bool {
	at := t.rows[p.parent]
	if at.local != tree.None {
		if first, end := t.local().Find(at.local, p.name); first != end {
			return true
		}
	}
	for _, dir := range append([]tree.ID{at.remote}, t.merged[p.parent]...) {
		if first, end := t.remote().Find(dir, p.name); first != end {
			return true
		}
	}
	return t.given[p]
}
