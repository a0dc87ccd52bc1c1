megaplan {
  backend "mega" {
    account = account.main
    path    = "/Own/state"
  }
}
account "main" {
  email = "me@example.com"
}
account "same" {
  email = "ME@example.com"
}
account "other" {
  email = "you@example.com"
}
backup "elsewhere" {
  account = account.other
  source  = "/b"
  path    = "/Own/state"
}
backup "beside" {
  account = account.same
  source  = "/c"
  path    = "/Ownership"
}
folder "all" {
  account = account.other
  path    = "/Own"
}
folder "there" {
  account = account.main
  path    = "/Own/state"     # ERROR: path inside the state's folder: folder.there at "/Own/state" lies in "/Own/state"
}
folder "below" {
  account = account.main
  path    = "/Own/state/objects"  # ERROR: path inside the state's folder
}
import {                     # ERROR: import of the state's folder: "/Own/state" is or holds "/Own/state"
  to   = backup.beside
  path = "/Own/state"
}
