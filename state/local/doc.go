// Package local keeps the state in a file.
//
// The document is the file itself, replaced as a whole; the five before it stay beside it as FILE.1 to FILE.5. FILE.d holds
// the rest: objects in FILE.d/objects, run journals in FILE.d/journal, and FILE.d/lock, whose file lock ends with its process.
// All files are 0600, the directories made for them 0700.
package local
