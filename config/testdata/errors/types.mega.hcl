account "main" {
  email            = ""         # ERROR: "email" must not be empty
  password_command = "pass mega"  # ERROR: "password_command" wants a list of text, not text. Write [ ] around it.
  mfa_command      = []         # ERROR: "mfa_command" must name a program
  use_https        = "sometimes" # ERROR: "use_https" wants true or false, not text.
  concurrency      = 0          # ERROR: "concurrency" is at least 1.
  small_concurrency = 1.5       # ERROR: "small_concurrency" wants a whole number
  encoding         = "Slash,Dots" # ERROR: there is no encoding "Dots"; did you mean "Dot"
  endpoint         = "http://g.api.mega.co.nz" # ERROR: http to g.api.mega.co.nz would send everything in the clear
  bandwidth {
    upload   = "25:00,2M"       # ERROR: "25:00" is no time of day
    download = "fast"           # ERROR: "fast" is no bandwidth
  }
  trash {
    keep = "30m"                # ERROR: the m in "30m" may mean minutes or months; write 30min or 30mo
  }
}
source "s" {
  path          = ["/a"]        # ERROR: "path" wants text, not a list.
  exclude       = "*.tmp"       # ERROR: "exclude" wants a list of text, not text. Write [ ] around it.
  include       = [["x"]]       # ERROR: "include" wants a list of text; it holds a list.
  symlinks      = true          # ERROR: "symlinks" wants one of "record", "follow", "skip", not true or false.
  max_file_size = "4XB"         # ERROR: "4XB" has the unknown unit "XB"
  marker        = "../x"        # ERROR: "marker" names a file inside the source
}
backup "b" {
  source   = 5                  # ERROR: "source" wants a source, as in source.name, not a number.
  path     = "Backups/b"        # ERROR: "path" is a path in the account and starts with a slash: "/Backups/b".
  versions = []                 # ERROR: "versions" wants true or false, not a list.
  lifecycle {
    max_delete = "150%"         # ERROR: "150%" is no percentage between 0% and 100%
    max_update = -1             # ERROR: "max_update" is at least 0.
  }
  retention {
    timezone = "Europe/Roma"    # ERROR: there is no time zone "Europe/Roma"
    versions {
      keep_within = "90min"     # ERROR: "90min" is no duration to keep
      keep_last   = -2          # ERROR: "keep_last" is at least -1.
    }
  }
}
backup "d" {
  source = "~other/x"           # ERROR: only ~ alone is known
  path   = "/a/../b"            # ERROR: "path" must not contain ".."
}
backup "e" {                    # ERROR: missing argument: A backup needs the argument "path"
  source = ""                   # ERROR: an empty text is no path
}
backup {                        # ERROR: missing name for backup
}
backup "f" "g" {                # ERROR: extraneous label for backup
}
backup "1x" {                   # ERROR: "1x" cannot name a backup
}
check "c" {
  backup        = backup.e
  max_age       = "5"           # ERROR: "5" has no unit; write one like 5h or 5d
  quota_free    = "lots"        # ERROR: "lots" is no size
  verify_sample = 5             # ERROR: "5" is no percentage; write one like "5%"
}
