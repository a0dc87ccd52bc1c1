// Package planner decides what an apply would do. It takes values and returns values: no context, no clock, no file, no
// network. Equal inputs give equal plans.
//
// Planning is a conversation. Step looks at everything it was given and returns either a Plan or the questions it needs
// answered first, such as whether a local file's content equals a remote node's; the caller answers them in parallel and
// calls Step again with all answers so far, until there are no more questions.
package planner
