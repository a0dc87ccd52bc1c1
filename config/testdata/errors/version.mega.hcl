megaplan {
  required_version = ">= 1.0.0"   # ERROR: unsupported version: This is megaplan 0.3.0; the configuration asks for ">= 1.0.0".
  backend "local" {
  }
  backend "mega" {                # ERROR: repeated block
  }
}
megaplan {
  required_version = "about 1"    # ERROR: "about 1" is no version constraint
}
