package diag

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/golden"
)

func sample() List {
	return List{
		{
			Summary: "unsupported argument",
			Detail:  `An account has no argument "emial". Did you mean "email"?`,
			Subject: Range{"backups.mega.hcl", Pos{9, 3, 120}, Pos{9, 8, 125}},
			Snippet: &Snippet{Context: `account "main"`, Code: `  emial = "me@example.com"`, StartLine: 9},
		},
		{
			Summary: "source is empty",
			Detail: "~/Documents has no files, but the backup holds 1,204. An unmounted disk looks like this.\n" +
				"Nothing was changed. If it really is empty: megaplan apply -allow-mass-delete=backup.documents",
			Address: "backup.documents",
			Subject: Range{"backups.mega.hcl", Pos{21, 3, 400}, Pos{22, 8, 425}},
			Snippet: &Snippet{Context: `backup "documents"`, Code: "  source = (\r\n    \"~/Documents\")\n", StartLine: 21},
		},
		{
			Summary: "MEGA refused the sign-in",
			Detail:  "Wrong e-mail or password for me@example.com (account.main). MEGA does not say which.",
			Address: "account.main",
		},
		{Severity: Warning, Summary: "paths differ only in case", Subject: Range{Filename: "a.mega.hcl"}, Address: "folder.a"},
		{Severity: Warning, Summary: "nothing else"},
	}
}

func TestWriteText(t *testing.T) {
	for name, o := range map[string]TextOptions{"plain": {}, "color": {Color: true, Width: 60}} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := sample().WriteText(&b, o); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, "testdata/"+name+".txt", b.String())
		})
	}
}

func TestJSON(t *testing.T) {
	got, err := json.MarshalIndent(sample(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/list.json", string(got)+"\n")
	var back List
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), back); diff != "" {
		t.Errorf("JSON does not round-trip (-want +got):\n%s", diff)
	}
}

func TestListIsAnError(t *testing.T) {
	var none List
	if none.Err() != nil || none.HasErrors() {
		t.Error("an empty list is an error")
	}
	warnings := sample()[3:]
	if warnings.Err() != nil {
		t.Error("warnings alone are an error")
	}
	err := fmt.Errorf("validate: %w", sample().Err())
	var l List
	if !errors.As(err, &l) || len(l) != len(sample()) {
		t.Fatalf("errors.As does not find the list in %v", err)
	}
	if got, want := len(l.Only(Error)), 3; got != want {
		t.Errorf("Only(Error) has %d, want %d", got, want)
	}
	want := `backups.mega.hcl:9: unsupported argument: An account has no argument "emial". Did you mean "email"?`
	if got, _, _ := strings.Cut(l.Error(), "\n"); got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if got, want := warnings[0].String(), "a.mega.hcl: warning: paths differ only in case"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestSortedOrdersAndDropsRepetitions(t *testing.T) {
	at := func(file string, line int, summary string) Diagnostic {
		return Diagnostic{Summary: summary, Subject: Range{Filename: file, Start: Pos{Line: line}}}
	}
	l := List{at("b", 1, "x"), at("a", 9, "x"), at("a", 2, "y"), at("a", 9, "x"), {Summary: "no place"}}
	want := List{{Summary: "no place"}, at("a", 2, "y"), at("a", 9, "x"), at("b", 1, "x")}
	if diff := cmp.Diff(want, l.Sorted()); diff != "" {
		t.Errorf("Sorted (-want +got):\n%s", diff)
	}
}

func TestSeverityRefusesOthers(t *testing.T) {
	var s Severity
	if err := s.UnmarshalText([]byte("fatal")); err == nil {
		t.Error("UnmarshalText(fatal) is no error")
	}
}
