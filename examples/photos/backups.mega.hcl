# An archive of photos: what was uploaded once stays on MEGA, also after it was deleted here to make room.
account "main" {
  email            = "me@example.com"
  password_command = ["secret-tool", "lookup", "service", "mega"]

  bandwidth {
    upload = "08:00,2M 19:00,off" # slow by day, free in the evening
  }
}

source "camera" {
  path            = "~/Pictures"
  include         = ["*.jpg", "*.jpeg", "*.dng", "*.heic", "*.mp4"]
  exclude         = [".thumbnails/"]
  one_file_system = true
  marker          = ".this-is-the-photo-disk" # an unmounted disk is an error, never an empty source
}

backup "photos" {
  source = source.camera
  path   = "/Photos/Originals"
  mode   = "archive"

  lifecycle {
    prevent_destroy = true
  }
}
