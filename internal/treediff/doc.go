// Package treediff says what differs between two remote trees: what was added, removed, changed or moved. Nothing is
// downloaded: content is known by the keys of nodes, which server-side copies share, and by fingerprints.
//
// It is pure but for the keys, which it asks for only where fingerprints do not decide.
package treediff
