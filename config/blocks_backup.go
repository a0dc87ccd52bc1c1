package config

import (
	"slices"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/zclconf/go-cty/cty"

	"github.com/megaplan/megaplan/internal/addr"
)

func (e *evaluator) backup(o *object, a addr.Address) cty.Value {
	b := Backup{
		Address:        a,
		Path:           get[string](o, "path"),
		Mode:           Mode(get[string](o, "mode")),
		Compare:        Compare(get[string](o, "compare")),
		OnDelete:       OnDelete(get[string](o, "on_delete")),
		Unmanaged:      Unmanaged(get[string](o, "unmanaged")),
		Versions:       get[bool](o, "versions"),
		DeleteExcluded: get[bool](o, "delete_excluded"),
		CopyFrom:       CopyFrom(get[string](o, "copy_from")),
		Preserve:       preserveOf(get[[]string](o, "preserve")),
		Always:         get[bool](o, "always"),
		Retention:      e.retentionOf(o.nested["retention"]),
		Lifecycle:      e.lifecycleOf(o.nested["lifecycle"]),
		Range:          plainRange(o.declared),
		SourceRange:    plainRange(o.at("source")),
	}
	b.DuplicateFiles, b.DuplicateFolders = duplicatesOf(o)
	e.checkMode(o, &b)
	accountOK := e.accountOf(o, &b.Account)
	sourceOK := e.sourceOf(o, &b.Source)
	if b.Path == "/" {
		e.add(o.at("path"), "backup at the root", "%s cannot have the whole account as its path: everything in it would belong to the backup. Name a folder, as in %q.", a, "/Backups/"+a.Name)
	}
	if !o.broken && accountOK && sourceOK {
		e.config.Backups = append(e.config.Backups, b)
	} else {
		e.badBlocks[a.Block().String()] = true
	}
	return readable(o, a, map[string]string{
		"account": b.Account.String(), "source": b.Source.Written, "path": b.Path, "mode": string(b.Mode),
	})
}

// accountOf fills in the account of a backup or folder: the one that is named, or the only one.
func (e *evaluator) accountOf(o *object, to *addr.Address) bool {
	if o.given["account"] {
		*to = get[addr.Address](o, "account")
		return !to.IsZero()
	}
	names := e.accountNames
	switch len(names) {
	case 1:
		*to = addr.New(addr.Account, names[0])
		return true
	case 0:
		e.add(o.declared, "no account", "%s needs an account, and none is declared. Add:\naccount \"main\" {\n  email = \"you@example.com\"\n}", upperFirst(o.name()))
	default:
		var all []string
		for _, name := range names {
			all = append(all, addr.New(addr.Account, name).String())
		}
		slices.Sort(all)
		e.add(o.declared, "missing argument", "There are several accounts (%s): say which one with account = %s", listed(all), all[0])
	}
	return false
}

// sourceOf fills in the source of a backup: the block that is named, or one with defaults for a plain path.
func (e *evaluator) sourceOf(o *object, to *Source) bool {
	switch v := o.values["source"].(type) {
	case localPath:
		plain := e.decode(&body{schema: language.block(string(addr.Source)), declared: o.declared}, scope{})
		*to = sourceOf(plain, v)
		to.Range = plainRange(o.at("source"))
		return true
	case addr.Address:
		src, ok := e.sources[v]
		*to = src
		return ok
	}
	return false
}

// checkMode holds the rules between mode and the other arguments (rules 15, 23, 24).
func (e *evaluator) checkMode(o *object, b *Backup) {
	switch b.Mode {
	case ModeArchive:
		e.checkArchive(o, b)
	case ModeSnapshots:
		e.checkSnapshots(o, b)
	case ModeMirror:
		if b.OnDelete == DeleteKeep && !b.Versions && o.given["versions"] {
			e.add(o.at("versions"), "conflicting arguments", "on_delete = \"keep\" also keeps what is overwritten, which needs versions = true.")
		}
	default: // a wrong mode, reported as such
		return
	}
	if b.Mode == ModeSnapshots {
		return
	}
	if o.given["always"] {
		e.add(o.at("always"), "conflicting arguments", "\"always\" is about snapshots; this backup has mode = %q.", b.Mode)
	}
	if snapshots := o.child("retention").blocks["snapshots"]; len(snapshots) > 0 {
		e.add(snapshots[0].declared, "conflicting arguments", "There are no snapshots to keep with mode = %q. Set mode = \"snapshots\", or keep versions { … }.", b.Mode)
		b.Retention.Snapshots = nil
	}
}

func (e *evaluator) checkArchive(o *object, b *Backup) {
	if o.given["on_delete"] {
		e.add(o.at("on_delete"), "conflicting arguments", "mode = \"archive\" is mirror with on_delete = \"keep\" and versions on. Remove on_delete, or set mode = \"mirror\".")
	}
	if o.given["versions"] && !b.Versions {
		e.add(o.at("versions"), "conflicting arguments", "mode = \"archive\" never deletes, so overwritten files stay as versions. Remove versions, or set mode = \"mirror\".")
	}
	b.OnDelete, b.Versions = DeleteKeep, true
}

func (e *evaluator) checkSnapshots(o *object, b *Backup) {
	const why = "mode = \"snapshots\" keeps history as dated folders that never change; remove %s."
	if o.given["versions"] {
		e.add(o.at("versions"), "conflicting arguments", why, "versions")
	}
	if d := o.blocks["duplicates"]; len(d) > 0 {
		e.add(d[0].declared, "conflicting arguments", why, "duplicates { … }")
	}
	if v := o.child("retention").blocks["versions"]; len(v) > 0 {
		e.add(v[0].declared, "conflicting arguments", why, "versions { … }")
		b.Retention.Versions = nil
	}
	b.Versions = false
}

func preserveOf(words []string) Preserve {
	has := func(w string) bool { return slices.Contains(words, w) }
	return Preserve{
		Mode: has("mode"), MTime: has("mtime"), Symlinks: has("symlinks"),
		Owner: has("owner"), XAttrs: has("xattrs"), Hardlinks: has("hardlinks"),
	}
}

func duplicatesOf(o *object) (files, folders Duplicates) {
	d := o.nested["duplicates"]
	return Duplicates(get[string](d, "files")), Duplicates(get[string](d, "folders"))
}

func (e *evaluator) lifecycleOf(o *object) Lifecycle {
	l := Lifecycle{
		PreventDestroy: get[bool](o, "prevent_destroy"),
		MaxDelete:      get[Limit](o, "max_delete"),
		MaxUpdate:      get[Limit](o, "max_update"),
		IgnoreDrift:    get[[]string](o, "ignore_drift"),
	}
	for _, glob := range l.IgnoreDrift {
		if !ValidGlob(glob) {
			e.add(o.at("ignore_drift"), "invalid pattern", "%q is no pattern: there are *, **, ?, [a-z] and {one,other}.", glob)
		}
	}
	return l
}

// ValidGlob says whether a pattern of ignore_drift can be read, and may match anything.
func ValidGlob(pattern string) bool { return pattern != "" && doublestar.ValidatePattern(pattern) }

func (e *evaluator) folder(o *object, a addr.Address) cty.Value {
	f := Folder{
		Address:   a,
		Path:      get[string](o, "path"),
		Unmanaged: Unmanaged(get[string](o, "unmanaged")),
		OnDelete:  OnDelete(get[string](o, "on_delete")),
		Lifecycle: e.lifecycleOf(o.nested["lifecycle"]),
		Range:     plainRange(o.declared),
	}
	f.DuplicateFiles, f.DuplicateFolders = duplicatesOf(o)
	if e.accountOf(o, &f.Account) && !o.broken {
		e.config.Folders = append(e.config.Folders, f)
	} else {
		e.badBlocks[a.Block().String()] = true
	}
	return readable(o, a, map[string]string{"account": f.Account.String(), "path": f.Path})
}
