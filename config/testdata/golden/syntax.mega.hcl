account "main" {
  email = "me@example.com"
  password = "hunter2-long" oops
}
backup "x" {
  source = 
  path   = local.never_reported
}
