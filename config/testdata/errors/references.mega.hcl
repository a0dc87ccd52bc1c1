account "main" {
  email = "me@example.com"
}
variable "hosts" {
  type    = set(string)
  default = ["web1", "web2"]
}
locals {
  root  = "/Backups"
  wrong = local.rot         # ERROR: unknown reference: There is no local.rot. Did you mean local.root?
  typo  = vra.hosts         # ERROR: There is no vra.hosts. Did you mean var.hosts?
  lost  = var.nothing_alike # ERROR: There is no var.nothing_alike. Declare it with: variable "nothing_alike" {}
  file  = path.modul        # ERROR: There is no path.modul; there is path.module
  key   = each.key          # ERROR: each.key is known only in a block with for_each
  out   = output.x          # ERROR: Nothing can refer to an output.
  whole = keys(account)
}
source "www" {
  for_each = var.hosts
  host     = each.key
  path     = "/srv/www"
}
source "plain" {
  path = "/srv/plain"
}
backup "a" {
  account = account.mian    # ERROR: There is no account.mian. Did you mean account.main?
  source  = "/a"
  path    = "/Backups/a"
}
backup "b" {
  account = main            # ERROR: There is no main. Did you mean account.main?
  source  = "/b"
  path    = "/Backups/b"
}
backup "c" {
  account = "main"          # ERROR: "account" wants an account, as in account.name, not text. Write account.main, without quotes.
  source  = "/c"
  path    = "/Backups/c"
}
backup "d" {
  account = source.plain    # ERROR: "account" wants an account, as in account.name, not source.plain.
  source  = source.www      # ERROR: not an object. It has for_each: name one instance, as in source.www["web1"].
  path    = "/Backups/d"
}
backup "e" {
  source = source.www["web3"] # ERROR: The key is "web3". There are: "web1", "web2". Did you mean "web1"?
  path   = source.www.path    # ERROR: source.www has for_each: name one of its instances, as in source.www["key"].path
}
backup "f" {
  source = source.plain["x"]  # ERROR: source.plain has no for_each, so it has no keys
  path   = backup.d.pth       # ERROR: backup.d has no attribute "pth". Did you mean backup.d.path?
}
backup "g" {
  source = source.plain
  path   = backups.f.path     # ERROR: There is no backups.f. Did you mean backup.f?
}
backup "h" {
  source = sourc.plan         # ERROR: There is no sourc.plan. Did you mean source.plain?
  path   = documents.path     # ERROR: There is no documents.path.
}
output "leak" {
  value = nofunction("x")     # ERROR: call to unknown function
}
check "x" {
  backup  = backup.documents  # ERROR: There is no backup.documents. There are: backup.a, backup.b
  max_age = "1d"
}
