account "main" {
  email = "me@example.com"
}
backup "a" {
  source   = "/a"
  path     = "/a"
  mode     = "snapshots"
  versions = true      # ERROR: conflicting arguments: mode = "snapshots" keeps history as dated folders that never change; remove versions.
  duplicates {         # ERROR: remove duplicates { … }.
    files = "newest"
  }
  retention {
    versions {         # ERROR: remove versions { … }.
      keep_last = 1
    }
    snapshots {
      keep_tags = [["a", "b"], "c"]
    }
  }
}
backup "b" {
  source = "/b"
  path   = "/b"
  always = true        # ERROR: "always" is about snapshots; this backup has mode = "mirror".
  retention {
    snapshots {        # ERROR: There are no snapshots to keep with mode = "mirror".
      keep_last = 1
    }
  }
}
