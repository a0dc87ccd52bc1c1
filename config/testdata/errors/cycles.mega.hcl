locals {
  a = local.b
  b = local.c
  c = local.a       # ERROR: cycle: These refer to each other in a circle: local.a -> local.b -> local.c -> local.a.
  d = local.d       # ERROR: cycle: local.d refers to itself.
  e = local.a
}
account "main" {
  email = "me@example.com"
}
backup "x" {
  source = "/x"
  path   = backup.y.path
}
backup "y" {
  source = "/y"
  path   = "${backup.x.path}/y"  # ERROR: cycle: These refer to each other in a circle: backup.x -> backup.y -> backup.x.
}
backup "z" {
  source = "/z"
  path   = local.e
}
