package config

import "github.com/megaplan/megaplan/internal/addr"

// fileDuplicates are the words for duplicate files; folders know merge besides.
var (
	fileDuplicates   = []string{"source", "newest", "oldest", "largest", "smallest", "first", "rename", "report"}
	folderDuplicates = []string{"merge", "newest", "oldest", "largest", "smallest", "first", "rename", "report"}
)

func backupBlock() Block {
	return Block{
		Type: "backup", Label: "name", Repeats: true,
		Meaning: "One source kept at one remote path.",
		Example: `backup "documents" {
  source = "~/Documents"
  path   = "/Backups/laptop/documents"
}

backup "photos" {
  source  = "~/Pictures"
  path    = "/Backups/laptop/photos"
  mode    = "archive"
  compare = "fingerprint"
  retention {
    versions {
      keep_last   = 10
      keep_within = "90d"
    }
  }
  lifecycle {
    prevent_destroy = true
  }
}`,
		Attributes: []Attribute{
			forEachAttribute(),
			accountAttribute(),
			{Name: "source", Kind: KindSource, RefersTo: addr.Source, Required: true, Meaning: "A path, or a source block (`source.www`) when it needs more."},
			{Name: "path", Kind: KindRemotePath, Required: true, Meaning: "Where in the account it is kept. Not `/`, not inside another backup."},
			{Name: "mode", Kind: KindChoice, Choices: []string{"mirror", "archive", "snapshots"}, Default: `"mirror"`, Meaning: "`mirror` follows the source; `archive` never deletes (mirror with `on_delete = \"keep\"` and versions); `snapshots` makes a dated folder each time something changed."},
			{Name: "compare", Kind: KindChoice, Choices: []string{"mtime", "fingerprint", "content"}, Default: `"mtime"`, Meaning: "What makes a file the same: size and time, also the sparse checksum, or all of the content. None of them downloads anything."},
			{Name: "on_delete", Kind: KindChoice, Choices: []string{"trash", "destroy", "keep"}, Default: `"trash"`, Meaning: "What becomes of files the source no longer has, and of overwritten content when `versions = false`."},
			unmanagedAttribute(),
			{Name: "versions", Kind: KindBool, Default: "true", Meaning: "Overwritten files become MEGA versions."},
			{Name: "delete_excluded", Kind: KindBool, Default: "false", Meaning: "Treat what a filter leaves out as gone from the source."},
			{Name: "copy_from", Kind: KindChoice, Choices: []string{"account", "backup", "none"}, Default: `"account"`, Meaning: "Where equal content is looked for, to copy on the server what would be uploaded. New and changed files that are equal to each other are uploaded once, unless it is `none`."},
			{Name: "preserve", Kind: KindChoices, Choices: []string{"mode", "mtime", "symlinks", "owner", "xattrs", "hardlinks"}, Default: `["mode", "mtime", "symlinks"]`, Meaning: "What is kept of a file besides its content."},
			{Name: "always", Kind: KindBool, Default: "false", Meaning: "With `mode = \"snapshots\"`: make one even when nothing changed."},
		},
		Blocks: []Block{duplicatesBlock(fileDuplicates, `"source"`, `"merge"`), retentionBlock(), lifecycleBlock()},
	}
}

func accountAttribute() Attribute {
	return Attribute{Name: "account", Kind: KindReference, RefersTo: addr.Account, Meaning: "The account, as in `account.main`. May be left out when there is one."}
}

func unmanagedAttribute() Attribute {
	return Attribute{
		Name: "unmanaged", Kind: KindChoice, Choices: []string{"report", "ignore", "trash"}, Default: `"report"`,
		Meaning: "Remote files and folders that megaplan does not own: report them, say nothing, or put them into the trash.",
	}
}

// duplicatesBlock is what to do about duplicates. Its first choice for files is "source" where there is one.
func duplicatesBlock(choices []string, files, folders string) Block {
	survivor := "Which file survives: the newest, oldest, largest or smallest, or with `first` the one of the lowest handle, which is arbitrary and always the same. `rename` gives the others a free name, `report` leaves them alone."
	if choices[0] == "source" {
		survivor = "Which file survives: `source` is the one equal to the local file, else the newest, oldest, largest or smallest, or with `first` the one of the lowest handle, which is arbitrary and always the same; it is brought up to date. " +
			"`rename` gives the others a free name, under which they are not megaplan's, `report` leaves them alone."
	}
	return Block{
		Type: "duplicates",
		Meaning: "What to do about several files or folders of one name, as other clients make them. Losers that are not proven equal to what stays go to the trash, " +
			"whatever `on_delete` says. `plan -verify-duplicates` downloads one file of a name whose others have its size, where neither the local file nor fingerprints tell whether they are equal.",
		Attributes: []Attribute{
			{Name: "files", Kind: KindChoice, Choices: choices, Default: files, Meaning: survivor},
			{
				Name: "folders", Kind: KindChoice, Choices: folderDuplicates, Default: folders,
				Meaning: "`merge` moves what is in them into one; the others pick a folder to keep, unless one of them holds what is not to be deleted.",
			},
		},
	}
}

func retentionBlock() Block {
	keep := func(name, meaning string) Attribute {
		return Attribute{Name: name, Kind: KindInteger, Min: -1, Default: "0", Meaning: meaning}
	}
	within := func(name, meaning string) Attribute {
		return Attribute{Name: name, Kind: KindKeepDuration, Meaning: meaning}
	}
	return Block{
		Type: "retention", Meaning: "How much history is kept. Each rule is judged on its own; what any rule keeps is kept. Without rules, everything is; 0 is no rule.",
		Attributes: []Attribute{
			{Name: "timezone", Kind: KindTimezone, Default: `"UTC"`, Meaning: "Whose days, weeks and months are counted, as in `Europe/Rome`."},
		},
		Blocks: []Block{
			{
				Type: "versions", Meaning: "Old versions of files.",
				Attributes: []Attribute{
					keep("keep_last", "The newest so many; -1 is all."),
					within("keep_within", "All not older than this, as in `90d` or `1y6m`."),
				},
			},
			{
				Type: "snapshots", Meaning: "Snapshots, with `mode = \"snapshots\"`.",
				Attributes: []Attribute{
					keep("keep_last", "The newest so many; -1 is all."),
					keep("keep_hourly", "The newest of each of so many hours."),
					keep("keep_daily", "The newest of each of so many days."),
					keep("keep_weekly", "The newest of each of so many weeks."),
					keep("keep_monthly", "The newest of each of so many months."),
					keep("keep_yearly", "The newest of each of so many years."),
					within("keep_within", "All not older than this."),
					within("keep_within_hourly", "Hourly ones not older than this."),
					within("keep_within_daily", "Daily ones not older than this."),
					within("keep_within_weekly", "Weekly ones not older than this."),
					within("keep_within_monthly", "Monthly ones not older than this."),
					within("keep_within_yearly", "Yearly ones not older than this."),
					{Name: "keep_tags", Kind: KindTags, Default: "[]", Meaning: "Those with any of these tags; a list inside the list asks for all of its tags."},
					{Name: "min_keep", Kind: KindInteger, Default: "1", Meaning: "Never leave fewer than this."},
				},
			},
		},
	}
}

func lifecycleBlock() Block {
	return Block{
		Type: "lifecycle", Meaning: "Guards.",
		Attributes: []Attribute{
			{Name: "prevent_destroy", Kind: KindBool, Default: "false", Meaning: "Refuse whatever would take it away. Removing the block does not lift it; applying `false` does."},
			{Name: "max_delete", Kind: KindCountLimit, Default: `"50%"`, Meaning: "The most files one apply may delete: a number, or a percentage of the files that are there (at least 20)."},
			{Name: "max_update", Kind: KindCountLimit, Meaning: "The most files one apply may rewrite. Without it, no limit."},
			{Name: "ignore_drift", Kind: KindTexts, Default: "[]", Meaning: "Patterns whose changes by others `drift` does not show and apply leaves alone. What others took away of the source comes back all the same."},
		},
	}
}

func folderBlock() Block {
	return Block{
		Type: "folder", Label: "name", Repeats: true,
		Meaning: "A remote folder without a source.",
		Example: `folder "photos" {
  path = "/Photos/Originals"
}`,
		Attributes: []Attribute{
			forEachAttribute(),
			accountAttribute(),
			{Name: "path", Kind: KindRemotePath, Required: true, Meaning: "Where it is. Not inside a backup."},
			unmanagedAttribute(),
			{Name: "on_delete", Kind: KindChoice, Choices: []string{"trash", "destroy", "keep"}, Default: `"trash"`, Meaning: "What becomes of it when it is destroyed, and of duplicates that are proven equal to what stays."},
		},
		Blocks: []Block{duplicatesBlock(fileDuplicates[1:], `"report"`, `"report"`), lifecycleBlock()},
	}
}

func checkBlock() Block {
	return Block{
		Type: "check", Label: "name", Repeats: true,
		Meaning: "A condition on a backup; `plan -detailed-exitcode`, `apply` and `drift` exit with 5 when it fails.",
		Example: `check "fresh" {
  backup  = backup.documents
  max_age = "36h"
}`,
		Attributes: []Attribute{
			forEachAttribute(),
			{Name: "backup", Kind: KindReference, RefersTo: addr.Backup, Required: true, Meaning: "The backup."},
			{Name: "max_age", Kind: KindDuration, Meaning: "The last successful apply is not older than this."},
			{Name: "min_files", Kind: KindInteger, Meaning: "It holds at least so many files."},
			{Name: "max_files", Kind: KindInteger, Meaning: "It holds at most so many files."},
			{Name: "quota_free", Kind: KindSizeLimit, Meaning: "At least this much of the account's quota is free."},
			{Name: "verify_sample", Kind: KindPercent, Meaning: "This share of the files is proven equal to the source."},
			{Name: "every", Kind: KindDuration, Meaning: "How often that proof is made."},
		},
	}
}

func outputBlock() Block {
	return Block{
		Type: "output", Label: "name", Repeats: true,
		Meaning: "A value for people and scripts, shown by `megaplan output`.",
		Example: `output "root" {
  value = backup.documents.path
}`,
		Attributes: []Attribute{
			{Name: "value", Kind: KindAny, Required: true, Meaning: "The value."},
			{Name: "description", Kind: KindText, Meaning: "What it is."},
			{Name: "sensitive", Kind: KindBool, Default: "false", Meaning: "Do not show it unless asked for by name."},
		},
	}
}

func importBlock() Block {
	return Block{
		Type: "import", Repeats: true,
		Meaning: "Takes over what is at a remote path as a backup's or folder's own: the next apply moves it to the declared path, and proves what is in it.",
		Example: `import {
  to   = backup.documents
  path = "/old/place"
}`,
		Attributes: []Attribute{
			{Name: "to", Kind: KindAddress, Required: true, Meaning: "The backup or folder."},
			{Name: "path", Kind: KindRemotePath, Required: true, Meaning: "Where it is now."},
		},
	}
}

func movedBlock() Block {
	return Block{
		Type: "moved", Repeats: true,
		Meaning: "Says that an address was renamed, and nothing else.",
		Example: `moved {
  from = backup.docs
  to   = backup.documents
}`,
		Attributes: []Attribute{
			{Name: "from", Kind: KindAddress, Required: true, Meaning: "The old address."},
			{Name: "to", Kind: KindAddress, Required: true, Meaning: "The new one."},
		},
	}
}

func removedBlock() Block {
	return Block{
		Type: "removed", Repeats: true,
		Meaning: "Says what becomes of an address that left the configuration. Without it the address is forgotten and nothing is deleted.",
		Example: `removed {
  from    = backup.old
  destroy = false
}`,
		Attributes: []Attribute{
			{Name: "from", Kind: KindAddress, Required: true, Meaning: "The address that is gone."},
			{Name: "destroy", Kind: KindBool, Default: "false", Meaning: "Take the backup away too, as its `on_delete` said."},
		},
	}
}
