package snapshot

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// layout is a snapshot's name: the start of its scan in UTC, without characters that file systems refuse.
const layout = "2006-01-02T15-04-05Z"

// building begins the name of a snapshot that is not published yet. Other names of megaplan's own begin like this too.
const building = ".megaplan-"

var form = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z)(?:-([1-9]\d*))?$`)

// Name returns the name of the nth snapshot whose scan began in this second, counted from 1.
func Name(began time.Time, n int) string {
	name := began.UTC().Format(layout)
	if n > 1 {
		name += "-" + strconv.Itoa(n)
	}
	return name
}

// ParseName reads what Name wrote.
func ParseName(name string) (began time.Time, n int, ok bool) {
	parts := form.FindStringSubmatch(name)
	if parts == nil {
		return time.Time{}, 0, false
	}
	began, err := time.Parse(layout, parts[1])
	if err != nil {
		return time.Time{}, 0, false
	}
	n = 1
	if parts[2] != "" {
		if n, err = strconv.Atoi(parts[2]); err != nil || n < 2 {
			return time.Time{}, 0, false
		}
	}
	return began, n, true
}

// BuildingName is what a snapshot is called until it is published.
func BuildingName(name string) string { return building + name }

// IsBuilding says whether a folder's name is that of a snapshot that is not published.
func IsBuilding(name string) bool {
	rest, ok := strings.CutPrefix(name, building)
	if !ok {
		return false
	}
	_, _, ok = ParseName(rest)
	return ok
}

// Names says whether a folder's name is that of a snapshot, published or not.
func Names(name string) bool {
	_, _, ok := ParseName(name)
	return ok || IsBuilding(name)
}
