// Package archtest holds the import table of the module as a test: which
// package stands on which line, who may use the network, where third-party
// libraries are allowed, and that every package says what it is for.
//
// A package imports only from lines above its own. Adding a package means
// adding it to [table] in the commit that starts it; the test fails for a
// package that has no place. External tests (package x_test) may reach up.
package archtest
