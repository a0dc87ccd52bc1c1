package api

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

// readEvents asks once and returns what was handed on.
func readEvents(t *testing.T, f *fake) ([]string, error) {
	t.Helper()
	var handed []string
	err := newFakeClient(t, f, nil).Events(t.Context(), "AAAAAAAAAAE", func(r io.Reader) error {
		body, err := io.ReadAll(r)
		handed = append(handed, string(body))
		return err
	})
	for _, r := range f.seen() {
		if r.path != "sc" || r.sid != testSID || r.sn != "AAAAAAAAAAE" || r.body != "" || r.id != "" {
			t.Errorf("request %+v", r)
		}
	}
	return handed, err
}

func TestEvents(t *testing.T) {
	for answer, want := range map[string]int{
		`{"w":"https://wait.test/x","sn":"AAAAAAAAAAE"}`: 1,
		`{"a":[{"a":"ua"}],"ir":1,"sn":"AAAAAAAAAAI"}`:   1,
		`0`:  0,
		`{}`: 0,
	} {
		handed, err := readEvents(t, &fake{answer: func(int, fakeRequest) (fakeAnswer, error) { return text(answer) }})
		if err != nil || len(handed) != want || want == 1 && handed[0] != answer {
			t.Errorf("%s: handed on %q, %v", answer, handed, err)
		}
	}
}

func TestEventsFail(t *testing.T) {
	for answer, check := range map[string]func(error) bool{
		`-6`:                 func(err error) bool { return errors.Is(err, ErrTooOld) },
		`[-6]`:               func(err error) bool { return errors.Is(err, ErrTooOld) },
		`{"err":-6}`:         func(err error) bool { return errors.Is(err, ErrTooOld) },
		`-15`:                func(err error) bool { return errors.Is(err, ErrSessionDead) },
		`[-15]`:              func(err error) bool { return errors.Is(err, ErrSessionDead) },
		`{"err":-16,"u":""}`: func(err error) bool { return errors.Is(err, EBLOCKED) },
		`<html></html>`:      isAnswer,
		`[5]`:                isAnswer,
		`7`:                  isAnswer,
	} {
		f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) { return text(answer) }}
		handed, err := readEvents(t, f)
		if !check(err) || handed != nil || len(f.seen()) != 1 {
			t.Errorf("%s: handed on %q in %d requests, %v", answer, handed, len(f.seen()), err)
		}
	}
}

func TestEventsRepeatWhatIsTemporary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(n int, _ fakeRequest) (fakeAnswer, error) {
			switch n {
			case 0:
				return text(`-3`)
			case 1:
				return text(`-4`)
			case 2:
				return text(``)
			case 3:
				return fakeAnswer{reader: io.MultiReader(strings.NewReader(`{"w":"https`), brokenReader{})}, nil
			}
			return text(`{"w":"https://wait.test/x","sn":"AAAAAAAAAAI"}`)
		}}
		handed, err := readEvents(t, f)
		if err != nil || len(handed) != 2 || len(f.seen()) != 5 {
			t.Errorf("handed on %q in %d requests, %v", handed, len(f.seen()), err)
		}
	})
}
