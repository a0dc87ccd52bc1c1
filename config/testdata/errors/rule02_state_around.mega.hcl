megaplan {
  backend "mega" {
    path = "/Own/state"
  }
}
account "main" {
  email = "me@example.com"
}
backup "around" {
  source = "/a"
  path   = "/Own"            # ERROR: backup around the state's folder: backup.around at "/Own" holds "/Own/state", where the state is kept (rule02_state_around.mega.hcl:2)
}
