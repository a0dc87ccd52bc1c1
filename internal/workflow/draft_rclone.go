package workflow

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/rclone"
)

// rcloneDraft drafts what rclone's configuration says.
type rcloneDraft struct {
	*drafter
	conf *rclone.Config
	file string
	// accounts are those that are declared, by e-mail; drafted are the remotes that are done.
	accounts map[string]addr.Address
	drafted  map[string]bool
}

// DraftRclone declares the accounts that rclone's configuration file has, and the places in them that are named as rclone
// does (NAME:PATH). cfg is what is declared already, nil for nothing. Nobody is asked and no password is written.
func DraftRclone(file string, text []byte, places []string, o DraftOptions, cfg *config.Config) (Drafted, error) {
	conf, err := rclone.Parse(text)
	if err != nil {
		return Drafted{}, fmt.Errorf("%s: %w", file, err)
	}
	if err := o.only(len(places)); err != nil {
		return Drafted{}, err
	}
	d := &rcloneDraft{newDrafter(cfg, o), conf, file, map[string]addr.Address{}, map[string]bool{}}
	if cfg != nil {
		for i := range cfg.Accounts {
			d.accounts[cfg.Accounts[i].Email] = cfg.Accounts[i].Address
		}
	}
	before := len(d.accounts)
	found, err := d.find(places)
	if err != nil {
		return Drafted{}, err
	}
	for _, place := range found {
		d.account(place.Remote)
	}
	d.several = len(d.accounts) > 1
	if d.several && before == 1 {
		d.note("There are several accounts now: backups and folders that are declared already must say which is theirs, as in account = %s.", cfg.Accounts[0].Address)
	}
	for _, place := range found {
		d.place(place)
	}
	return d.Drafted, nil
}

// find resolves the places; none means all remotes.
func (d *rcloneDraft) find(places []string) (found []rclone.Place, err error) {
	if len(places) == 0 {
		return d.all(), nil
	}
	for _, text := range places {
		place, err := d.conf.Resolve(text)
		onTop := (*rclone.OnTopError)(nil)
		switch {
		case errors.As(err, &onTop):
			return nil, fmt.Errorf("%s cannot be taken over\n%w", text, err)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", d.file, err)
		case place.Path == "/" && (d.o.Source != "" || d.o.Path != ""):
			return nil, fmt.Errorf("%s is the whole account: name a folder in it, as in %s:Documents", text, place.Remote.Name)
		}
		found = append(found, place)
	}
	return found, nil
}

// all lists the remotes of type mega and notes what else leads to them.
func (d *rcloneDraft) all() (found []rclone.Place) {
	for _, r := range d.conf.Remotes() {
		place, err := d.conf.Resolve(r.Name + ":")
		onTop := (*rclone.OnTopError)(nil)
		switch {
		case err == nil && r.Type == "mega":
			found = append(found, rclone.Place{Remote: r, Path: "/"})
		case err == nil:
			d.note("%s: is %s:%s under another name; its block is written where it is named.", r.Name, place.Remote.Name, place.Path)
		case errors.As(err, &onTop) && d.conf.OnMEGA(r):
			d.note("not taken over: %v.", err)
		}
	}
	return found
}

// account drafts the account of a remote, unless there is one with that e-mail.
func (d *rcloneDraft) account(r rclone.Remote) {
	email := r.Option("user")
	if d.drafted[r.Name] {
		return
	}
	d.drafted[r.Name] = true
	if a, ok := d.accounts[email]; ok {
		d.note("%s: %s is %s already.", r.Name, email, a)
		return
	}
	a := d.name(addr.Account, r.Name)
	d.accounts[email] = a
	b := config.Draft{Type: string(addr.Account), Label: a.Name, Comment: []string{fmt.Sprintf("From the remote %q of rclone.", r.Name)}}
	b.Set("email", email)
	d.password(&b, r)
	if text := r.Option("encoding"); text != "" {
		encoding, err := names.Parse(text)
		switch {
		case err != nil:
			d.note("%s: its encoding is left out: %v.", r.Name, err)
		case encoding != names.Default:
			b.Set("encoding", text)
		}
	}
	if r.Option("2fa") != "" {
		b.Comment = append(b.Comment, "It has two-factor sign-in: set mfa_command or mfa_secret, or run `megaplan login` on a terminal once.")
	}
	d.Blocks = append(d.Blocks, b)
}

// password leaves the password where it is, and says how to get it from there.
func (d *rcloneDraft) password(b *config.Draft, r rclone.Remote) {
	if r.Option("pass") == "" {
		return
	}
	if runtime.GOOS == "windows" {
		b.Comment = append(b.Comment, "The password was not taken over: set password_command, or run `megaplan login` once.")
		return
	}
	b.Comment = append(b.Comment, "The password stays in rclone's file. A password manager's command is better, and after `megaplan login` none is needed.")
	b.Set("password_command", []string{"sh", "-c", revealCommand(d.file, r.Name)})
}

// revealCommand prints the password of a remote, in the clear, without showing it to anybody but rclone.
func revealCommand(file, remote string) string {
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	section := strings.NewReplacer(`\`, `\\`, `/`, `\/`, `.`, `\.`, `*`, `\*`, `[`, `\[`, `]`, `\]`, `^`, `\^`, `$`, `\$`).Replace(remote)
	return fmt.Sprintf(`rclone reveal -- "$(sed -n %s %s)"`, shellQuoted(`/^\[`+section+`\]$/,/^\[/s/^pass *= *//p`), shellQuoted(file))
}

func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// place drafts the block of a place; that of a whole account has no block.
func (d *rcloneDraft) place(p rclone.Place) {
	destroys := p.Remote.Option("hard_delete") == "true"
	if p.Path == "/" {
		if destroys {
			d.note(`%s: hard_delete = true is on_delete = "destroy" in a backup or folder: write it where it is wanted.`, p.Remote.Name)
		}
		return
	}
	var extra []config.DraftArgument
	if destroys {
		extra = append(extra, config.DraftArgument{Name: "on_delete", Value: string(config.DeleteDestroy)})
	}
	d.drafter.place(d.accounts[p.Remote.Option("user")], p.Path, extra...)
}
