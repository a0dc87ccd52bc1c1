package addr

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseReadsWhatStringWrites(t *testing.T) {
	for _, want := range []Address{
		New(Backup, "photos"),
		New(Backup, "www").Instance("web1"),
		New(Source, "a_b-2").Instance(`odd "key" ] [`),
		New(Backup, "empty").Instance(""),
		New(Account, "größe"),
	} {
		got, err := Parse(want.String())
		if err != nil {
			t.Errorf("Parse(%s): %v", want, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Parse(%s) (-want +got):\n%s", want, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "backup", "backup.", "bakup.x", "backup.x[", "backup.x[y]", `backup.x["y"`, "backup.2x", "backup.a b"} {
		if got, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", s, got)
		}
	}
}
