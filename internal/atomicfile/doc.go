// Package atomicfile replaces a file as a whole: whoever opens the path finds the old content or the new, never half of one.
//
// The new content is written to a temporary file beside the target, synced, renamed over it, and the directory is synced,
// so that it is still there after a power cut. Files are private (0600) and directories made on the way are too (0700)
// unless Options say otherwise. A crash leaves at most a temporary file; Clean removes those.
package atomicfile
