// Package statetest holds the contract of state.Backend as a test that every backend runs, and what tests of states stand on: a
// backend in memory, and a server that speaks Terraform's state protocol.
package statetest
