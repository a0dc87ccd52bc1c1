// Command bench measures megaplan beside rclone on the same emulated MEGA, in turn, and prints medians and ratios: seconds,
// processor seconds, peak memory, API requests and bytes, each as the operating system and the emulator count them.
//
//	go run ./internal/bench -rclone ~/go/bin/rclone -rounds 3
//	go run ./internal/bench -only small -scale 0.1
//
// Sizes scale with -scale; docs/performance.md explains the numbers.
package main
