account "main" {
  email = "me@example.com"
}
account "same" {
  email = "ME@example.com"
}
account "other" {
  email = "you@example.com"
}
backup "a" {
  account = account.main
  source  = "/a"
  path    = "/Backups/a"
}
backup "again" {
  account = account.same
  source  = "/b"
  path    = "/Backups//a/"    # ERROR: path declared twice: backup.again and backup.a (rule02_overlap.mega.hcl:13) have the same path "/Backups/a"
}
backup "below" {
  account = account.main
  source  = "/c"
  path    = "/Backups/a/x/y"  # ERROR: backup below a backup: backup.below at "/Backups/a/x/y" lies inside backup.a (rule02_overlap.mega.hcl:13)
}
folder "inside" {
  account = account.main
  path    = "/Backups/a/z"    # ERROR: folder inside a backup: folder.inside at "/Backups/a/z" lies inside backup.a
}
folder "same" {
  account = account.main
  path    = "/Backups/a"      # ERROR: path declared twice: folder.same and backup.a
}
folder "above" {
  account = account.main
  path    = "/Backups"        
}
backup "elsewhere" {
  account = account.other
  source  = "/a"
  path    = "/Backups/a"
}
backup "case" {
  account = account.main
  source  = "/d"
  path    = "/backups/A2"     # WARNING: paths differ only in case: backup.case says "/backups" where backup.a (rule02_overlap.mega.hcl:13) says "/Backups".
}
backup "composed" {
  account = account.other
  source  = "/e"
  path    = "/Caf\u00e9"
}
backup "decomposed" {
  account = account.other
  source  = "/f"
  path    = "/Cafe\u0301"     # ERROR: path declared twice
}
