bakup "x" {            # ERROR: unsupported block: A configuration has no block "bakup". Did you mean "backup"?
}
account "main" {
  emial = "me@example.com"   # ERROR: unsupported argument: An account has no argument "emial". Did you mean "email"?
  email = "me@example.com"
  keep  = "30d"        # ERROR: It belongs into the block trash { … }.
  colour = "red"       # ERROR: It has email, password,
  trash = { keep = "30d" }   # ERROR: "trash" is a block: write it as trash { … }
  bandwith {           # ERROR: An account has no block "bandwith". Did you mean "bandwidth"?
  }
}
backup "documents" {
  source = "~/Documents"
  path   = "/Backups/documents"
  mode   = "miror"     # ERROR: "mode" cannot be "miror"; it is one of "mirror", "archive", "snapshots". Did you mean "mirror"?
  preserve = ["mode", "mtimes"] # ERROR: Did you mean "mtime"?
  exclude = ["*.tmp"]  # ERROR: "exclude" belongs to sources
  versions {           # ERROR: "versions" is an argument: write versions = …
  }
  include {            # ERROR: "include" belongs to sources: declare source "NAME" { … } and write source = source.NAME.
  }
  duplicates {
    files = "biggest"  # ERROR: it is one of "source", "newest"
  }
}
path = "/x"            # ERROR: "path" stands alone, but arguments stand inside blocks
megaplan {
  backend "loca" {     # ERROR: There is no backend "loca"; there are "http", "local", "mega". Did you mean "local"?
  }
}
backup "nested" {
  path = "/Backups/nested"
  source {             # ERROR: A source block stands by itself, as source "NAME" { … }; here write source = source.NAME.
  }
}
