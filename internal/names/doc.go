// Package names translates between names on disk and names on MEGA, the way rclone does, and gives the keys under which
// two spellings of a name are alike.
//
// An Encoding replaces what a name on MEGA should not hold by look-alikes, and marks look-alikes that were there before
// with ‛ (U+201B), which itself is doubled; Encode and Decode give the same results as rclone's own encoder. Decode of
// Encode is the identity for every string of bytes. FromDisk and ToDisk are what a backup uses: they agree with what
// rclone stores for a file, all the way from its local backend.
package names
