package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFunctions calls every function; want is JSON, or a part of the error after "!".
func TestFunctions(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "note", "hello\n")
	write(t, dir, "page.tmpl", "%{ for h in hosts }${upper(h)} %{ endfor }")
	write(t, dir, "bad.tmpl", "\n${missing}")
	write(t, dir, "binary", "\xff\xfe")
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "sub/a.txt", "")
	tests := []struct{ expr, want string }{
		{`abs(-2)`, `2`},
		{`ceil(1.2)`, `2`},
		{`floor(1.8)`, `1`},
		{`log(8, 2)`, `3`},
		{`max(1, 3)`, `3`},
		{`min(1, 3)`, `1`},
		{`parseint("ff", 16)`, `255`},
		{`pow(2, 5)`, `32`},
		{`signum(-3)`, `-1`},
		{`chomp("a\n")`, `"a"`},
		{`format("%s-%02d", "a", 3)`, `"a-03"`},
		{`formatlist("%s!", ["a"])`, `["a!"]`},
		{`indent(2, "a\nb")`, `"a\n  b"`},
		{`join("-", ["a", "b"])`, `"a-b"`},
		{`lower("A")`, `"a"`},
		{`regex("[a-z]+", "12ab")`, `"ab"`},
		{`regexall("[a-z]", "1a2b")`, `["a","b"]`},
		{`replace("a.b", ".", "-")`, `"a-b"`},
		{`replace("a1b2", "/[0-9]/", "")`, `"ab"`},
		{`split(",", "a,b")`, `["a","b"]`},
		{`strrev("ab")`, `"ba"`},
		{`substr("hello", 1, 2)`, `"el"`},
		{`title("a b")`, `"A B"`},
		{`trim("xax", "x")`, `"a"`},
		{`trimprefix("ab", "a")`, `"b"`},
		{`trimspace(" a ")`, `"a"`},
		{`trimsuffix("ab", "b")`, `"a"`},
		{`upper("a")`, `"A"`},
		{`startswith("ab", "a")`, `true`},
		{`endswith("ab", "a")`, `false`},
		{`strcontains("abc", "b")`, `true`},
		{`alltrue([true, false])`, `false`},
		{`alltrue([])`, `true`},
		{`anytrue([true, false])`, `true`},
		{`chunklist(["a", "b", "c"], 2)`, `[["a","b"],["c"]]`},
		{`coalesce("", null, "a")`, `"a"`},
		{`coalesce("")`, `!every argument is null`},
		{`coalescelist([], ["a"])`, `["a"]`},
		{`compact(["", "a"])`, `["a"]`},
		{`concat(["a"], ["b"])`, `["a","b"]`},
		{`contains(["a"], "a")`, `true`},
		{`distinct(["a", "a"])`, `["a"]`},
		{`element(["a", "b"], 3)`, `"b"`},
		{`flatten([["a"], [["b"]]])`, `["a","b"]`},
		{`index(["a", "b"], "b")`, `1`},
		{`index(["a"], "b")`, `!does not hold`},
		{`keys({ b = 1, a = 2 })`, `["a","b"]`},
		{`length("né")`, `2`},
		{`length([1, 2])`, `2`},
		{`length({ a = 1 })`, `1`},
		{`length(5)`, `!wants a text`},
		{`lookup({ a = "x" }, "b", "y")`, `"y"`},
		{`matchkeys(["a", "b"], [1, 2], [2])`, `["b"]`},
		{`matchkeys(["a"], [1], [2])`, `[]`},
		{`merge({ a = 1 }, { b = 2 })`, `{"a":1,"b":2}`},
		{`one([])`, `null`},
		{`one(["a"])`, `"a"`},
		{`range(3)`, `[0,1,2]`},
		{`reverse(["a", "b"])`, `["b","a"]`},
		{`setintersection(["a", "b"], ["b"])`, `["b"]`},
		{`setproduct(["a"], ["b"])`, `[["a","b"]]`},
		{`setsubtract(["a", "b"], ["b"])`, `["a"]`},
		{`setunion(["a"], ["b"])`, `["a","b"]`},
		{`slice(["a", "b"], 1, 2)`, `["b"]`},
		{`sort(["b", "a"])`, `["a","b"]`},
		{`sum([1, 2])`, `3`},
		{`sum(["x"])`, `!no number`},
		{`sum([])`, `0`},
		{`transpose({ a = ["x", "y"], b = ["x"] })`, `{"x":["a","b"],"y":["a"]}`},
		{`transpose({})`, `{}`},
		{`values({ b = 1, a = 2 })`, `[2,1]`},
		{`zipmap(["a"], [1])`, `{"a":1}`},
		{`base64encode("hé")`, `"aMOp"`},
		{`base64decode("aMOp")`, `"hé"`},
		{`base64decode("//79")`, `!not UTF-8`},
		{`csvdecode("a,b\n1,2")`, `[{"a":"1","b":"2"}]`},
		{`jsondecode("{\"a\": [1]}")`, `{"a":[1]}`},
		{`jsonencode({ a = 1 })`, `"{\"a\":1}"`},
		{`yamldecode("a: [1, x]")`, `{"a":[1,"x"]}`},
		{`yamlencode({ a = 1 })`, `"\"a\": 1\n"`},
		{`urlencode("a b/c")`, `"a+b%2Fc"`},
		{`md5("a")`, `"0cc175b9c0f1b6a831c399e269772661"`},
		{`sha1("a")`, `"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"`},
		{`sha256("a")`, `"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"`},
		{`sha512("a") == ""`, `false`},
		{`substr(sha512("a"), 0, 8)`, `"1f40fc92"`},
		{`formatdate("YYYY-MM-DD", "2026-03-01T02:30:00Z")`, `"2026-03-01"`},
		{`timeadd("2026-03-01T02:30:00Z", "1h")`, `"2026-03-01T03:30:00Z"`},
		{`timecmp("2026-03-01T02:30:00Z", "2026-03-01T03:30:00+01:00")`, `0`},
		{`timecmp("x", "y")`, `!not a time`},
		{`plantimestamp()`, `"2026-03-01T02:30:00Z"`},
		{`hostname()`, `"laptop"`},
		{`host`, `"laptop"`},
		{`path.module`, `"."`},
		{`basename("a/b")`, `"b"`},
		{`dirname("a/b")`, `"a"`},
		{`abspath("note") == "` + dir + `/note"`, `true`},
		{`pathexpand("~/x")`, `"/home/me/x"`},
		{`tobool("true")`, `true`},
		{`tolist(["a"])`, `["a"]`},
		{`tomap({ a = 1 })`, `{"a":1}`},
		{`tonumber("1")`, `1`},
		{`toset(["b", "a", "b"])`, `["a","b"]`},
		{`tostring(1)`, `"1"`},
		{`try(jsondecode("{"), "no")`, `"no"`},
		{`can(jsondecode("{"))`, `false`},
		{`can(1)`, `true`},
		{`issensitive(sensitive("abc"))`, `true`},
		{`nonsensitive(sensitive("abc"))`, `"abc"`},
		{`sensitive("abc")`, `!sensitive value`},
		{`env("PLACE")`, `"/srv"`},
		{`env("NOT_SET")`, `""`},
		{`env("NOT_SET", "x")`, `"x"`},
		{`file("note")`, `"hello\n"`},
		{`file("${path.module}/note")`, `"hello\n"`},
		{`file("binary")`, `!not UTF-8`},
		{`filebase64("binary")`, `"//4="`},
		{`fileexists("note")`, `true`},
		{`fileexists("sub")`, `false`},
		{`fileexists("none")`, `false`},
		{`fileset(".", "**/*.txt")`, `["sub/a.txt"]`},
		{`fileset(".", "*.none")`, `[]`},
		{`fileset(".", "[")`, `!no pattern`},
		{`templatefile("page.tmpl", { hosts = ["a", "b"] })`, `"A B "`},
		{`templatefile("bad.tmpl", {})`, `!bad.tmpl:2:`},
		{`templatefile("page.tmpl", 5)`, `!wants an object`},
	}
	called := map[string]bool{}
	for _, tt := range tests {
		name, _, _ := strings.Cut(tt.expr, "(")
		called[name] = true
		cfg, list := newEvaluator(dir, testOptions()).load(inputs{files: Files{"x.mega.hcl": []byte("output \"o\" {\n  value = " + tt.expr + "\n}\n")}})
		if part, wantError := strings.CutPrefix(tt.want, "!"); wantError {
			if !strings.Contains(list.Error(), part) {
				t.Errorf("%s: got %v, want an error with %q", tt.expr, list, part)
			}
			continue
		}
		if list.HasErrors() {
			t.Errorf("%s: %v", tt.expr, list)
			continue
		}
		if got := string(cfg.Outputs[0].JSON); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.expr, got, tt.want)
		}
	}
	for name := range newEvaluator(dir, testOptions()).functions {
		if !called[name] {
			t.Errorf("%s is not called by this test", name)
		}
	}
}

func TestFileRefusesWhatDoesNotEnd(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("no /dev/zero here")
	}
	_, list := loadText(t, "x.mega.hcl", "locals {\n  a = file(\"/dev/zero\")\n}\n", testOptions())
	if !strings.Contains(list.Error(), "not a regular file") {
		t.Errorf("got %v", list)
	}
}
