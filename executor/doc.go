// Package executor carries a plan out: every action once, in the order its edges allow, many at a time. It never decides:
// what to do is in the plan, and where the world no longer is as the plan saw it, an action is skipped with all that wait for it.
package executor
