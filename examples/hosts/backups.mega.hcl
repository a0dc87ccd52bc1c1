# One configuration for several hosts. Each host runs `megaplan apply`; it carries out its own backups and shows the others'
# as "not here".
megaplan {
  # The hosts have no disk in common, so the account itself keeps the state.
  backend "mega" {}
}

variable "web_hosts" {
  type    = set(string)
  default = ["web1", "web2"]
}

variable "mega_email" {
  type    = string
  default = "ops@example.com"
}

account "main" {
  email            = var.mega_email
  password_command = ["pass", "show", "mega/ops"]
}

source "www" {
  for_each     = var.web_hosts
  host         = each.key
  path         = "/srv/www"
  exclude      = [".cache/", "*.tmp", "!keep.tmp"]
  ignore_files = [".megaignore"]
}

backup "www" {
  for_each = var.web_hosts
  source   = source.www[each.key]
  path     = "/Backups/${each.key}/www"
}

output "paths" {
  value = { for host, b in backup.www : host => b.path }
}
