bakup "x" {
}
account "main" {
  emial = "me@example.com"
  email = "me@example.com"
  keep  = "30d"
  colour = "red"
  trash = { keep = "30d" }
  bandwith {
  }
}
backup "documents" {
  source = "~/Documents"
  path   = "/Backups/documents"
  mode   = "miror"
  preserve = ["mode", "mtimes"]
  exclude = ["*.tmp"]
  versions {
  }
  include {
  }
  duplicates {
    files = "biggest"
  }
}
path = "/x"
megaplan {
  backend "loca" {
  }
}
