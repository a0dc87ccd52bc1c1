# A folder that rclone filled. The first plan proves every file equal by the MAC inside its key and only writes the dates that
# rclone could not: nothing is uploaded, nothing is moved.
#
#   rclone copy ~/Documents mega:Documents      what was done until now
#   megaplan import -rclone-config=rclone.conf -source=~/Documents mega:Documents      writes blocks such as these
#   megaplan plan                               "touch" for every equal file
account "main" {
  email            = "me@example.com"
  password_command = ["rclone-password"] # any command that prints the password
}

backup "documents" {
  source    = "~/Documents"
  path      = "/Documents"
  unmanaged = "report" # files only rclone knew are reported and stay
}
