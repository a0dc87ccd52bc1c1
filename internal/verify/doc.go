// Package verify proves that a backup is what the source is, file by file, without downloading: the key of every remote
// file holds a MAC of its content, which is computed anew from the local bytes.
//
// Compare pairs a remote tree with a scanned source and decides what needs no reading; it is pure. Run reads the files that
// are left, each once however many nodes it is compared with, and gives every remote file a Verdict. Fetch proves the bytes
// on the server, which does download.
package verify
