package config

import "github.com/megaplan/megaplan/internal/addr"

func megaplanBlock() Block {
	return Block{
		Type: "megaplan", Repeats: true,
		Meaning: "Settings of the configuration itself.",
		Example: `megaplan {
  required_version = ">= 0.1.0"
  backend "local" {
    path = "megaplan.state.json"
  }
}`,
		Attributes: []Attribute{
			{Name: "required_version", Kind: KindVersion, Meaning: "Versions of megaplan that may read this configuration, as in `\">= 0.1.0, < 2.0.0\"`."},
		},
		Blocks: []Block{backendBlock()},
	}
}

func backendBlock() Block {
	return Block{
		Type: "backend", Label: "where",
		Meaning: "Where the state document is kept: `local`, `http` or `mega`. Without the block: `local`.",
		Variants: map[string]Block{
			"local": {Type: "backend", Meaning: "A file on this machine, the previous ones beside it.", Attributes: []Attribute{
				{Name: "path", Kind: KindText, Default: `"megaplan.state.json"`, Meaning: "The file, relative to the configuration."},
			}},
			"http": {Type: "backend", Meaning: "A server that speaks Terraform's state protocol, as GitLab does ([state.md](state.md)).", Attributes: []Attribute{
				{Name: "address", Kind: KindURL, Required: true, Meaning: "Where the document is fetched and stored."},
				{Name: "update_method", Kind: KindChoice, Choices: []string{"POST", "PUT"}, Default: `"POST"`, Meaning: "The method that stores it."},
				{Name: "lock_address", Kind: KindURL, Meaning: "Where it is locked. Without it there is no lock."},
				{Name: "lock_method", Kind: KindChoice, Choices: []string{"LOCK", "POST", "PUT"}, Default: `"LOCK"`, Meaning: "The method that locks."},
				{Name: "unlock_address", Kind: KindURL, Meaning: "Where it is unlocked. Default: `lock_address`."},
				{Name: "unlock_method", Kind: KindChoice, Choices: []string{"UNLOCK", "DELETE", "POST", "PUT"}, Default: `"UNLOCK"`, Meaning: "The method that unlocks."},
				{Name: "username", Kind: KindText, Meaning: "For basic authentication. `MEGAPLAN_HTTP_USERNAME` comes first."},
				{Name: "password", Kind: KindSecret, Meaning: "For basic authentication: a password or token. Better: `MEGAPLAN_HTTP_PASSWORD`, which comes first."},
				{Name: "skip_cert_verification", Kind: KindBool, Default: "false", Meaning: "Accept any certificate."},
			}},
			"mega": {Type: "backend", Meaning: "A folder of the account itself, for everybody who signs in to it.", Attributes: []Attribute{
				{Name: "account", Kind: KindReference, RefersTo: addr.Account, Meaning: "The account. May be left out when there is one."},
				{Name: "path", Kind: KindRemotePath, Default: `"/.megaplan"`, Meaning: "The folder. What is in it is nobody's: no backup may hold it, and nothing is declared inside it. Each configuration needs one of its own."},
			}},
		},
	}
}

func variableBlock() Block {
	return Block{
		Type: "variable", Label: "name", Repeats: true,
		Meaning: "A value that is given from outside and read as `var.name`. Later sources win: `default`, `MEGAPLAN_VAR_name`, " +
			"`megaplan.megavars`, `*.auto.megavars` in order of name, then `-var` and `-var-file` in the order given.",
		Example: `variable "web_hosts" {
  type        = set(string)
  default     = ["web1", "web2"]
  description = "hosts whose /srv/www is backed up"

  validation {
    condition     = length(var.web_hosts) > 0
    error_message = "At least one host is needed."
  }
}`,
		Attributes: []Attribute{
			{Name: "type", Kind: KindType, Meaning: "The type values are converted to: `string`, `number`, `bool`, `list(…)`, `set(…)`, `map(…)`, `object({…})`, `tuple([…])`, `any`."},
			{Name: "default", Kind: KindAny, Meaning: "The value when none is given. A variable without it must be given one."},
			{Name: "description", Kind: KindText, Meaning: "What it is for."},
			{Name: "sensitive", Kind: KindBool, Default: "false", Meaning: "Never show the value."},
			{Name: "nullable", Kind: KindBool, Default: "true", Meaning: "Whether `null` is a value. If not, `null` stands for the default."},
		},
		Blocks: []Block{{
			Type: "validation", Repeats: true, Meaning: "A condition the value must meet.",
			Attributes: []Attribute{
				{Name: "condition", Kind: KindCondition, Required: true, Meaning: "An expression that is true for good values."},
				{Name: "error_message", Kind: KindCondition, Required: true, Meaning: "What to say otherwise."},
			},
		}},
	}
}

func localsBlock() Block {
	return Block{
		Type: "locals", Repeats: true, Free: true,
		Meaning: "Named values, read as `local.name`.",
		Example: `locals {
  root = "/Backups/${lower(host)}"
}`,
	}
}

func accountBlock() Block {
	return Block{
		Type: "account", Label: "name", Repeats: true,
		Meaning: "A MEGA account. While a session is kept (keyring, `MEGAPLAN_SESSION_KEY`, `MEGAPLAN_SESSION`) no password is needed.",
		Example: `account "main" {
  email            = "me@example.com"
  password_command = ["pass", "mega"]
  bandwidth {
    upload = "08:00,2M 19:00,off"
  }
  trash {
    keep = "30d"
  }
}`,
		Attributes: []Attribute{
			{Name: "email", Kind: KindText, Required: true, Meaning: "The address the account signs in with."},
			{Name: "password", Kind: KindSecret, Meaning: "The password. Better: one of the next two, or `MEGAPLAN_PASSWORD`."},
			{Name: "password_file", Kind: KindLocalPath, Meaning: "A file whose first line is the password."},
			{Name: "password_command", Kind: KindCommand, Meaning: "A command whose first line of output is the password."},
			{Name: "mfa_secret", Kind: KindSecret, Meaning: "The secret that two-factor codes are computed from."},
			{Name: "mfa_command", Kind: KindCommand, Meaning: "A command that prints a two-factor code."},
			{Name: "endpoint", Kind: KindEndpoint, Default: `"https://g.api.mega.co.nz"`, Meaning: "The API's address, or `embedded` for an emulator inside the process that keeps its data in `.megaplan/embedded`. Plain http only on loopback."},
			{Name: "use_https", Kind: KindBool, Default: "true", Meaning: "Transfer over https too. With an http or embedded endpoint transfers are http."},
			{Name: "encoding", Kind: KindEncoding, Default: `"Slash,InvalidUtf8,Dot"`, Meaning: "Which characters of local names are written otherwise, in rclone's words."},
			{Name: "concurrency", Kind: KindInteger, Min: 1, Default: "4", Meaning: "Posts of large files in flight."},
			{Name: "small_concurrency", Kind: KindInteger, Min: 1, Default: "32", Meaning: "The most connections for small files."},
			{Name: "requests_per_second", Kind: KindInteger, Min: 1, Meaning: "The most requests to the API in a second, for accounts that share a line or MEGA's patience. Without it, as many as fit one after the other."},
			{Name: "max_duration", Kind: KindDuration, Meaning: "How long an apply works in this account. What is in flight then finishes, but for large files, which the next apply goes on with; the rest is left to it, and the exit code is 3."},
			{Name: "max_upload", Kind: KindSize, Meaning: "How much content one apply uploads to this account. Files that no longer fit are left to the next apply, and the exit code is 3."},
		},
		Blocks: []Block{
			{
				Type: "bandwidth", Meaning: "Limits, as one rate (`\"10M\"`) or rclone's timetable (`\"08:00,2M 19:00,off\"`); bytes a second.",
				Attributes: []Attribute{
					{Name: "upload", Kind: KindTimetable, Default: `"off"`, Meaning: "What goes up."},
					{Name: "download", Kind: KindTimetable, Default: `"off"`, Meaning: "What comes down."},
				},
			},
			{
				Type: "trash", Meaning: "MEGA's Rubbish Bin.",
				Attributes: []Attribute{
					{Name: "keep", Kind: KindDuration, Meaning: "How long what megaplan put into the trash stays there, whichever configuration it came from: `apply` ends it then, and the plan shows it. Without it, for ever. Nothing else in the trash is ever touched, nor a trashed folder in which something was moved since."},
				},
			},
		},
	}
}

func sourceBlock() Block {
	return Block{
		Type: "source", Label: "name", Repeats: true,
		Meaning: "A local directory and what of it is taken.",
		Example: `source "www" {
  host    = "web1"
  path    = "/srv/www"
  exclude = [".cache/", "*.tmp", "!keep.tmp"]
  marker  = ".mounted"
}`,
		Attributes: []Attribute{
			forEachAttribute(),
			{Name: "host", Kind: KindText, Meaning: "The host the directory is on. On another host its backups are shown as \"not here\" and never touched. Without it, any."},
			{Name: "path", Kind: KindLocalPath, Required: true, Meaning: "The directory. `~` is your home; relative paths start at the configuration."},
			{Name: "include", Kind: KindPatterns, Default: "[]", Meaning: "What is taken, in gitignore's language. Empty: everything."},
			{Name: "exclude", Kind: KindPatterns, Default: "[]", Meaning: "What is left out, in gitignore's language; the last match wins. What is already in the account stays there."},
			{Name: "ignore_files", Kind: KindTexts, Default: `[".megaignore"]`, Meaning: "Names of files inside the source that hold further patterns to leave out, in gitignore's language. MEGA's apps read and write `.megaignore` in another one: where they sync the source too, choose another name."},
			{Name: "growing", Kind: KindPatterns, Default: "[]", Meaning: "Files that are appended to while they are read, such as logs, in gitignore's language: what is stored is what the scan saw of them, up to the size they had. Not for databases."},
			{Name: "symlinks", Kind: KindChoice, Choices: []string{"record", "follow", "skip"}, Default: `"record"`, Meaning: "Symbolic links: remember the target, back up what they point to, or leave them out."},
			{Name: "follow_outside", Kind: KindBool, Default: "false", Meaning: "Follow links that leave the source."},
			{Name: "one_file_system", Kind: KindBool, Default: "false", Meaning: "Stay on the file system of the source."},
			{Name: "exclude_caches", Kind: KindBool, Default: "false", Meaning: "Leave out directories tagged with CACHEDIR.TAG."},
			{Name: "max_file_size", Kind: KindSize, Meaning: "Larger files are left out and reported. Without it, no limit."},
			{Name: "marker", Kind: KindText, Meaning: "A file that must exist in the source, or it counts as not mounted: an error, never an empty source. A restore in place asks for it too."},
		},
	}
}

func forEachAttribute() Attribute {
	return Attribute{Name: "for_each", Kind: KindForEach, Meaning: "One instance for each element of a set of text or a map, with `each.key` and `each.value`."}
}
