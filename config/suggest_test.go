package config

import "testing"

func TestNearestAddress(t *testing.T) {
	all := []string{"account.main", "backup.documents", "backup.photos", "folder.photos", "local.root", "source.plain", `backup.www["web1"]`}
	tests := map[string]string{
		"account.mian":       "account.main",
		"acount.main":        "account.main",
		"main":               "account.main",
		"documents":          "backup.documents",
		"documnts":           "backup.documents",
		"source.documents":   "backup.documents",
		"folder.photo":       "folder.photos",
		"folders.photos":     "folder.photos",
		"local.rot":          "local.root",
		"sourc.plan":         "source.plain",
		"documents.path":     "backup.documents",
		`backup.www["web2"]`: `backup.www["web1"]`,
		"backup.entirely":    "",
		"x":                  "",
		"":                   "",
	}
	for written, want := range tests {
		if got := nearestAddress(written, all); got != want {
			t.Errorf("nearestAddress(%q) = %q, want %q", written, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"mirror", "archive", "snapshots", "on", "off"}
	tests := map[string]string{"miror": "mirror", "Mirror": "mirror", "archiev": "archive", "snapshot": "snapshots", "no": "", "of": "", "oof": "off", "zzz": ""}
	for word, want := range tests {
		if got := nearest(word, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
