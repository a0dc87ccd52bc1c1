# Only a layout: folders that shall exist, without a source. What people put into them is theirs.
locals {
  projects = ["north", "south"]
}

account "team" {
  email         = "team@example.com"
  password_file = "/run/secrets/mega"
}

folder "inbox" {
  path = "/Inbox"
}

folder "project" {
  for_each  = toset(local.projects)
  path      = "/Projects/${each.key}"
  unmanaged = "ignore"
}
