package planner

// EqualFrom sets the size from which new files are compared with each other.
func EqualFrom(size int64) { equalFrom = size }
