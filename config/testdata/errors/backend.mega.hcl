megaplan {
  backend "http" {
    address        = "https://me:u2@example.com/state" # ERROR: an address is shown in messages
    lock_address   = "example.com/lock"   # ERROR: is no address that starts with https://
    update_method  = "PATCH"              # ERROR: "update_method" cannot be "PATCH"
    adress         = "x"                  # ERROR: Did you mean "address"?
  }
}
