// Package scan turns a local directory into a tree.Tree: what a source says should be in its backup.
//
// Every name that is there is in the tree. What a filter leaves out, what cannot be read, what lies on another file system
// is an Unknown node with its reason, because nothing may be concluded about it (SEMANTICS rule 6); only a name that is in
// no complete listing is absent. Scan reads directories and stats entries and opens nothing else but ignore files and
// cache tags; a Source opens what it found, without leaving the directory by a link that was put there meanwhile.
package scan
