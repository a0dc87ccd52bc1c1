account "main" {
  email = "me@example.com"
}
backup "documents" {
  source = "/a"
  path   = "/a"
}
backup "www" {
  for_each = toset(["web1"])
  source   = "/b"
  path     = "/b/${each.key}"
}
moved {
  from = backup.documents      # ERROR: backup.documents is still declared at addresses.mega.hcl:4.
  to   = backup.www["web1"]
}
moved {
  from = backup.docs
  to   = backup.document       # ERROR: There is no backup.document. Did you mean backup.documents?
}
moved {
  from = backup.first
  to   = backup.second
}
moved {
  from = backup.second
  to   = backup.documents
}
moved {                        # ERROR: backup.gone cannot be renamed to itself.
  from = backup.gone
  to   = backup.gone
}
moved {
  from = backup.old
  to   = folder.new            # ERROR: backup.old is a backup and cannot become the folder folder.new.
}
moved {                        # ERROR: backup.first is already renamed at addresses.mega.hcl:21
  from = backup.first
  to   = backup.documents
}
moved {
  from = "backup.x"            # ERROR: "from" wants an address, as in backup.documents
  to   = account.main          # ERROR: "to" wants a backup or a folder, not account.main
}
moved {
  from = backup.left
  to   = backup.right          # ERROR: backup.left -> backup.right -> backup.left
}
moved {
  from = backup.right
  to   = backup.left           # ERROR: backup.right -> backup.left -> backup.right
}
removed {
  from = backup.www            # ERROR: backup.www is still declared at addresses.mega.hcl:8.
}
removed {
  from    = backup.www["web2"]
  destroy = "yes"              # ERROR: "destroy" wants true or false, not text.
}
import {
  to   = backup.www            # ERROR: backup.www has for_each: name one instance, as in backup.www["key"].
  path = "/old"
}
import {
  to   = backup.www["web9"]    # ERROR: There is no backup.www["web9"] to import into. Did you mean backup.www["web1"]?
  path = "/old"
}
import {
  to   = backup.documents
  path = "/old"
}
import {                       # ERROR: imported twice: backup.documents is already imported into at addresses.mega.hcl:68
  to   = backup.documents
  path = "/older"
}
check "nothing" {              # ERROR: check without a condition
  backup = backup.documents
}
check "never" {
  backup    = backup.documents
  min_files = 5
  max_files = 4                # ERROR: min_files = 5 is more than max_files = 4.
  every     = "1d"             # ERROR: there is no verify_sample.
}
