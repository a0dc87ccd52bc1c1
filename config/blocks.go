package config

import (
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/redact"
)

// instance decodes one instance of a block into the Config and returns what references to it read.
func (e *evaluator) instance(n *node, a addr.Address, s scope) cty.Value {
	o := e.decode(n.body, s)
	if o.broken {
		e.badBlocks[a.Block().String()] = true
	}
	switch a.Kind {
	case addr.Account:
		return e.account(o, a)
	case addr.Source:
		return e.source(o, a)
	case addr.Backup:
		return e.backup(o, a)
	case addr.Folder:
		return e.folder(o, a)
	case addr.Check:
		e.check(o, a)
	case addr.Output:
		e.output(o, a)
	default:
		panic("config: no block of kind " + string(a.Kind))
	}
	return cty.EmptyObjectVal
}

// readable is the object that expressions see; what a mistake left open is unknown.
func readable(o *object, a addr.Address, texts map[string]string) cty.Value {
	values := map[string]cty.Value{
		"address": cty.StringVal(a.String()),
		"name":    cty.StringVal(a.Name),
		"key":     cty.NullVal(cty.String),
	}
	if a.Keyed {
		values["key"] = cty.StringVal(a.Key)
	}
	for name, text := range texts {
		values[name] = cty.StringVal(text)
		if o.broken && o.values[name] == nil {
			values[name] = cty.UnknownVal(cty.String)
		}
	}
	return cty.ObjectVal(values)
}

func (e *evaluator) account(o *object, a addr.Address) cty.Value {
	acc := Account{
		Address:           a,
		Email:             get[string](o, "email"),
		Password:          get[redact.Secret](o, "password"),
		PasswordFile:      get[localPath](o, "password_file").abs,
		PasswordCommand:   get[[]string](o, "password_command"),
		MFASecret:         get[redact.Secret](o, "mfa_secret"),
		MFACommand:        get[[]string](o, "mfa_command"),
		Endpoint:          get[string](o, "endpoint"),
		UseHTTPS:          get[bool](o, "use_https"),
		Encoding:          get[string](o, "encoding"),
		Concurrency:       int(get[int64](o, "concurrency")),
		SmallConcurrency:  int(get[int64](o, "small_concurrency")),
		RequestsPerSecond: int(get[int64](o, "requests_per_second")),
		MaxDuration:       get[time.Duration](o, "max_duration"),
		MaxUpload:         get[int64](o, "max_upload"),
		UploadLimit:       get[string](o.nested["bandwidth"], "upload"),
		DownloadLimit:     get[string](o.nested["bandwidth"], "download"),
		TrashKeep:         get[time.Duration](o.nested["trash"], "keep"),
		Range:             plainRange(o.declared),
	}
	if strings.HasPrefix(acc.Endpoint, "http://") || acc.Endpoint == EndpointEmbedded {
		acc.UseHTTPS = false
	}
	e.checkAccount(o, acc)
	if !o.broken {
		e.config.Accounts = append(e.config.Accounts, acc)
	}
	return readable(o, a, map[string]string{"email": acc.Email, "endpoint": acc.Endpoint})
}

// checkAccount asks for at most one way to each secret.
func (e *evaluator) checkAccount(o *object, acc Account) {
	passwords := 0
	for _, set := range []bool{!acc.Password.Empty(), acc.PasswordFile != "", len(acc.PasswordCommand) > 0} {
		if set {
			passwords++
		}
	}
	if passwords > 1 {
		at := o.at("password_command")
		if len(acc.PasswordCommand) == 0 {
			at = o.at("password_file")
		}
		e.add(at, "more than one password", "Keep exactly one of password, password_file and password_command.")
	}
	if !acc.MFASecret.Empty() && len(acc.MFACommand) > 0 {
		e.add(o.at("mfa_command"), "more than one second factor", "Keep one of mfa_secret and mfa_command.")
	}
	if email := acc.Email; o.given["email"] && email != "" && (strings.Count(email, "@") != 1 || strings.ContainsAny(email, " \t\n")) {
		e.add(o.at("email"), "invalid value", "%q is no e-mail address.", email)
	}
}

func (e *evaluator) source(o *object, a addr.Address) cty.Value {
	src := sourceOf(o, get[localPath](o, "path"))
	src.Address = a
	src.Range = plainRange(o.declared)
	if m := src.Marker; o.given["marker"] && (m == "" || strings.HasPrefix(m, "/") || strings.Contains("/"+m+"/", "/../")) {
		e.add(o.at("marker"), "invalid value", "\"marker\" names a file inside the source, as in \".mounted\".")
	}
	if !o.broken {
		e.config.Sources = append(e.config.Sources, src)
		e.sources[a] = src
	}
	return readable(o, a, map[string]string{"host": src.Host, "path": src.Written})
}

func sourceOf(o *object, p localPath) Source {
	return Source{
		Host:          get[string](o, "host"),
		Path:          p.abs,
		Written:       p.written,
		Include:       get[[]Pattern](o, "include"),
		Exclude:       get[[]Pattern](o, "exclude"),
		IgnoreFiles:   get[[]string](o, "ignore_files"),
		Growing:       get[[]Pattern](o, "growing"),
		Symlinks:      Symlinks(get[string](o, "symlinks")),
		FollowOutside: get[bool](o, "follow_outside"),
		OneFileSystem: get[bool](o, "one_file_system"),
		ExcludeCaches: get[bool](o, "exclude_caches"),
		MaxFileSize:   get[int64](o, "max_file_size"),
		Marker:        get[string](o, "marker"),
	}
}

func (e *evaluator) check(o *object, a addr.Address) {
	c := Check{
		Address:      a,
		Backup:       get[addr.Address](o, "backup"),
		MaxAge:       get[time.Duration](o, "max_age"),
		MinFiles:     -1,
		MaxFiles:     -1,
		QuotaFree:    get[Limit](o, "quota_free"),
		VerifySample: get[float64](o, "verify_sample"),
		VerifyEvery:  get[time.Duration](o, "every"),
		Range:        plainRange(o.declared),
	}
	if o.given["min_files"] {
		c.MinFiles = get[int64](o, "min_files")
	}
	if o.given["max_files"] {
		c.MaxFiles = get[int64](o, "max_files")
	}
	if o.broken {
		return
	}
	if c.MaxAge == 0 && c.MinFiles < 0 && c.MaxFiles < 0 && !c.QuotaFree.Set && c.VerifySample == 0 {
		e.add(o.declared, "check without a condition", "Give it at least one of max_age, min_files, max_files, quota_free and verify_sample.")
	}
	if c.MaxFiles >= 0 && c.MinFiles > c.MaxFiles {
		e.add(o.at("max_files"), "check that cannot pass", "min_files = %d is more than max_files = %d.", c.MinFiles, c.MaxFiles)
	}
	if o.given["every"] && c.VerifySample == 0 {
		e.add(o.at("every"), "unused argument", "\"every\" says how often verify_sample is done; there is no verify_sample.")
	}
	e.config.Checks = append(e.config.Checks, c)
}

func (e *evaluator) output(o *object, a addr.Address) {
	out := Output{Name: a.Name, Sensitive: get[bool](o, "sensitive")}
	v, known := o.values["value"].(cty.Value)
	if !known {
		return
	}
	if v.HasMarkDeep(sensitive) && !out.Sensitive {
		e.add(o.at("value"), "sensitive value", "%s shows a sensitive value. If that is meant, add: sensitive = true", a)
		return
	}
	v, _ = v.UnmarkDeep()
	text, err := ctyjson.SimpleJSONValue{Value: v}.MarshalJSON()
	if err != nil {
		e.add(o.at("value"), "invalid value", "%s cannot be written as JSON: %v.", a, err)
		return
	}
	out.JSON = text
	e.config.Outputs = append(e.config.Outputs, out)
}
