package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/megaplan/megaplan/planner"
)

// Size writes bytes for people: "412 KiB".
func Size(n int64) string {
	if n < 0 {
		return "-" + Size(-n)
	}
	return humanize.IBytes(uint64(n))
}

// Count writes a number with thousands apart: "1,204".
func Count(n int64) string { return humanize.Comma(n) }

// Plural writes a count with its noun: "1 file", "1,204 files".
func Plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	if strings.HasSuffix(one, "y") && !strings.HasSuffix(one, "ay") {
		return Count(n) + " " + strings.TrimSuffix(one, "y") + "ies"
	}
	return Count(n) + " " + one + "s"
}

// Ago writes how long before now t was: "3 hours ago".
func Ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	if now.Sub(t) < time.Second {
		return "just now"
	}
	return humanize.RelTime(t, now, "ago", "from now")
}

// look is how a kind of action is shown: its sign, its colour, its word, and its words in the summary.
type look struct {
	sign  string
	style Style
	word  string
}

var looks = map[planner.Kind]look{
	planner.CreateFolder:     {"+", Creating, "create"},
	planner.Upload:           {"+", Creating, "upload"},
	planner.Update:           {"~", Changing, "update"},
	planner.Touch:            {"^", Changing, "touch"},
	planner.SetAttributes:    {"^", Changing, "set attributes"},
	planner.Move:             {">", Moving, "move"},
	planner.Copy:             {"=", Moving, "copy"},
	planner.Trash:            {"-", Deleting, "trash"},
	planner.Destroy:          {"-", Deleting, "destroy"},
	planner.RestoreFromTrash: {"+", Creating, "restore"},
	planner.MergeFolder:      {">", Moving, "merge"},
	planner.ExpireVersion:    {"-", Deleting, "expire version"},
	planner.ExpireSnapshot:   {"-", Deleting, "expire snapshot"},
	planner.PublishSnapshot:  {"+", Creating, "publish snapshot"},
	planner.ExpireTrash:      {"-", Deleting, "expire trash"},
	planner.Forget:           {"!", Dim, "forget"},
}

// summary lists the kinds in the order the summary names them, each with its noun where the bare kind is not clear.
var summary = []struct {
	kind   planner.Kind
	phrase string
}{
	{planner.CreateFolder, "%s to create"},
	{planner.Upload, "%s to upload"},
	{planner.Update, "%s to update"},
	{planner.Move, "%s to move"},
	{planner.Copy, "%s to copy"},
	{planner.Touch, "%s to touch"},
	{planner.SetAttributes, "attributes of %s to set"},
	{planner.RestoreFromTrash, "%s to restore from the trash"},
	{planner.MergeFolder, "%s to merge"},
	{planner.PublishSnapshot, "%s to publish"},
	{planner.Trash, "%s to trash"},
	{planner.Destroy, "%s to destroy"},
	{planner.ExpireVersion, "%s to expire"},
	{planner.ExpireSnapshot, "%s to expire"},
	{planner.ExpireTrash, "%s to expire"},
	{planner.Forget, "%s to forget"},
}

var nouns = map[planner.Kind]string{
	planner.CreateFolder: "folder", planner.ExpireVersion: "version", planner.ExpireSnapshot: "snapshot",
	planner.PublishSnapshot: "snapshot", planner.ExpireTrash: "trashed item", planner.MergeFolder: "folder",
}

func phrase(kind planner.Kind, pattern string, n int64) string {
	if noun, ok := nouns[kind]; ok {
		return fmt.Sprintf(pattern, Plural(n, noun))
	}
	return fmt.Sprintf(pattern, Count(n))
}
