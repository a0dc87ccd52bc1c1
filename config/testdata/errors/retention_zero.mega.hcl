account "main" {
  email = "me@example.com"
}
variable "last" {
  default = 0
}
backup "none" {
  source = "/a"
  path   = "/a"
  retention {
    versions {
      keep_last = 0            # WARNING: retention keeps everything: keep_last = 0 is no rule, and there is no other: every old version stays. To keep one of each file write 1, to keep none set versions = false in the backup, to keep all write -1.
    }
  }
}
backup "computed" {
  source = "/b"
  path   = "/b"
  mode   = "snapshots"
  retention {
    snapshots {
      keep_daily  = var.last   # WARNING: keep_daily = 0 is no rule, and there is no other: every snapshot stays. To keep only the newest write keep_last = 1, to keep all keep_last = -1.
      keep_weekly = 0
      keep_tags   = []
      min_keep    = 2
    }
  }
}
backup "another_rule" {
  source = "/c"
  path   = "/c"
  retention {
    versions {
      keep_last   = var.last
      keep_within = "90d"
    }
  }
}
backup "tags" {
  source = "/d"
  path   = "/d"
  mode   = "snapshots"
  retention {
    snapshots {
      keep_last = 0
      keep_tags = ["release"]
    }
  }
}
backup "no_rule" {
  source = "/e"
  path   = "/e"
  retention {
    versions {
    }
  }
}
backup "each" {
  for_each = toset(["x", "y"])
  source   = "/f/${each.key}"
  path     = "/f/${each.key}"
  retention {
    versions {
      keep_last = 0   # WARNING: keep_last = 0 is no rule
    }
  }
}
