account "main" {
  email = "me@example.com"
}
variable "secret" {
  type      = set(string)
  default   = ["x"]
  sensitive = true
}
folder "list" {
  for_each = ["a", "b"]          # ERROR: invalid for_each: for_each wants a set of text or a map, not a list, because a list has no keys. Write toset(…) around it.
  path     = "/${each.key}"
}
folder "text" {
  for_each = "a"                 # ERROR: for_each wants a set of text or a map, not string.
  path     = "/t"
}
folder "nothing" {
  for_each = null                # ERROR: The value is null. For no instances write an empty set
  path     = "/n"
}
folder "numbers" {
  for_each = toset([1, 2])       # ERROR: for_each wants a set of text; this set holds number.
  path     = "/x${each.value}"
}
folder "hidden" {
  for_each = var.secret          # ERROR: The keys of for_each are part of addresses and are shown
  path     = "/h"
}
folder "self" {
  for_each = toset([each.key])   # ERROR: each.key is known only in a block with for_each, and not in the for_each itself.
  path     = "/s"
}
folder "empty" {
  for_each = toset([])
  path     = each.vlaue          # nothing: there is no instance
}
folder "map" {
  for_each = { a = "x", b = "y" }
  path     = "/m/${each.valeu}"  # ERROR: There is no each.valeu; there are each.key and each.value.
}
folder "same" {
  for_each = toset(["a", "b"])
  path     = "/same"             # ERROR: folder.same["b"] and folder.same["a"]
}
output "many" {
  for_each = toset(["a"])        # ERROR: An output has no argument "for_each".
  value    = "x"
}
