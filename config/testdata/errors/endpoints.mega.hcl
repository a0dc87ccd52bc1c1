account "a" {
  email    = "a@example.com"
  endpoint = "embeded"          # ERROR: did you mean "embedded"
}
account "b" {
  email    = "not-an-address"   # ERROR: "not-an-address" is no e-mail address
  endpoint = "https://u:p@host" # ERROR: an endpoint holds no user and no password
}
account "c" {
  email    = "c@example.com"
  endpoint = "http://127.0.0.1:7467/"
}
account "d" {
  email         = "d@example.com"
  password      = "hunter2"
  password_file = "pw"          # ERROR: more than one password: Keep exactly one of password, password_file and password_command.
  mfa_secret    = "ABCDEF"
  mfa_command   = ["otp"]       # ERROR: more than one second factor
}
account "e" {
  email    = "e@example.com"
  endpoint = "https://x/?a=b"   # ERROR: holds more than an address
}
backup "x" {                    # ERROR: missing argument: There are several accounts (account.a, account.b, account.c, account.d, account.e): say which one with account = account.a
  source = "/x"
  path   = "/x"
}
