# Guarded in CI: every night `megaplan drift` compares the account with the state of the last apply and fails when somebody
# else changed it. The session comes from `megaplan login -export`, as the secret MEGAPLAN_SESSION. A runner keeps no files, so the
# state is in the account itself; GitLab can keep it as well (backend "http", docs/state.md).
megaplan {
  backend "mega" {}
}

account "main" {
  email = "me@example.com"
}

backup "documents" {
  source = "~/Documents"
  path   = "/Backups/documents"

  lifecycle {
    ignore_drift = ["*.lnk"]
  }
}

check "fresh" {
  backup  = backup.documents
  max_age = "36h"
}
