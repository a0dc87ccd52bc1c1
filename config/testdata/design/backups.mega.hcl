megaplan {
  required_version = ">= 0.1.0"
  backend "local" {                     # or "http", "mega", later "s3", "postgres"
    path = "megaplan.state.json"
  }
}
variable "web_hosts" {
  type    = set(string)
  default = ["web1", "web2"]
}
account "main" {
  email            = "me@example.com"
  password_command = ["pass", "mega"]   # or password, password_file, MEGAPLAN_PASSWORD; none needed while a session lives in the keyring, under
                                        # MEGAPLAN_SESSION_KEY or in MEGAPLAN_SESSION; else it opens the session file without a sign-in
  mfa_command      = ["oathtool", "..."]  # or mfa_secret (TOTP is computed), or a prompt on a terminal
  endpoint         = "https://g.api.mega.co.nz"   # default; "embedded": the emulator inside the process, data in .megaplan/embedded; http only on loopback
  use_https        = true               # transfers too; with an http endpoint (loopback) or "embedded" transfers are http and ssl:2 is not sent
  encoding         = "Slash,InvalidUtf8,Dot"      # rclone's names, same results (`‛` itself is doubled)
  concurrency      = 4                  # large posts in flight; small files have small_concurrency = 32
  bandwidth {
    upload   = "08:00,2M 19:00,off"     # rclone's timetable grammar
    download = "off"
  }
  trash {
    keep = "30d"                        # only what megaplan itself put there
  }
}

backup "documents" {                    # the smallest useful backup: two lines
  source = "~/Documents"                # a path, or a source block when it needs more
  path   = "/Backups/laptop/documents"
}

source "www" {
  for_each        = var.web_hosts
  host            = each.key            # on another host its backups are shown as 'not here' and never touched
  path            = "/srv/www"
  include         = []                  # default: all
  exclude         = [".cache/", "*.tmp", "!keep.tmp"]   # gitignore language
  ignore_files    = [".megaignore"]
  symlinks        = "record"            # record | follow | skip
  one_file_system = true
  max_file_size   = "4GiB"
  marker          = ".mounted"          # must exist, or the source counts as not mounted: an error, never an empty source
}
backup "www" {
  for_each   = var.web_hosts
  account    = account.main             # may be left out when there is one
  source     = source.www[each.key]
  path       = "/Backups/${each.key}/www"
  mode       = "mirror"                 # mirror | archive (never deletes) | snapshots
  compare    = "mtime"                  # mtime (size+mtime) | fingerprint (+sparse CRC) | content (full MAC)
  on_delete  = "trash"                  # trash | destroy | keep; also for what is overwritten without versions
  unmanaged  = "report"                 # report | ignore | trash: remote nodes megaplan does not own
  versions   = true                     # overwritten files become MEGA versions
  preserve   = ["mode", "mtime", "symlinks"]
  duplicates {
    files   = "source"                  # the one equal to the source; else newest oldest largest smallest first rename report
    folders = "merge"
  }
  retention {
    versions {
      keep_last   = 10
      keep_within = "90d"
    }
  }
  lifecycle {
    prevent_destroy = true
    max_delete      = "50%"
    ignore_drift    = ["*.lnk"]
  }
}
backup "db" {
  source = "/var/backups/db"
  path   = "/Backups/db"
  mode   = "snapshots"
  retention {
    timezone = "Europe/Rome"
    snapshots {
      keep_last    = 3
      keep_daily   = 7
      keep_weekly  = 4
      keep_monthly = 12
      keep_yearly  = 5
      keep_tags    = ["release"]
      min_keep     = 1
    }
  }
}

folder "photos" {                       # layout without a source
  path      = "/Photos/Originals"
  unmanaged = "report"
}
check "fresh" {
  backup  = backup.documents
  max_age = "36h"
}
output "root" {
  value = backup.documents.path
}
import {
  to   = backup.documents
  path = "/old/place"
}
moved {
  from = backup.docs
  to   = backup.documents
}
removed {
  from    = backup.old
  destroy = false
}
