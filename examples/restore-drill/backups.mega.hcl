# A restore drill: a backup is what can be restored, so try it before you need it. This file in version control and the
# account's password are all that must survive. On a machine that has nothing else:
#
#   megaplan restore backup.home -to=/tmp/drill      # shows what it will write, proves every file, writes it
#   megaplan verify                                  # back in place: every byte proven against the account, nothing downloaded
#
# The state is not needed for either. Losing it means that the next plan adopts what it finds, uploading nothing.
account "main" {
  email            = "me@example.com"
  password_command = ["pass", "mega"]
}

backup "home" {
  source   = "~/Documents"
  path     = "/Backups/laptop/documents"
  preserve = ["mode", "mtime", "symlinks", "owner", "xattrs", "hardlinks"] # everything the disk knows about a file
}
