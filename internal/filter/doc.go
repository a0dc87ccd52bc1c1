// Package filter decides which names of a source are taken, in gitignore's language.
//
// A Filter holds the include and exclude lists of a configuration; a walk carries a Dir, which also knows the ignore
// files of the directories above and what the parents were judged to be. Dir.Judge answers for one name and says which
// pattern, of which file and line, decided. Patterns mean exactly what git means by them (tested against git itself);
// how the lists play together is SEMANTICS rule 7. Names are bytes and compare with case.
//
// All values are safe for concurrent use.
package filter
