locals {
  a = file("no-such-file")       # ERROR: no-such-file cannot be read: no such file or directory
  b = base64decode("%%")         # ERROR: this is not base64
  c = file(".")                  # ERROR: it is not a regular file
  d = one([1, 2])                # ERROR: wants at most one element and got 2
  e = upper()                    # ERROR: not enough function arguments
  f = uper("x")                  # ERROR: call to unknown function
  g = env("A", "b", "c")         # ERROR: wants a name and at most one value
  h = parseint(sensitive("hunter2-long"), 10) # ERROR: [redacted]
}
