// Package state holds what the last apply left behind: one small versioned JSON document, and for each backup a manifest of
// the remote nodes it owns. State decides ownership, safety and wording, nothing else (rule 25); without it the next plan
// adopts what it finds.
//
// The package defines the document, the manifest, leases and the Backend interface; backends live in packages below it.
package state
