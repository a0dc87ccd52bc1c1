account "main" {
  email = "me@example.com"
  password = "hunter2-long" oops  # ERROR: missing newline after argument
}
backup "x" {
  source = 
  path   = local.never_reported
}
