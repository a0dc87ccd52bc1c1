// Package http keeps the state on a server that speaks Terraform's state protocol, as GitLab and Gitea do: GET, an update by
// POST or PUT, and, where there is an address for it, a lock.
//
// Such a server keeps one text, so the document and all objects are one state.Bundle there: objects that were put wait in memory
// for the next document. The protocol knows no earlier documents (GitLab keeps them, for people) and no comparing before it
// replaces: under the lock, the text is read once more before it is written.
package http
