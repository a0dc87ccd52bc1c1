package session

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/redact"
)

// mapKeyring is a keyring in memory; broken makes it refuse everything.
type mapKeyring struct {
	entries map[string]string
	broken  bool
}

var errBroken = errors.New("no keyring service")

func (k *mapKeyring) Get(name string) (string, error) {
	if k.broken {
		return "", errBroken
	}
	secret, ok := k.entries[name]
	if !ok {
		return "", errNoEntry
	}
	return secret, nil
}

func (k *mapKeyring) Set(name, secret string) error {
	if k.broken {
		return errBroken
	}
	if k.entries == nil {
		k.entries = map[string]string{}
	}
	k.entries[name] = secret
	return nil
}

func (k *mapKeyring) Delete(name string) error {
	if k.broken {
		return errBroken
	}
	delete(k.entries, name)
	return nil
}

// quickStore derives keys with less work than is safe.
func quickStore(o Options) *Store {
	s := NewStore(o)
	s.rounds = 2
	return s
}

func password(s string) func(string) (redact.Secret, error) {
	return func(string) (redact.Secret, error) { return redact.New(s), nil }
}

func TestStoreRoundTrip(t *testing.T) {
	tests := map[string]struct {
		options Options
		where   Where
		want    Where
	}{
		"keyring first":             {Options{Keyring: &mapKeyring{}, Key: redact.New("key")}, Best, InKeyring},
		"key without keyring":       {Options{Key: redact.New("key"), Password: password("pw")}, Best, InFile},
		"key with broken keyring":   {Options{Keyring: &mapKeyring{broken: true}, Key: redact.New("key")}, Best, InFile},
		"password":                  {Options{Password: password("pw")}, Best, InFile},
		"file although a keyring":   {Options{Keyring: &mapKeyring{}, Password: password("pw")}, InFile, InFile},
		"plain, asked for":          {Options{Keyring: &mapKeyring{}}, InPlainFile, InPlainFile},
		"keyring, asked for":        {Options{Keyring: &mapKeyring{}}, InKeyring, InKeyring},
		"plain although key is set": {Options{Key: redact.New("key")}, InPlainFile, InPlainFile},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.options.Dir = filepath.Join(t.TempDir(), "state")
			want := sampleSession()
			where, err := quickStore(test.options).Save(want, test.where)
			if err != nil || where != test.want {
				t.Fatalf("saved in %q, %v; want %q", where, err, test.want)
			}
			got, where, err := quickStore(test.options).Load(want.Endpoint, strings.ToUpper(want.Email))
			if err != nil || where != test.want || got.Master != want.Master || !got.SID.Equal(want.SID) {
				t.Errorf("loaded %+v from %q, %v", got, where, err)
			}
			if _, _, err := quickStore(test.options).Load("https://other.test", want.Email); !errors.Is(err, ErrNone) {
				t.Errorf("another endpoint: %v, want ErrNone", err)
			}
			files := sessionFiles(t, test.options.Dir)
			if (test.want == InKeyring) != (len(files) == 0) {
				t.Errorf("files %v for a session in %q", files, where)
			}
			store := quickStore(test.options)
			for range 2 {
				if err := store.Delete(want.Endpoint, want.Email); err != nil {
					t.Fatal(err)
				}
			}
			if _, _, err := store.Load(want.Endpoint, want.Email); !errors.Is(err, ErrNone) {
				t.Errorf("after Delete: %v", err)
			}
		})
	}
}

// sessionFiles lists the files below dir and checks that nobody else may read them.
func sessionFiles(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		} else {
			files = append(files, path)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestStoreKeepsNothingUnsafely(t *testing.T) {
	dir := t.TempDir()
	where, err := quickStore(Options{Dir: dir, Keyring: &mapKeyring{broken: true}}).Save(sampleSession(), Best)
	if err != nil || where != Nowhere || len(sessionFiles(t, filepath.Join(dir, "sessions"))) != 0 {
		t.Errorf("kept in %q, %v, although there is no safe place", where, err)
	}
	for _, where := range []Where{InKeyring, InFile} {
		if _, err := quickStore(Options{Dir: dir}).Save(sampleSession(), where); err == nil {
			t.Errorf("%q was asked for and is not to be had, without an error", where)
		}
	}
}

func TestStoreDerivesWithFullWork(t *testing.T) {
	dir := t.TempDir()
	if _, err := NewStore(Options{Dir: dir, Key: redact.New("key")}).Save(sampleSession(), Best); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(sessionFiles(t, filepath.Join(dir, "sessions"))[0])
	if err != nil || !strings.Contains(string(content), `"rounds": 100000`) {
		t.Errorf("file %s, %v", content, err)
	}
}

func TestStoreFileHidesTheSession(t *testing.T) {
	dir := t.TempDir()
	s := sampleSession()
	if _, err := quickStore(Options{Dir: dir, Key: redact.New("key")}).Save(s, Best); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(sessionFiles(t, filepath.Join(dir, "sessions"))[0])
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(content), s.Export().Reveal()[30:60]) || strings.Contains(string(content), testSID[:20]) {
		t.Errorf("the file shows the session: %s", content)
	}
}

func TestStoreLocked(t *testing.T) {
	s := sampleSession()
	sealed := func(t *testing.T, o Options) string {
		t.Helper()
		o.Dir = t.TempDir()
		if _, err := quickStore(o).Save(s, Best); err != nil {
			t.Fatal(err)
		}
		return o.Dir
	}
	tests := map[string]struct {
		made, opened Options
		damage       func(string) string
		says         string
	}{
		"no key":         {made: Options{Key: redact.New("a")}, opened: Options{Password: password("a")}, says: "MEGAPLAN_SESSION_KEY"},
		"other key":      {made: Options{Key: redact.New("a")}, opened: Options{Key: redact.New("b")}, says: "another MEGAPLAN_SESSION_KEY"},
		"no password":    {made: Options{Password: password("a")}, says: "needs the account's password"},
		"other password": {made: Options{Password: password("a")}, opened: Options{Password: password("b")}, says: "another password"},
		"no JSON":        {made: Options{Key: redact.New("a")}, opened: Options{Key: redact.New("a")}, damage: func(s string) string { return s[:20] }, says: "damaged"},
		"newer": {
			made: Options{Key: redact.New("a")}, opened: Options{Key: redact.New("a")},
			damage: func(s string) string { return strings.Replace(s, `"version": 1`, `"version": 2`, 1) }, says: "version 2",
		},
		"changed beside the box": {
			made: Options{Key: redact.New("a")}, opened: Options{Key: redact.New("a")},
			damage: func(s string) string { return strings.Replace(s, "me@", "he@", 1) }, says: "another",
		},
		"password posing as key": {
			made: Options{Password: password("a")}, opened: Options{Key: redact.New("a")},
			damage: func(s string) string { return strings.Replace(s, `"seal": "password"`, `"seal": "key"`, 1) }, says: "another",
		},
		"endless work": {
			made: Options{Key: redact.New("a")}, opened: Options{Key: redact.New("a")},
			damage: func(s string) string { return strings.Replace(s, `"rounds": 2`, `"rounds": 2000000000`, 1) }, says: "damaged",
		},
		"no nonce": {
			made: Options{Key: redact.New("a")}, opened: Options{Key: redact.New("a")},
			damage: func(s string) string { return strings.Replace(s, `"nonce"`, `"once"`, 1) }, says: "damaged",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := sealed(t, test.made)
			if test.damage != nil {
				path := sessionFiles(t, filepath.Join(dir, "sessions"))[0]
				content, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(test.damage(string(content))), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			test.opened.Dir = dir
			_, _, err := quickStore(test.opened).Load(s.Endpoint, s.Email)
			if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("err = %v, want one that says %q", err, test.says)
			}
		})
	}
}

func TestStoreText(t *testing.T) {
	s := sampleSession()
	o := Options{Dir: t.TempDir(), Text: s.Export(), Keyring: &mapKeyring{}}
	got, where, err := quickStore(o).Load(s.Endpoint, s.Email)
	if err != nil || where != InText || !got.SID.Equal(s.SID) {
		t.Errorf("%+v from %q, %v", got, where, err)
	}
	if _, _, err := quickStore(o).Load(s.Endpoint, "other@example.com"); !errors.Is(err, ErrNone) {
		t.Errorf("the session of another account: %v", err)
	}
	o.Text = redact.New("rubbish")
	if _, _, err := quickStore(o).Load(s.Endpoint, s.Email); !errors.Is(err, ErrNotSession) || !strings.Contains(err.Error(), "MEGAPLAN_SESSION") {
		t.Errorf("a damaged MEGAPLAN_SESSION: %v", err)
	}
}

func TestSaveRemovesWhatIsElsewhere(t *testing.T) {
	ring := &mapKeyring{}
	o := Options{Dir: t.TempDir(), Keyring: ring, Key: redact.New("key")}
	store, s := quickStore(o), sampleSession()
	for _, where := range []Where{InPlainFile, InKeyring, InFile} {
		if _, err := store.Save(s, where); err != nil {
			t.Fatal(err)
		}
		files := sessionFiles(t, filepath.Join(o.Dir, "sessions"))
		if inRing := len(ring.entries) == 1; inRing != (where == InKeyring) || (len(files) == 1) != (where != InKeyring) {
			t.Errorf("saved in %q: %d in the keyring, files %v", where, len(ring.entries), files)
		}
	}
}

func TestParseWhere(t *testing.T) {
	for _, good := range []string{"", "keyring", "file", "plain"} {
		if w, err := ParseWhere(good); err != nil || string(w) != good {
			t.Errorf("ParseWhere(%q) = %q, %v", good, w, err)
		}
	}
	if _, err := ParseWhere("cloud"); err == nil || !strings.Contains(err.Error(), `"cloud"`) {
		t.Errorf("err = %v", err)
	}
}

func TestPasswordThatCannotBeRead(t *testing.T) {
	failed := errors.New("pass exited with 1")
	o := Options{Dir: t.TempDir(), Password: password("a")}
	if _, err := quickStore(o).Save(sampleSession(), Best); err != nil {
		t.Fatal(err)
	}
	o.Password = func(string) (redact.Secret, error) { return redact.Secret{}, failed }
	if _, _, err := quickStore(o).Load(sampleSession().Endpoint, sampleSession().Email); !errors.Is(err, failed) {
		t.Errorf("err = %v", err)
	}
}
