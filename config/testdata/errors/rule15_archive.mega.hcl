account "main" {
  email = "me@example.com"
}
backup "a" {
  source    = "/a"
  path      = "/a"
  mode      = "archive"
  on_delete = "keep"   # ERROR: conflicting arguments: mode = "archive" is mirror with on_delete = "keep" and versions on.
  versions  = false    # ERROR: mode = "archive" never deletes
}
backup "b" {
  source    = "/b"
  path      = "/b"
  on_delete = "keep"
  versions  = false    # ERROR: on_delete = "keep" also keeps what is overwritten, which needs versions = true.
}
