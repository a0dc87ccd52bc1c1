package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const consoleConfig = `
account "main" {
  email    = "me@example.com"
  password = "correct horse"
}
variable "hosts" {
  type    = set(string)
  default = ["web1", "web2"]
}
variable "secret" {
  type      = string
  default   = "hush hush"
  sensitive = true
}
locals {
  twice = [1, 2.5, true, null, "a\"b${var.hosts == null ? 1 : 2}"]
}
backup "docs" {
  for_each = var.hosts
  source   = "/srv"
  path     = "/B/${each.key}"
}
`

func console(t *testing.T) *Console {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.mega.hcl"), []byte(consoleConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	c, list := OpenConsole(dir, Options{Hostname: "here"})
	if len(list) > 0 {
		t.Fatal(list)
	}
	return c
}

func TestConsole(t *testing.T) {
	c := console(t)
	for text, want := range map[string]string{
		`1 + 2`:                      "3",
		`"${host}-x"`:                `"here-x"`,
		`account.main.email`:         `"me@example.com"`,
		`backup.docs["web1"].path`:   `"/B/web1"`,
		`var.hosts`:                  "toset([\n  \"web1\",\n  \"web2\",\n])",
		`local.twice`:                "[\n  1,\n  2.5,\n  true,\n  null,\n  \"a\\\"b2\",\n]",
		`{ a = 1, "b c" = [] }`:      "{\n  a = 1\n  \"b c\" = []\n}",
		`tomap({ x = { y = "z" } })`: "tomap({\n  x = {\n    y = \"z\"\n  }\n})",
		`tolist([])`:                 "tolist([])",
		`var.secret`:                 "(sensitive value)",
		`[var.secret, "x"]`:          "[\n  (sensitive value),\n  \"x\",\n]",
		`"say ${var.secret}"`:        "(sensitive value)",
		`[for h in var.hosts : h]`:   "[\n  \"web1\",\n  \"web2\",\n]",
		`null`:                       "null",
	} {
		got, list := c.Evaluate(text)
		if len(list) > 0 || got != want {
			t.Errorf("%s: %s, %v, want %s", text, got, list, want)
		}
	}
}

func TestConsoleErrors(t *testing.T) {
	c := console(t)
	for text, want := range map[string]string{
		`account.mian.email`: "Did you mean account.main?", `account.main.password`: "no attribute", `1 +`: "expression", `nope()`: "function", `each.key`: "for_each",
		`parseint(var.secret, 10)`: "",
	} {
		got, list := c.Evaluate(text)
		if !list.HasErrors() || !strings.Contains(list.Error(), want) || strings.Contains(list.Error(), "hush") {
			t.Errorf("%s: %s, %v, want %q", text, got, list, want)
		}
	}
	if got, list := c.Evaluate("2"); got != "2" || len(list) > 0 {
		t.Errorf("after errors: %s, %v", got, list)
	}
}
