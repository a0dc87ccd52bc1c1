package interop

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// The faults of the clients that the other tests except. Each test here fails
// when the fault is gone, so that the exception goes too.

// megatools 1.11.0 cannot upload an empty file, and refuses the MAC of those
// that others uploaded.
func TestFault_MegatoolsEmptyFiles(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c, other := newMegatools(t, s), newGoMega(t, s)
	empty := filepath.Join(fileSet{"empty": nil}.write(t), "empty")
	r := c.run(t, op{Do: "put", Path: []string{"empty"}, Local: empty})[0]
	if r.Error == "" {
		t.Error("megatools uploaded an empty file: take the exception out of cannotWrite")
	}
	wantList(t, other, nil)

	do(t, other, op{Do: "put", Path: []string{"empty"}, Local: empty})
	wantMACError(t, c, "empty")
}

// megajs 1.3.10 condenses one empty chunk too many into the MAC of a file that
// ends, padded to AES blocks, exactly on a chunk boundary: it refuses such
// files of others, and others refuse what it wrote. It does so for empty files
// as well, where other clients do not look at the MAC.
func TestFault_MegajsChunkEnds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	js, other := newMegajs(t, s), newGoMega(t, s)
	for _, size := range []int{0, chunkEnds[0] - 15, chunkEnds[0] - 1, chunkEnds[0]} {
		byJS, byOther := fmt.Sprintf("megajs %d", size), fmt.Sprintf("go-mega %d", size)
		file := filepath.Join(fileSet{"x": content("x", size)}.write(t), "x")
		do(t, other, op{Do: "put", Path: []string{byOther}, Local: file})
		do(t, js, op{Do: "put", Path: []string{byJS}, Local: file})

		wantMACError(t, js, byOther)
		if size > 0 {
			wantMACError(t, other, byJS)
		}
		do(t, js, op{Do: "get", Path: []string{byJS}, Local: file + "1"})
		do(t, other, op{Do: "get", Path: []string{byOther}, Local: file + "2"})
	}
}

func wantMACError(t *testing.T, c client, name string) {
	t.Helper()
	r := c.run(t, op{Do: "get", Path: []string{name}, Local: filepath.Join(t.TempDir(), "x")})[0]
	if !strings.Contains(strings.ToUpper(r.Error), "MAC") {
		t.Errorf("get %q: got %q, want a MAC error: the client's fault is gone, take its exceptions out", name, r.Error)
	}
}

// rclone 1.76.0 doubles U+201B in local names and then looks for the doubled
// name.
func TestFault_RcloneQuoteRune(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := newRclone(t, s)
	dir := fileSet{"a‛b": []byte("x")}.write(t)
	do(t, c, op{Do: "mkdir", Path: []string{"d"}})
	r := c.run(t, op{Do: "putall", Path: []string{"d"}, Local: dir})[0]
	if r.Error == "" {
		t.Error("rclone read a local name with U+201B: such names can join oddNames")
	}
}

// go-mega's tests pass without an account by skipping, which is why the suite
// counts a skip as a failure.
func TestFault_GoMegaSuiteSkipsSilently(t *testing.T) {
	need(t, "")
	t.Parallel()
	out := output(t, goMegaSuite(t, server{}, "-test.run=^TestLogin$"))
	if !strings.Contains(string(out), "--- SKIP: TestLogin") {
		t.Errorf("go-mega's TestLogin without an account printed\n%s", out)
	}
}
