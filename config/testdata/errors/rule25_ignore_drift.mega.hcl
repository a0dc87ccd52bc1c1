# A pattern that cannot be read would hide nothing (rule 25).
account "main" {
  email = "me@example.com"
}

backup "documents" {
  source = "docs"
  path   = "/docs"
  lifecycle {
    ignore_drift = ["*.lnk", "cache/[ab"]  # ERROR: "cache/[ab" is no pattern
  }
}

folder "photos" {
  path = "/photos"
  lifecycle {
    ignore_drift = ["{a,b}/**", ""]  # ERROR: "" is no pattern
  }
}
