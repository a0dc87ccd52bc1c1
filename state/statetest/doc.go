// Package statetest holds the contract of state.Backend as a test that every backend runs, and a backend in memory for tests
// of what stands on one.
package statetest
