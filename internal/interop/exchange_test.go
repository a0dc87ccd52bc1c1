package interop

import (
	"path/filepath"
	"slices"
	"testing"
)

// cannotWrite and cannotRead are the known faults of the clients; faults_test.go
// checks that each is still there.
var cannotWrite = map[string]func(string, []byte) bool{
	"megatools": isEmpty,
	"megajs":    megajsFails,
}

var cannotRead = map[string]func(string, []byte) bool{
	"megatools": isEmpty,
	"megajs":    megajsFails,
}

// TestExchange lets every client upload files with odd names and sizes, and
// every client download what each of them wrote.
func TestExchange(t *testing.T) {
	for writer := range clients {
		t.Run("written by "+writer, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			folder := []string{"odd"}
			w, files, _ := fill(t, s, writer, folder)
			stored := files.renamed(w.stored)
			for reader := range clients {
				t.Run("read by "+reader, func(t *testing.T) { readBack(t, s, reader, folder, stored) })
			}
		})
	}
}

// fill lets a client make a folder and upload all that it can into it.
func fill(t *testing.T, s server, writer string, folder []string) (w client, files fileSet, source string) {
	t.Helper()
	w = clients[writer](t, s)
	files = oddFiles()
	if skip, ok := cannotWrite[writer]; ok {
		files = files.without(skip)
	}
	source = files.write(t)
	var ops []op
	for i := range folder {
		ops = append(ops, op{Do: "mkdir", Path: folder[:i+1]})
	}
	do(t, w, append(ops, op{Do: "putall", Path: folder, Local: source})...)
	return w, files, source
}

// readBack downloads the files of a folder with one client and compares.
func readBack(t *testing.T, s server, reader string, folder []string, stored fileSet) {
	t.Helper()
	r := clients[reader](t, s)
	dir := t.TempDir()
	want := stored
	if skip, ok := cannotRead[reader]; ok {
		want = stored.without(skip)
		var ops []op
		for name := range want {
			ops = append(ops, op{Do: "get", Path: slices.Concat(folder, []string{name}), Local: filepath.Join(dir, r.local(name))})
		}
		do(t, r, ops...)
	} else {
		do(t, r, op{Do: "getall", Path: folder, Local: dir})
	}
	compare(t, readFiles(t, dir), want.renamed(r.local))
}
