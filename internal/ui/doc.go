// Package ui shows what megaplan found, plans and does: to people as text fitted to their terminal, to programs as JSON.
// Both forms are fed by the same calls. It decides nothing and reads nothing but what it is given.
//
// Data goes to standard output, everything else to standard error.
package ui
