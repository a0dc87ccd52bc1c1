import {
  to   = backup.www["web1"]
  path = "/old"
}
removed {
  from    = backup.gone["a"]
  destroy = true
}
moved {
  from = backup.old
  to   = backup.plain
}
output "root" {
  value = { path = backup.www["web1"].path, n = 3 }
}
check "fresh" {
  backup     = backup.plain
  max_age    = "36h"
  quota_free = "1GiB"
}
backup "plain" {
  account = account.main
  source  = "docs"
  path    = "/plain"
  mode    = "archive"
}
backup "www" {
  for_each = var.hosts
  source   = source.www[each.key]
  path     = "${local.root}/${each.key}"
  retention {
    timezone = "Europe/Rome"
    versions {
      keep_last = 10
    }
  }
  lifecycle {
    max_delete = 5
    max_update = "10%"
  }
}
source "www" {
  for_each      = var.hosts
  host          = each.key
  path          = "/srv/www"
  exclude       = ["*.tmp"]
  max_file_size = "4GiB"
}
account "main" {
  email = "me@example.com"
  trash {
    keep = "30d"
  }
}
locals {
  root = "/Backups"
}
variable "hosts" {
  type    = set(string)
  default = ["web1"]
}
megaplan {
  backend "mega" {
    path = "/.state"
  }
}
