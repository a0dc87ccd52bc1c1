package state

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/addr"
)

func testHead() journalHead {
	return journalHead{Lineage: "l", Run: "run", Host: "h", Started: time.Unix(5, 0).UTC(), Serials: map[string]uint64{"backup.a": 3}}
}

func readBack(t *testing.T, dir string) []journalFile {
	t.Helper()
	files, err := readJournals(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestRule28_AppendsFromManyShareSyncs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := newJournal(dir, testHead())
	a := addr.New(addr.Backup, "a")
	var wg sync.WaitGroup
	for w := range 20 {
		wg.Go(func() {
			for n := range 20 {
				if err := j.Append(t.Context(), JournalRecord{a, fmt.Appendf(nil, "%d/%d", w, n)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	files := readBack(t, dir)
	if len(files) != 1 || len(files[0].records) != 400 {
		t.Fatalf("read %+v", files)
	}
	if j.turn >= 400 {
		t.Errorf("%d syncs for 400 records", j.turn)
	}
	next := map[string]int{} // the records of one writer are in its order
	for _, r := range files[0].records {
		var w, n int
		if _, err := fmt.Sscanf(string(r.Data), "%d/%d", &w, &n); err != nil || n != next[fmt.Sprint(w)] {
			t.Fatalf("record %s out of order", r.Data)
		}
		next[fmt.Sprint(w)]++
	}
	if diff := cmp.Diff(testHead(), files[0].head); diff != "" {
		t.Errorf("head (-want +got):\n%s", diff)
	}
	if err := j.close(true); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(t.Context(), JournalRecord{Address: a}); err == nil {
		t.Error("appended to a closed journal")
	}
	if len(readBack(t, dir)) != 0 {
		t.Error("the file is still there")
	}
}

func TestRule28_ACutTailIsBorne(t *testing.T) {
	dir := t.TempDir()
	j := newJournal(dir, testHead())
	for _, data := range []string{"one", "two", "three"} {
		if err := j.Append(t.Context(), JournalRecord{addr.New(addr.Backup, "a"), []byte(data)}); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(j.path)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for n := range len(data) + 1 {
		f, err := readJournal(data[:n])
		if err != nil || len(f.records) < seen {
			t.Fatalf("cut at %d: %d records, %v", n, len(f.records), err)
		}
		seen = len(f.records)
	}
	if seen != 3 {
		t.Errorf("the whole file has %d records", seen)
	}
}

// TestRule28_RecordsSurviveKill starts this test again as a process that records, and kills it at work.
func TestRule28_RecordsSurviveKill(t *testing.T) {
	if dir := os.Getenv("MEGAPLAN_TEST_JOURNAL"); dir != "" {
		j := newJournal(dir, testHead())
		for n := 0; ; n++ {
			if err := j.Append(t.Context(), JournalRecord{addr.New(addr.Backup, "a"), fmt.Append(nil, n)}); err != nil {
				t.Fatal(err)
			}
			fmt.Println(n) // the parent reads it
		}
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRule28_RecordsSurviveKill$")
	cmd.Env = append(os.Environ(), "MEGAPLAN_TEST_JOURNAL="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := -1
	for lines := bufio.NewScanner(out); acknowledged < 50 && lines.Scan(); {
		if _, err := fmt.Sscan(lines.Text(), &acknowledged); err != nil {
			t.Fatalf("the other process said %q", lines.Text())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	records := readBack(t, dir)[0].records
	if len(records) <= acknowledged {
		t.Errorf("%d records of %d", len(records), acknowledged+1)
	}
}

func FuzzReadJournal(f *testing.F) {
	record := frameRecord(nil, journalPayload(JournalRecord{addr.New(addr.Backup, "a"), []byte("x")}))
	f.Add(append(frameRecord([]byte(journalMagic), []byte(`{"run":"r"}`)), record...))
	f.Add([]byte(journalMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := readJournal(data)
		if err != nil {
			return
		}
		for _, r := range file.records {
			file.live(&Document{}, r.Address)
		}
		if _, err := parsePayload(data); err == nil && len(data) == 0 {
			t.Error("an empty payload is a record")
		}
	})
}
