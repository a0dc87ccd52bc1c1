account "main" {
  email = "me@example.com"
}
backup "one" {
  source = "/b"
  path   = "/b"
}
backup "all" {
  source = "/a"
  path   = "//"  # ERROR: backup at the root: backup.all cannot have the whole account as its path
}
