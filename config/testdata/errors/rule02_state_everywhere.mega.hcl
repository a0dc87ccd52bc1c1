megaplan {
  backend "mega" {           # ERROR: the state needs a folder: backend "mega" cannot keep the state in all of the account
    path = "/"
  }
}
account "main" {
  email = "me@example.com"
}
