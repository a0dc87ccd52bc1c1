# The smallest configuration that does something. The endpoint "embedded" is an emulated MEGA inside megaplan, so nothing
# leaves this machine; its data is in .megaplan/embedded. For a real account, take that line and the password out.
account "main" {
  email    = "me@example.com"
  password = "quickstart"
  endpoint = "embedded"
}

backup "documents" {
  source = "documents"
  path   = "/Backups/laptop/documents"
}
