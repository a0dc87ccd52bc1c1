// Package transfer moves file content between this machine and MEGA's storage servers.
//
// It encrypts and proves what it moves, and nothing else: addresses of storage servers are asked for
// through functions the caller hands in, and turning a finished upload into a node is the caller's part.
// One [Manager] serves one account and is shared by all workers, so that its limits hold for the whole:
// connections, memory, bandwidth.
//
// Small content (up to [SmallBody]) is one post over a pool of connections that grows while that helps.
// Larger content travels in spans of whole chunks, several at a time, each read, authenticated and
// encrypted in one buffer. The memory in use is at most [Options.Memory] plus SmallBody for every small
// connection, whatever the sizes of files.
//
// What is returned is whole: an upload whose file changed while it was read starts over, a download is
// proven against its node key before it is reported as done. A temporary failure is repeated with growing
// pauses inside a budget of minutes, and every pause is announced.
package transfer
