package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDependencies(t *testing.T) {
	dir := t.TempDir()
	text := `
account "main" {
  email = "me@example.com"
}
variable "hosts" {
  type    = set(string)
  default = ["a"]
}
locals {
  base = "/B/${host}"
  all  = keys(account)
}
source "www" {
  for_each = var.hosts
  path     = "/srv/${each.key}"
}
backup "www" {
  for_each = var.hosts
  source   = source.www[each.key]
  path     = "${local.base}/${each.key}"
  lifecycle {
    prevent_destroy = var.hosts != null
  }
}
folder "top" {
  path = "/Top"
}
check "fresh" {
  backup  = backup.www["a"]
  max_age = "1d"
}
output "paths" {
  value = [for k, b in backup.www : b.path]
}
`
	if err := os.WriteFile(filepath.Join(dir, "x.mega.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g, list := Dependencies(dir, Options{Hostname: "here"})
	if list.HasErrors() {
		t.Fatal(list)
	}
	want := &Graph{
		Nodes: []string{"account.main", "backup.www", "check.fresh", "folder.top", "local.all", "local.base", "output.paths", "source.www", "var.hosts"},
		Edges: [][2]string{
			{"backup.www", "account.main"},
			{"backup.www", "local.base"},
			{"backup.www", "source.www"},
			{"backup.www", "var.hosts"},
			{"check.fresh", "backup.www"},
			{"folder.top", "account.main"},
			{"local.all", "account.main"},
			{"output.paths", "backup.www"},
			{"source.www", "var.hosts"},
		},
	}
	if diff := cmp.Diff(want, g); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
