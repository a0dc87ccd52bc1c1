// Package config reads a configuration directory and evaluates it into one Config of plain values: every reference
// resolved, every for_each expanded, every default filled in.
//
// It is the only package that knows HCL. Load depends on the files and on its Options and on nothing else: no network,
// no credentials, no look at the process. All mistakes are reported at once, each where it stands; what depends on a
// mistake is left alone. Schema describes the language, and decoding, suggestions and documentation all come from it.
package config
