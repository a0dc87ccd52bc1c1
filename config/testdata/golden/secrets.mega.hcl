variable "pw" {
  sensitive = true
  default   = "hunter2-long"
  validation {
    condition     = var.pw == "x"
    error_message = "It must be x."
  }
}
account "main" {
  email         = "me@example.com"
  password      = "correct horse"
  password_file = "correct horse"
  mfa_secret    = ["JBSWY3DPEHPK3PXP"]
}
backup "x" {
  source = "/x"
  path   = format("/%d", sensitive("hunter2-long"))
  mode   = sensitive("archive")
}
locals {
  leak = parseint(var.pw, 10)
}
