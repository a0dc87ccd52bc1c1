# A configuration to start from. `megaplan plan` shows what would happen; nothing changes before `megaplan apply`.
account "main" {
  email            = "me@example.com"
  password_command = ["pass", "mega"] # or password_file; `megaplan login` asks for it otherwise
}

backup "documents" {
  source = "~/Documents"
  path   = "/Backups/documents"
}
