// Package retention decides which of a series of points in time are kept, by the rules restic made known.
//
// Each rule of a [Policy] is judged on its own, and an item is kept if any of them keeps it. A counting rule keeps the
// newest item of each of the last so many hours, days, ISO weeks, months or years that hold an item; periods without one
// take no slot. If slots remain when the items run out, the oldest item is kept too, so that history reaches back as far
// as it can. A duration rule looks back from the newest item that is not in the future, never from the clock.
//
// The package is pure: now is an argument, and equal arguments give equal decisions. Hours and days are those of each
// item's own Location, so a caller with a time zone in mind converts the times first.
package retention
