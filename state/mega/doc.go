// Package mega keeps the state in the MEGA account itself.
//
// The document is an ordinary file, megaplan.state.json, in a folder of megaplan's own; the five before it are its older versions.
// Objects are files in the folder's folder "objects", named by their digests. Any client shows and downloads them.
//
// The document lock is a private user attribute that is written only if nobody has written it since it was read. It outlives its
// process: a lock that was not given back is taken away by who knows its id.
//
// What is read comes from the tree that the account's client keeps anyway, and content, which a handle never changes, from this
// machine. So a plan with a warm cache asks nothing for the sake of its state.
package mega
