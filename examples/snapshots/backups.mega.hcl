# Dated copies of a set of files that belong together, such as the dumps of a database: each snapshot is a folder of its own,
#
#   /Backups/db/2026-03-01T02-30-00Z/
#
# made when something changed. What did not change is copied on the server, so a night costs the upload of what is new. In the
# quota every snapshot counts in full: for documents, `mode = "mirror"` with versions is the better history (docs/history.md).
#
#   megaplan plan                                    # what the next one uploads and copies, and what retention lets go
#   megaplan apply -auto-approve -tag=release        # in a job after the dump; the tag keeps it
#   megaplan snapshots                               # what there is, what it costs, what will go
#   megaplan restore backup.db -to=/tmp/db -snapshot=2026-03-01
account "main" {
  email            = "me@example.com"
  password_command = ["pass", "mega"]
}

source "dumps" {
  path    = "/var/backups/db"
  include = ["*.sql", "*.sql.gz"]
}

backup "db" {
  source = source.dumps
  path   = "/Backups/db"
  mode   = "snapshots"
  retention {
    timezone = "Europe/Rome" # whose days and weeks count
    snapshots {
      keep_last    = 3
      keep_daily   = 7
      keep_weekly  = 4
      keep_monthly = 12
      keep_tags    = ["release"]
    }
  }
  lifecycle {
    prevent_destroy = true
  }
}

check "nightly" {
  backup    = backup.db
  max_age   = "36h"
  min_files = 1
}
