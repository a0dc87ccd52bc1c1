backup "x" {  # ERROR: no account: A backup needs an account, and none is declared.
  source = "/x"
  path   = "/x"
}
folder "y" {  # ERROR: no account: A folder needs an account
  path = "/y"
}
