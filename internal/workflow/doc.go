// Package workflow composes the parts into what a command does: it gathers the inputs of a plan, answers the planner's
// questions, carries plans out under a lease, records what was done and keeps the state. It shows nothing itself: an
// Observer is told, and values are returned.
package workflow
