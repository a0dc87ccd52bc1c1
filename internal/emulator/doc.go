// Package emulator is a MEGA server for tests, demonstrations and measurements:
// an http.Handler that answers the API, event and storage requests of MEGA's
// clients from memory or from a directory that survives restarts.
//
// Everything it receives stays encrypted under keys it does not use; it checks
// what a server can check (sizes, checksums, parents, quota, versions). It
// shares no code with this module's own client, so that the two cannot agree
// on the same mistake. New makes a Server, AddAccount an account, and Serve
// or ServeHTTP answers.
package emulator
