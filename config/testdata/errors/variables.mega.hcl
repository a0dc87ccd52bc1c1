variable "needed" {            # ERROR: missing value: The variable "needed" has no value and no default. Give it one with -var needed=VALUE
}
variable "number" {
  type    = number
  default = "many"             # ERROR: The variable "number" is number; the default does not fit: a number is required.
}
variable "object" {
  type    = object({ name = string, size = optional(number, 5) })
  default = { size = [] }      # ERROR: The variable "object" is object({name=string,size=number}); the default does not fit
}
variable "type" {
  type = strnig                # ERROR: invalid type specification
}
variable "late" {
  default = local.x            # ERROR: reference in a variable: "default" of a variable is a constant: it cannot refer to local.x.
}
variable "checked" {           # ERROR: invalid value for variable: var.checked: At least 3, not 2. (the rule is at variables.mega.hcl:21)
  type    = number
  default = 2
  validation {
    condition     = var.checked >= 3
    error_message = "At least 3, not ${var.checked}."
  }
  validation {
    condition     = "maybe"    # ERROR: A condition is true or false; this is neither.
    error_message = "x"
  }
}
variable "strict" {
  nullable = false
  default  = 1
}
variable "strict" {            # ERROR: declared twice: var.strict is already declared at variables.mega.hcl:29
}
locals {
  x = 1
}
locals {
  x = 2                        # ERROR: declared twice: local.x is already declared at variables.mega.hcl:36
}
output "pw" {
  value = var.pw               # ERROR: output.pw shows a sensitive value. If that is meant, add: sensitive = true
}
variable "pw" {
  default   = "hunter2-long"
  sensitive = true
}
account "main" {
  email    = var.pw            # ERROR: sensitive value: "email" is shown in plans and messages
  password = var.pw
}
output "number" {
  value = 1 + var.pw           # ERROR: invalid operand
}
